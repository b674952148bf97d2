//! The phases of a stop, and the counts of calls and connections that it waits for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::metrics;

/// How far the bridge is with stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrainPhase {
    /// It serves.
    Serving,
    /// New connections and new requests are refused.
    Draining,
    /// Connections are closed.
    Closing,
    /// Nothing is accepted any more.
    Stopped,
}

/// The phase, and the counts that the next phase waits for.
#[derive(Debug)]
pub struct Drain {
    phase: watch::Sender<DrainPhase>,
    requests: Arc<watch::Sender<usize>>,
    connections: Arc<watch::Sender<usize>>,
}

/// Counts one call or connection until it is dropped.
#[derive(Debug)]
pub struct CountGuard {
    count: Arc<watch::Sender<usize>>,
    gauge: fn(usize),
}

impl CountGuard {
    fn new(count: &Arc<watch::Sender<usize>>, gauge: fn(usize)) -> Self {
        count.send_modify(|count| {
            *count += 1;
            gauge(*count);
        });
        Self {
            count: Arc::clone(count),
            gauge,
        }
    }
}

impl Drop for CountGuard {
    fn drop(&mut self) {
        self.count.send_modify(|count| {
            *count -= 1;
            (self.gauge)(*count);
        });
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            phase: watch::Sender::new(DrainPhase::Serving),
            requests: Arc::default(),
            connections: Arc::default(),
        }
    }
}

impl Drain {
    /// The phase.
    pub fn phase(&self) -> DrainPhase {
        *self.phase.borrow()
    }

    /// Waits for this phase or a later one.
    pub(crate) async fn reached(&self, phase: DrainPhase) {
        let mut phases = self.phase.subscribe();
        // The sender is a field of this struct, so that waiting cannot fail.
        let _ = phases.wait_for(|now| *now >= phase).await;
    }

    /// Goes on to this phase; never back to an earlier one.
    pub(crate) fn advance(&self, to: DrainPhase) {
        self.phase.send_if_modified(|phase| {
            let later = *phase < to;
            *phase = to.max(*phase);
            later
        });
    }

    /// Counts a call until its answer was given to the door.
    pub(crate) fn request(&self) -> CountGuard {
        CountGuard::new(&self.requests, metrics::requests_in_flight)
    }

    /// Counts a connection until its task ends.
    pub(crate) fn connection(&self) -> CountGuard {
        CountGuard::new(&self.connections, |_| {})
    }

    /// Waits until every call is answered; false where that takes longer than the limit.
    pub(crate) async fn requests_answered(&self, limit: Duration) -> bool {
        is_zero_within(&self.requests, limit).await
    }

    /// Waits until every connection has ended; false where that takes longer than the limit.
    pub(crate) async fn connections_ended(&self, limit: Duration) -> bool {
        is_zero_within(&self.connections, limit).await
    }
}

async fn is_zero_within(count: &watch::Sender<usize>, limit: Duration) -> bool {
    let mut counts = count.subscribe();
    timeout(limit, counts.wait_for(|count| *count == 0))
        .await
        .is_ok()
}
