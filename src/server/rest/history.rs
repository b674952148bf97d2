//! What was done in a session, and its totals.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use cdp_bridge_protocol::event::{HistoryEntry, SessionUsageCounts, TypeUsage};
use cdp_bridge_protocol::request::GetHistory;
use cdp_bridge_protocol::{RequestKind, TabId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::request::RestRequest;
use super::route::{RestResult, Route};
use super::{answer, sessions};
use crate::operations::OperationError;
use crate::operations::history::HistoryPlan;
use crate::operations::sessions::SessionError;
use crate::server::problem::Problem;
use crate::server::wire_history;

/// Which part of a history is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HistoryQuery {
    /// Only what was done in this page, which may be closed.
    #[serde(default)]
    page_id: Option<String>,
    /// Only entries of this type, such as `click`.
    #[serde(default)]
    r#type: Option<String>,
    /// Only what has failed.
    #[serde(default)]
    failed: bool,
    /// The newest first.
    #[serde(default)]
    newest_first: bool,
    /// The most entries of one answer; 100 if absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = 500))]
    limit: Option<u32>,
    /// The `nextCursor` of an earlier answer.
    #[serde(default)]
    cursor: Option<String>,
}

/// A part of what was done in a session.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SessionHistory {
    /// The session.
    session_id: String,
    /// Its requests and events, the oldest first unless the request says otherwise.
    entries: Vec<Entry>,
    /// For the `cursor` of the next request; absent where no more follow now.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A request that was carried out, or something that happened. It never has what was typed, cookies, passwords, scripts or
/// the query of a URL.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Entry {
    /// When it was answered, in milliseconds since 1970.
    ts: u64,
    /// The type of the request, such as `click`, or of the event, such as `tabCrashed`; `gap` where entries are missing
    /// that could not be kept.
    r#type: String,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    page_id: Option<String>,
    /// `ok`, or the code of its error.
    outcome: String,
    /// How long it took, in milliseconds; absent for an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    ms: Option<f64>,
    /// Bytes of its payload; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// Some of its fields; none that may hold a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Map<String, Value>>,
}

/// The totals of a session.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SessionMetrics {
    /// The session.
    session_id: String,
    /// Requests in its history.
    requests: u64,
    /// Those that failed.
    failed: u64,
    /// How long they took together, in milliseconds.
    total_ms: f64,
    /// Bytes of their payloads.
    bytes: u64,
    /// The same for each type of request.
    by_type: BTreeMap<String, TypeUsage>,
    /// The slowest requests, the slowest first.
    slowest: Vec<Entry>,
    /// What the session has used since its creation; since the start of the bridge for the implicit one.
    used: SessionUsageCounts,
}

impl From<HistoryEntry> for Entry {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            ts: entry.ts,
            r#type: entry.r#type,
            page_id: entry.tab_id.map(|tab| tab.to_string()),
            outcome: entry.outcome,
            ms: entry.ms,
            bytes: entry.bytes,
            detail: entry.detail,
        }
    }
}

pub(super) fn routes() -> Vec<Route> {
    const TAG: &str = "sessions";
    vec![
        Route::get(
            "/sessions/{sessionId}/history",
            "getSessionHistory",
            history,
        )
        .summary(TAG, "What was done in a session, also after its end")
        .query::<HistoryQuery>()
        .of_ended()
        .of_whole_session()
        .answers::<SessionHistory>(200, "A part of it"),
        Route::get(
            "/sessions/{sessionId}/metrics",
            "getSessionMetrics",
            metrics,
        )
        .summary(
            TAG,
            "The totals of a session: requests, failures, the slowest, what it has used",
        )
        .of_ended()
        .of_whole_session()
        .answers::<SessionMetrics>(200, "The totals"),
    ]
}

async fn history(request: RestRequest) -> RestResult {
    let asked: HistoryQuery = request.query()?;
    if asked.limit.is_some_and(|limit| !(1..=500).contains(&limit)) {
        return Err(Problem::bad_field("limit", "limit: expected 1 to 500"));
    }
    let query = HistoryPlan::query(GetHistory {
        session_id: None,
        tab_id: None,
        entry_type: asked.r#type,
        failed: Some(asked.failed),
        newest_first: Some(asked.newest_first),
        limit: asked.limit,
        cursor: asked.cursor,
    });
    let mut query = query.map_err(|error| sessions::problem(SessionError::BadOption(error)))?;
    // An invalid id has done nothing.
    let page = asked
        .page_id
        .map(|id| id.parse().map_or(u64::MAX, |id: TabId| id.number()));
    query.tab = page;
    let id = request.session_id()?;
    let client = &request.entered()?.access.principal.scope.client;
    let page = request.state.operations().history(client, id, query).await;
    let page =
        wire_history::history(page.map_err(|error| problem(RequestKind::GetHistory, error))?);
    let history = SessionHistory {
        session_id: page.session_id,
        entries: page.entries.into_iter().map(Entry::from).collect(),
        next_cursor: page.next_cursor,
    };
    answer::json(StatusCode::OK, &history)
}

async fn metrics(request: RestRequest) -> RestResult {
    let id = request.session_id()?;
    let client = &request.entered()?.access.principal.scope.client;
    let usage = request.state.operations().usage(client, id).await;
    let usage = wire_history::usage(usage.map_err(|error| problem(RequestKind::GetUsage, error))?);
    let metrics = SessionMetrics {
        session_id: usage.session_id,
        requests: usage.requests,
        failed: usage.failed,
        total_ms: usage.total_ms,
        bytes: usage.bytes,
        by_type: usage.by_type,
        slowest: usage.slowest.into_iter().map(Entry::from).collect(),
        used: usage.used,
    };
    answer::json(StatusCode::OK, &metrics)
}

fn problem(kind: RequestKind, error: OperationError) -> Problem {
    match error {
        OperationError::Session(error) => sessions::problem(error),
        error => Problem::of_operation(kind, &error, None),
    }
}
