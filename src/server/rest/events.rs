//! What happens in a session, as server-sent events.

use axum::http::HeaderMap;
use cdp_bridge_protocol::{ErrorCode, TabId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::request::RestRequest;
use super::route::{RestResult, Route};
use super::sessions;
use crate::operations::sessions::SessionError;
use crate::operations::{Principal, Scope};
use crate::server::problem::Problem;
use crate::server::sse::query::{BadStreamQuery, StreamQuery};
use crate::server::sse::stream;
use crate::server::state::NotAdmitted;

/// The number of the last event that a client has.
const LAST_EVENT_ID: &str = "last-event-id";

/// Of a stream of events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EventsQuery {
    /// The events that are wanted, separated by commas; all if absent.
    types: Option<String>,
    /// The id of the last event that the client has, for clients that cannot send the header `Last-Event-ID`; 0 for all that
    /// are kept.
    last_event_id: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/sessions/{sessionId}/events", "streamEvents", events)
            .summary("events", "What happens in a session, as server-sent events")
            .token_scope(crate::tokens::TokenScope::Watch)
            .query_token()
            .of_ended()
            .query::<EventsQuery>()
            .answers_media("The events", &["text/event-stream"], &[])
            .answers_nothing(
                204,
                "The session has ended, and the client has its last event",
            ),
    ]
}

async fn events(request: RestRequest) -> RestResult {
    let query: EventsQuery = request.query()?;
    let header = header(&request.headers, LAST_EVENT_ID)?;
    let mut query = StreamQuery::read(
        query.types.as_deref(),
        header,
        query.last_event_id.as_deref(),
    )?;
    let access = &request.entered()?.access;
    // A page that cannot be named is none whose events could be seen.
    let only = access
        .page()
        .map(|page| page.parse().unwrap_or(TabId::new(0)));
    query.only_page = only;
    let principal = access.principal.clone();
    let (scope, ended) = session_of(&request, &principal)?;
    if let Some(ended) = ended {
        match (
            request.state.event_logs.last_of(&scope),
            query.last_event_id,
        ) {
            // What is left of it is replayed.
            (Some(last), Some(seen)) if seen < last => {}
            (Some(_), Some(_)) => return Ok(stream::nothing_follows()),
            _ => return Err(ended),
        }
    }
    let principal = Principal { scope, ..principal };
    stream::answer(&request.state, principal, query).map_err(not_admitted)
}

/// The session in the path, and why it can be used no more if it has ended. Watching it is no use of it.
fn session_of(
    request: &RestRequest,
    principal: &Principal,
) -> Result<(Scope, Option<Problem>), Problem> {
    let id = request.session_id()?;
    let client = &principal.scope.client;
    let view = request.state.operations().session(client, id);
    let view = view.map_err(sessions::problem)?;
    let ended = view.end_reason;
    let ended = ended.map(|reason| sessions::problem(SessionError::Ended { id, reason }));
    Ok((view.scope(), ended))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let value = headers.get(name).map(|value| value.to_str());
    value
        .transpose()
        .map_err(|_| Problem::bad_field(name, format!("{name}: expected the id of an event")))
}

impl From<BadStreamQuery> for Problem {
    fn from(bad: BadStreamQuery) -> Self {
        Self::bad_field(bad.field, bad.to_string())
    }
}

fn not_admitted(refused: NotAdmitted) -> Problem {
    let (code, detail) = match refused {
        NotAdmitted::Stopping => (ErrorCode::ShuttingDown, "the bridge is stopping"),
        NotAdmitted::ClientLimit => (
            ErrorCode::LimitExceeded,
            "this client has as many connections as it may (flow.max_connections, or its own limits)",
        ),
        NotAdmitted::Limit => (
            ErrorCode::LimitExceeded,
            "there are as many connections as there may be (server.max_connections)",
        ),
    };
    Problem::protocol(code, detail)
}
