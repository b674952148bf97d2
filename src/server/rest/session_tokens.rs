//! Further tokens of a session, with fewer rights or a shorter life.

use axum::http::StatusCode;
use cdp_bridge_protocol::{ErrorCode, TabId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer;
use super::request::RestRequest;
use super::route::{RestResult, Route, RouteAuth};
use super::session::SessionUrls;
use super::sessions::{named, problem};
use crate::operations::audit::{AuditAction, AuditDetail, AuditEntry, AuditObject};
use crate::operations::sessions::{SessionError, SessionStatus};
use crate::server::problem::{HttpCode, Problem};
use crate::server::session_tokens::{Grant, mint};
use crate::tokens::TokenScope;

const MIN_TTL_MS: u64 = 1000;
const MAX_TTL_MS: u64 = 86_400_000;

/// A token to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateToken {
    /// What it grants: requests over HTTP (`rest`), the JSON protocol (`json`), CDP (`cdp`), events and pictures (`watch`).
    #[schemars(length(min = 1))]
    scopes: Vec<TokenScope>,
    /// How long it lives, in milliseconds; as long as the session if absent, and never longer.
    #[serde(default)]
    #[schemars(range(min = 1000, max = 86_400_000))]
    ttl_ms: Option<u64>,
    /// The only page that it opens.
    #[serde(default)]
    page_id: Option<String>,
}

/// A token.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CreatedToken {
    /// Secret.
    token: String,
    /// When it ends, in milliseconds since 1970.
    expires_at: u64,
    /// The JSON protocol over a WebSocket, where it is granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    ws_url: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/sessions/{sessionId}/tokens", "createToken", create)
            .summary("sessions", "Make a further token of a session")
            .auth(RouteAuth::Client)
            .json::<CreateToken>()
            .answers::<CreatedToken>(201, "The token"),
    ]
}

async fn create(mut request: RestRequest) -> RestResult {
    let create: CreateToken = request.json()?;
    if create.scopes.is_empty() {
        return Err(Problem::bad_field(
            "scopes",
            "scopes: expected at least one",
        ));
    }
    let range = MIN_TTL_MS..=MAX_TTL_MS;
    if let Some(ttl) = create.ttl_ms.filter(|ttl| !range.contains(ttl)) {
        let detail = format!("ttlMs: {ttl} is out of range, expected {MIN_TTL_MS} to {MAX_TTL_MS}");
        return Err(Problem::bad_field("ttlMs", detail));
    }
    let (id, view) = named(&request)?;
    if let (SessionStatus::Completed | SessionStatus::Error | SessionStatus::Destroyed, reason) =
        (view.status, view.end_reason)
        && let Some(reason) = reason
    {
        return Err(problem(SessionError::Ended { id, reason }));
    }
    if let Some(page) = &create.page_id {
        let principal = &request.entered()?.access.principal;
        let tab: Option<TabId> = page.parse().ok();
        let found = tab.and_then(|tab| request.state.operations().page_of(principal, tab));
        if found.is_none_or(|page| page.scope != view.scope()) {
            let detail = "pageId: the session has no such page";
            return Err(Problem::protocol(ErrorCode::UnknownTab, detail));
        }
    }
    let principal = &request.entered()?.access.principal;
    if let Some(beyond) = create.scopes.iter().find(|scope| !principal.may(**scope)) {
        let detail = format!("scopes: this API key does not grant `{}`", beyond.as_str());
        return Err(Problem::http(HttpCode::Forbidden, detail));
    }
    let has_json = create.scopes.contains(&TokenScope::Json);
    let grant = Grant {
        scopes: create.scopes.into_iter().collect(),
        page: create.page_id,
        ttl_ms: create.ttl_ms,
        ..Grant::all_of(principal)
    };
    let detail = AuditDetail {
        scopes: Some(grant.scopes.to_string()),
        page: grant.page.clone(),
        ..AuditDetail::default()
    };
    let token = mint(&request.state.tokens, &view, grant);
    let object = AuditObject::Session(id.to_string());
    let entry = AuditEntry::new(principal.actor(), AuditAction::TokenMint, object)
        .of_client(principal.scope.client.as_str())
        .from_peer(principal.peer)
        .with_detail(AuditDetail {
            expires_ms: Some(token.expires_at_ms),
            ..detail
        });
    request.state.operations().audit().offer(entry);
    let urls = SessionUrls::of(&request);
    let created = CreatedToken {
        token: token.text,
        expires_at: token.expires_at_ms,
        ws_url: has_json.then(|| urls.websocket(&id.to_string())),
    };
    answer::json(StatusCode::CREATED, &created)
}
