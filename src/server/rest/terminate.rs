//! Ending several sessions at once.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use cdp_bridge_protocol::ErrorCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer;
use super::request::RestRequest;
use super::route::{RestResult, Route, RouteAuth};
use crate::operations::sessions::{MAX_TERMINATED, SessionStatus, TerminateSelection};
use crate::server::problem::Problem;

/// Which sessions are ended: those that meet every condition, at most 50.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Terminate {
    /// These.
    #[serde(default)]
    #[schemars(length(max = 50))]
    ids: Option<Vec<String>>,
    /// All that meet the other conditions.
    #[serde(default)]
    all: bool,
    /// With this status.
    #[serde(default)]
    status: Option<SessionStatus>,
    /// Not used for this time, in milliseconds.
    #[serde(default)]
    idle_for_ms: Option<u64>,
    /// Each of these names has this value.
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

/// What became of them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TerminatedList {
    /// These have ended.
    terminated: Vec<String>,
    /// These have not.
    failed: Vec<NotTerminated>,
}

/// A session that was not ended.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NotTerminated {
    /// Its id, as it was asked for.
    id: String,
    /// Why not.
    code: ErrorCode,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/sessions/terminate", "terminateSessions", terminate)
            .summary("sessions", "End up to 50 sessions")
            .auth(RouteAuth::Client)
            .json::<Terminate>()
            .beyond_rate()
            .answers::<TerminatedList>(200, "What became of them"),
    ]
}

async fn terminate(mut request: RestRequest) -> RestResult {
    let asked: Terminate = request.json()?;
    let has_condition = asked.ids.is_some()
        || asked.status.is_some()
        || asked.idle_for_ms.is_some()
        || !asked.metadata.is_empty();
    if !has_condition && !asked.all {
        let detail = "all: true is expected to end every session; or name ids, status, idleForMs or metadata";
        return Err(Problem::bad_field("all", detail));
    }
    let named = asked.ids.as_ref().map_or(0, Vec::len);
    if named > MAX_TERMINATED {
        let detail = format!("ids: {named} are too many, expected at most {MAX_TERMINATED}");
        return Err(Problem::bad_field("ids", detail));
    }
    let mut failed = Vec::new();
    let ids = asked.ids.map(|ids| {
        let parsed = ids.into_iter().filter_map(|id| {
            if let Ok(id) = id.parse() {
                return Some(id);
            }
            let code = ErrorCode::UnknownSession;
            failed.push(NotTerminated { id, code });
            None
        });
        parsed.collect()
    });
    let selection = TerminateSelection {
        ids,
        status: asked.status,
        idle_for: asked.idle_for_ms.map(Duration::from_millis),
        metadata: asked.metadata,
    };
    let principal = &request.entered()?.access.principal;
    let operations = request.state.operations();
    let outcome = operations.terminate_sessions(principal, selection).await;
    failed.extend(outcome.failed.into_iter().map(|(id, code)| NotTerminated {
        id: id.to_string(),
        code,
    }));
    let terminated = outcome.terminated.iter().map(ToString::to_string);
    let list = TerminatedList {
        terminated: terminated.collect(),
        failed,
    };
    answer::json(StatusCode::OK, &list)
}
