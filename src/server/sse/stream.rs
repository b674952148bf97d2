//! One event stream, from its first line to the end of its session.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::encode;
use super::event_logs::EventReader;
use super::query::StreamQuery;
use crate::operations::Principal;
use crate::operations::drain::DrainPhase;
use crate::operations::sessions::{HoldKind, SessionHold};
use crate::server::state::{ConnectionPermit, NotAdmitted, ServerState};

/// The longest silence of a stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The most events that are encoded at a time.
const BATCH: usize = 64;

struct EventStream {
    state: Arc<ServerState>,
    principal: Principal,
    reader: EventReader,
    query: StreamQuery,
    is_greeted: bool,
    is_over: bool,
    _permit: ConnectionPermit,
    /// Dropped with the stream.
    _open: oneshot::Sender<()>,
}

/// Answers with the events of the principal's session. The stream counts as a connection of its client, and as one that watches
/// the session.
pub(crate) fn answer(
    state: &Arc<ServerState>,
    principal: Principal,
    query: StreamQuery,
) -> Result<Response, NotAdmitted> {
    let permit = state.admit(&principal.quota)?;
    let (open, closed) = oneshot::channel();
    let hold = state
        .operations()
        .hold_session(&principal.scope, HoldKind::Watch);
    if let Some(hold) = hold {
        tokio::spawn(watch(hold, closed));
    }
    let scope = principal.scope.clone();
    let events = EventStream {
        state: Arc::clone(state),
        principal,
        reader: state.event_logs.open(&scope, query.last_event_id),
        query,
        is_greeted: false,
        is_over: false,
        _permit: permit,
        _open: open,
    };
    let body = stream::unfold(events, async |mut events| {
        let text = events.next().await?;
        Some((Ok::<_, std::convert::Infallible>(text), events))
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        // A proxy that buffers would hold events back.
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// Counts a stream as watching its session. When that ends, it waits for its watchers to go; but a stream goes on until the last
/// event, which is that nothing of the session is left, and its peer may read slowly.
async fn watch(hold: SessionHold, closed: oneshot::Receiver<()>) {
    tokio::select! {
        _ = hold.ended() => {}
        _ = closed => {}
    }
}

/// Answers a client that has all events of a session that has ended: with this status it does not connect again.
pub(crate) fn nothing_follows() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

impl EventStream {
    /// The next piece of the stream; `None` at its end.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.is_greeted {
            self.is_greeted = true;
            return Some(encode::GREETING);
        }
        while !self.is_over {
            if let Some(text) = self.read() {
                return Some(text);
            }
            if self.is_over {
                break;
            }
            tokio::select! {
                () = self.reader.changed() => {}
                () = sleep(KEEP_ALIVE) => return Some(encode::COMMENT),
                () = self.principal.revoked() => break,
                () = self.state.drain().reached(DrainPhase::Closing) => break,
            }
        }
        None
    }

    /// What can be sent now.
    fn read(&mut self) -> Option<Bytes> {
        loop {
            let read = self.reader.read(BATCH);
            self.is_over |= read.is_end;
            let mut text = Vec::new();
            if let Some(gap) = read.gap {
                encode::push_gap(&mut text, gap);
            }
            let wanted = read.events.iter();
            for (id, event) in wanted.filter(|(_, event)| self.query.wants(event)) {
                encode::push_event(&mut text, *id, event);
            }
            // None of a whole batch may be wanted.
            if !text.is_empty() {
                return Some(text.into());
            }
            if read.events.is_empty() || self.is_over {
                return None;
            }
        }
    }
}
