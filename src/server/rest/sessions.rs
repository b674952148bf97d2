//! Sessions: created, listed, shown, changed, ended.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use cdp_bridge_protocol::event::SessionCountsInfo;
use cdp_bridge_protocol::request::SessionStatusFilter;
use cdp_bridge_protocol::{ErrorCode, ErrorDetails, RequestKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer;
use super::request::RestRequest;
use super::route::{RestResult, Route, RouteAuth};
use super::session::{RenewedSession, RenewedToken, Session, SessionUrls};
use crate::operations::Scope;
use crate::operations::audit::{AuditAction, AuditDetail, AuditEntry, AuditObject};
use crate::operations::sessions::{
    EndReason, SessionError, SessionFilter, SessionId, SessionUpdate, SessionView, StatusFilter,
};
use crate::server::problem::Problem;
use crate::server::session_tokens::{Grant, mint, renewed};

/// Sessions to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    /// Only those with this status, or `all`; if absent, those that count against the limit.
    #[serde(default)]
    status: Option<SessionStatusFilter>,
    /// Only the one with this name.
    #[serde(default)]
    external_id: Option<String>,
    /// Only those that have each of these texts: `metadata.NAME=TEXT`.
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    /// The most sessions of one answer; 20 if absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// The `nextCursor` of an earlier answer.
    #[serde(default)]
    cursor: Option<String>,
}

/// A part of the client's sessions.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SessionList {
    /// The newest first.
    sessions: Vec<Session>,
    /// For the `cursor` of the next request; absent at the end of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// How many there are.
    counts: SessionCountsInfo,
}

/// What is changed in a session.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UpdateSession {
    /// How long it lives at most, counted from its creation, in milliseconds.
    #[serde(default)]
    #[schemars(range(min = 60_000, max = 86_400_000))]
    max_duration_ms: Option<u64>,
    /// How long it lives without being used, in milliseconds.
    #[serde(default)]
    #[schemars(range(min = 10_000, max = 3_600_000))]
    idle_timeout_ms: Option<u64>,
    /// Replaces all of its metadata.
    #[serde(default)]
    #[schemars(length(max = 16))]
    metadata: Option<BTreeMap<String, String>>,
}

/// How a session is ended.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EndQuery {
    /// Answer only when nothing of it is left.
    #[serde(default)]
    wait: bool,
}

/// The clocks of a session after a heartbeat. Times are milliseconds since 1970.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Heartbeat {
    /// When it ends at the latest; absent for the implicit session.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    /// When it ends if it is not used and no heartbeat comes; absent for the implicit session.
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_expires_at: Option<u64>,
    /// The new token.
    #[serde(flatten)]
    token: RenewedToken,
}

pub(super) fn routes() -> Vec<Route> {
    const TAG: &str = "sessions";
    vec![
        Route::get("/sessions", "listSessions", list)
            .summary(TAG, "The client's sessions")
            .auth(RouteAuth::Client)
            .query::<ListQuery>()
            .answers::<SessionList>(200, "A part of them"),
        Route::get("/sessions/{sessionId}", "getSession", get)
            .summary(
                TAG,
                "One session, also after its end, as long as it is kept",
            )
            .of_ended()
            .answers::<Session>(200, "The session"),
        Route::patch("/sessions/{sessionId}", "updateSession", update)
            .summary(TAG, "Change the times or the metadata of a session")
            .json::<UpdateSession>()
            .of_whole_session()
            .answers::<RenewedSession>(200, "The session, with a token that lasts as long"),
        Route::delete("/sessions/{sessionId}", "endSession", end)
            .summary(TAG, "End a session")
            .query::<EndQuery>()
            .of_ended()
            .of_whole_session()
            .beyond_rate()
            .answers_nothing(204, "It has ended, now or before"),
        Route::post(
            "/sessions/{sessionId}/heartbeat",
            "sendHeartbeat",
            heartbeat,
        )
        .summary(TAG, "Keep a session alive")
        .auth(RouteAuth::Session)
        .answers::<Heartbeat>(200, "Until when it lives"),
    ]
}

/// An error about a session, as the WebSocket has it.
pub(crate) fn problem(error: SessionError) -> Problem {
    let error = match error {
        SessionError::Unknown { id } => return unknown(&id),
        error => error,
    };
    Problem::of_operation(RequestKind::GetSession, &error.into(), None)
}

fn unknown(name: &str) -> Problem {
    let shown: String = name.chars().take(64).collect();
    let detail = format!("there is no session {shown:?}; GET /v1/sessions lists those there are");
    Problem::protocol(ErrorCode::UnknownSession, detail).with_details(ErrorDetails {
        field: Some("sessionId".to_owned()),
        ..ErrorDetails::default()
    })
}

async fn list(request: RestRequest) -> RestResult {
    let query: ListQuery = request.query()?;
    if query.limit.is_some_and(|limit| !(1..=100).contains(&limit)) {
        return Err(Problem::bad_field("limit", "limit: expected 1 to 100"));
    }
    let cursor = query.cursor.as_deref().map(str::parse).transpose();
    let cursor = cursor.map_err(|error| problem(SessionError::BadOption(error)))?;
    let status = query.status.map(|filter| match filter.status() {
        Some(status) => StatusFilter::Only(status),
        None => StatusFilter::All,
    });
    let filter = SessionFilter {
        status: status.unwrap_or_default(),
        external_id: query.external_id,
        metadata: query.metadata,
        limit: query.limit.map(|limit| limit as usize),
        cursor,
    };
    let principal = &request.entered()?.access.principal;
    let operations = request.state.operations();
    let page = operations.list_sessions_and_ended(&principal.scope.client, &filter);
    let page = page.await;
    let (urls, pages) = (SessionUrls::of(&request), operations.pages_of(principal));
    let sessions = page.sessions.into_iter();
    let list = SessionList {
        sessions: sessions.map(|view| urls.session(view, &pages)).collect(),
        next_cursor: page.next_cursor.map(|cursor| cursor.to_string()),
        counts: SessionCountsInfo {
            live: page.counts.live as u64,
            queued: page.counts.queued as u64,
            limit: page.counts.limit as u64,
        },
    };
    answer::json(StatusCode::OK, &list)
}

async fn get(request: RestRequest) -> RestResult {
    let (id, view) = named_or_ended(&request).await?;
    let session = shown(&request, id, view)?;
    answer::json(StatusCode::OK, &session)
}

async fn update(mut request: RestRequest) -> RestResult {
    let update: UpdateSession = request.json()?;
    let (id, before) = named(&request)?;
    let millis = |value: Option<u64>| value.map(Duration::from_millis);
    let update = SessionUpdate {
        max_duration: millis(update.max_duration_ms),
        idle_timeout: millis(update.idle_timeout_ms),
        metadata: update.metadata,
    };
    let changes_something = update != SessionUpdate::default();
    let changed = [
        ("maxDurationMs", update.max_duration.is_some()),
        ("idleTimeoutMs", update.idle_timeout.is_some()),
        ("metadata", update.metadata.is_some()),
    ];
    let updated = request
        .state
        .operations()
        .update_session(&before.client, id, update)
        .await;
    let view = updated.map_err(problem)?;
    if changes_something {
        let changed = changed.into_iter().filter(|(_, is_set)| *is_set);
        let detail = AuditDetail {
            changed: changed.map(|(name, _)| name).collect(),
            ..AuditDetail::default()
        };
        let principal = &request.entered()?.access.principal;
        let object = AuditObject::Session(id.to_string());
        let entry = AuditEntry::new(principal.actor(), AuditAction::SessionUpdate, object)
            .of_client(principal.scope.client.as_str())
            .from_peer(principal.peer)
            .with_detail(detail);
        request.state.operations().audit().offer(entry);
    }
    let token = if changes_something {
        renewed_token(&request, &view)?
    } else {
        None.into()
    };
    let session = shown(&request, id, view)?;
    answer::json(StatusCode::OK, &RenewedSession { session, token })
}

async fn end(request: RestRequest) -> RestResult {
    let query: EndQuery = request.query()?;
    let (id, view) = named_or_ended(&request).await?;
    if view.destroyed_at_ms.is_some() {
        return answer::nothing();
    }
    let principal = &request.entered()?.access.principal;
    let ended = request
        .state
        .operations()
        .end_session_by(principal, id, EndReason::Requested, query.wait)
        .await;
    ended.map_err(problem)?;
    answer::nothing()
}

async fn heartbeat(request: RestRequest) -> RestResult {
    let (id, before) = named(&request)?;
    let beat = request.state.operations().heartbeat(&before.client, id);
    let view = beat.map_err(problem)?;
    let heartbeat = Heartbeat {
        expires_at: view.expires_at_ms,
        idle_expires_at: view.idle_expires_at_ms,
        token: renewed_token(&request, &view)?,
    };
    answer::json(StatusCode::OK, &heartbeat)
}

/// A token that lasts as long as the session does now: with the rights of the request's token, or with all of them.
fn renewed_token(request: &RestRequest, now: &SessionView) -> Result<RenewedToken, Problem> {
    let (keys, access) = (&request.state.tokens, &request.entered()?.access);
    Ok(match &access.claims {
        Some(claims) => renewed(keys, claims, now).into(),
        None => Some(mint(keys, now, Grant::all_of(&access.principal))).into(),
    })
}

/// The session in the path, as it is now. A session's token knows no other.
pub(super) fn named(request: &RestRequest) -> Result<(SessionId, SessionView), Problem> {
    let (id, access) = (request.session_id()?, &request.entered()?.access);
    let client = &access.principal.scope.client;
    let view = request.state.operations().session(client, id);
    Ok((id, view.map_err(problem)?))
}

/// The same, also where only the store knows it any more.
async fn named_or_ended(request: &RestRequest) -> Result<(SessionId, SessionView), Problem> {
    let (id, access) = (request.session_id()?, &request.entered()?.access);
    let client = &access.principal.scope.client;
    let view = request
        .state
        .operations()
        .session_or_ended(client, id)
        .await;
    Ok((id, view.map_err(problem)?))
}

/// A session with its pages.
fn shown(request: &RestRequest, id: SessionId, view: SessionView) -> Result<Session, Problem> {
    let operations = request.state.operations();
    let pages = operations.pages_of(&request.entered()?.access.principal);
    let only = request.entered()?.access.page();
    let of_session = |scope: &Scope| SessionId::of(scope) == id;
    let pages: Vec<_> = pages
        .into_iter()
        .filter(|page| of_session(&page.scope))
        .filter(|page| only.is_none_or(|only| page.id.to_string() == only))
        .collect();
    Ok(SessionUrls::of(request).session(view, &pages))
}

impl RestRequest {
    /// The session in the path. One that a session's token does not open is unknown.
    pub(super) fn session_id(&self) -> Result<SessionId, Problem> {
        let name = self.param("sessionId");
        let id: SessionId = name.parse().map_err(|_| unknown(name))?;
        let access = &self.entered()?.access;
        if access.claims.is_some() && SessionId::of(&access.principal.scope) != id {
            return Err(unknown(name));
        }
        Ok(id)
    }
}

/// Says where a session is.
pub(super) fn located(mut response: Response, id: &str) -> Response {
    answer::locate(&mut response, &format!("/v1/sessions/{id}"));
    response
}
