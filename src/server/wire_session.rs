//! Sessions as they stand in messages.

use cdp_bridge_protocol::RequestKind;
use cdp_bridge_protocol::event::{
    ListedSessions, SessionConnectionCounts, SessionCountsInfo, SessionCreated, SessionInfo,
    SessionLimitsInfo, SessionStateChanged, StartedPage, StartedPageError,
};

use super::{wire_error, wire_history};
use crate::operations::sessions::{CreatedSession, SessionPage, SessionView, StartPage};

/// A session.
pub fn info(view: SessionView) -> SessionInfo {
    let (connections, usage) = (view.connections, view.usage);
    SessionInfo {
        session_id: view.id.to_string(),
        implicit: view.implicit.then_some(true),
        status: view.status,
        end_reason: view.end_reason,
        created_at: view.created_at_ms,
        expires_at: view.expires_at_ms,
        idle_expires_at: view.idle_expires_at_ms,
        last_activity_at: view.last_activity_at_ms,
        destroyed_at: view.destroyed_at_ms,
        external_id: view.external_id,
        metadata: view.metadata,
        viewport: view.viewport,
        logged_out: view.logged_out,
        connections: SessionConnectionCounts {
            json: connections.json as u64,
            cdp: connections.cdp as u64,
            watch: connections.watch as u64,
        },
        usage: wire_history::used(usage),
        limits: view.limits.map(|limits| SessionLimitsInfo {
            max_duration_ms: limits.max_duration_ms,
            idle_timeout_ms: limits.idle_timeout_ms,
            heartbeat_timeout_ms: limits.heartbeat_timeout_ms,
        }),
    }
}

/// The answer to `createSession`.
pub fn created(created: CreatedSession) -> SessionCreated {
    let access = created.access;
    SessionCreated {
        session: Box::new(info(created.view)),
        existing: (!created.is_new).then_some(true),
        pages: created.start.into_iter().map(page).collect(),
        token: access.token.map(Into::into),
        ws_url: access.ws_url,
        events_url: access.events_url,
        connect_url: access.connect_url,
    }
}

/// The answer to `listSessions`.
pub fn listed(page: SessionPage) -> ListedSessions {
    let counts = page.counts;
    ListedSessions {
        sessions: page.sessions.into_iter().map(info).collect(),
        next_cursor: page.next_cursor.map(|cursor| cursor.to_string()),
        counts: SessionCountsInfo {
            live: counts.live as u64,
            queued: counts.queued as u64,
            limit: counts.limit as u64,
        },
    }
}

/// The answer to `endSession`.
pub fn state(view: &SessionView) -> SessionStateChanged {
    SessionStateChanged {
        session_id: view.id.to_string(),
        status: view.status,
        end_reason: view.end_reason,
    }
}

fn page(start: StartPage) -> StartedPage {
    StartedPage {
        id: start.tab,
        url: start.url,
        error: start.error.map(|error| {
            let event = wire_error::of_operation(RequestKind::CreateTab, &error, start.tab);
            StartedPageError {
                code: event.code,
                message: event.message,
            }
        }),
    }
}

/// Why the page of a session's `startUrl` is not loaded, if it is not.
pub fn start_error(start: Option<StartPage>) -> Option<StartedPageError> {
    page(start?).error
}
