//! How far the server is with stopping, and what it still waits for.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::handshake::CloseCode;
use tokio::sync::watch;
use tokio::time::timeout;

use super::closing::CLOSE_WAIT;
use super::lanes::Ending;
use super::shared::Shared;
use crate::metrics;

/// How far the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It serves.
    Serving,
    /// It takes no new connections and no new requests.
    Draining,
    /// It closes its connections.
    Closing,
    /// It accepts nothing more.
    Stopped,
}

/// What a client is told whose connection ends because the bridge does.
pub(super) fn going_away() -> Ending {
    Ending::new(CloseCode::GoingAway, "the bridge is stopping")
}

/// The phase, and the counts that the next phase waits for.
#[derive(Debug)]
pub struct Drain {
    phase: watch::Sender<Phase>,
    requests: Arc<watch::Sender<usize>>,
    sockets: Arc<watch::Sender<usize>>,
}

/// One of those that are waited for; it counts until it is dropped.
#[derive(Debug)]
pub struct Counted {
    count: Arc<watch::Sender<usize>>,
    shown: fn(usize),
}

impl Counted {
    fn new(count: &Arc<watch::Sender<usize>>, shown: fn(usize)) -> Self {
        count.send_modify(|count| {
            *count += 1;
            shown(*count);
        });
        Self {
            count: Arc::clone(count),
            shown,
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.count.send_modify(|count| {
            *count -= 1;
            (self.shown)(*count);
        });
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Serving),
            requests: Arc::default(),
            sockets: Arc::default(),
        }
    }
}

impl Drain {
    /// The phase.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Waits for this phase or a later one.
    pub(super) async fn reached(&self, phase: Phase) {
        let mut phases = self.phase.subscribe();
        // The sender is a field of this, so that it cannot be gone.
        let _ = phases.wait_for(|now| *now >= phase).await;
    }

    /// Counts a request until its answer is on its way.
    pub(super) fn request(&self) -> Counted {
        Counted::new(&self.requests, metrics::requests_in_flight)
    }

    /// Counts a WebSocket until its task ends.
    pub(super) fn socket(&self) -> Counted {
        Counted::new(&self.sockets, |_| {})
    }

    fn advance(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let later = *phase < to;
            *phase = to.max(*phase);
            later
        });
    }
}

/// Whether the count came down to zero in time.
async fn none_left(count: &watch::Sender<usize>, limit: Duration) -> bool {
    let mut counts = count.subscribe();
    timeout(limit, counts.wait_for(|count| *count == 0))
        .await
        .is_ok()
}

/// Stops a server step by step, so that whoever started it can do its own part in between.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct DrainHandle {
    pub(super) shared: Arc<Shared>,
}

impl DrainHandle {
    /// First: `/readyz` turns 503, new connections and new requests are refused.
    pub fn begin(&self) {
        self.shared.drain.advance(Phase::Draining);
    }

    /// Second: waits until every request is answered, or the drain timeout has passed. Says
    /// whether all were.
    pub async fn answered(&self) -> bool {
        let limit = self.shared.settings.config.drain_timeout;
        none_left(&self.shared.drain.requests, limit).await
    }

    /// Third: closes every connection with 1001, after what waits to be written, and waits for
    /// them a little. Says whether all are gone.
    pub async fn close_sockets(&self) -> bool {
        self.shared.drain.advance(Phase::Closing);
        self.shared
            .deps
            .hub
            .each(|outbox| outbox.close(going_away()));
        // Once for what is still to be written, once for the closing handshake.
        none_left(&self.shared.drain.sockets, CLOSE_WAIT * 2).await
    }

    /// Last: accepts nothing more, so that the server ends.
    pub fn stop(&self) {
        self.shared.drain.advance(Phase::Stopped);
    }
}
