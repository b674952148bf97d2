//! The phases of a stop, and the counts of calls and connections that it waits for.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::metrics;

/// How long connections may take to end once the phase is [`DrainPhase::Closing`].
pub const CLOSE_LIMIT: Duration = Duration::from_secs(6);

/// How far the bridge is with stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum DrainPhase {
    /// It serves.
    #[default]
    Serving,
    /// New connections and new requests are refused; `/readyz` answers 503.
    Draining,
    /// Each door closes its connections, behind what is queued for them.
    Closing,
    /// Nothing is accepted any more.
    Stopped,
}

/// The phase, and the counts that the next phase waits for.
#[derive(Debug, Default)]
pub struct Drain {
    phase: watch::Sender<DrainPhase>,
    requests: Counter,
    connections: Counter,
}

/// How many there are of something.
pub type Counter = Arc<watch::Sender<usize>>;

/// Counts one more until it is dropped.
#[derive(Debug)]
pub struct CountGuard {
    counter: Counter,
    gauge: fn(usize),
    /// How many there were with this one.
    pub(crate) number: usize,
}

impl CountGuard {
    /// Counts one more, and shows every change in this gauge.
    pub(crate) fn new(counter: &Counter, gauge: fn(usize)) -> Self {
        let mut number = 0;
        counter.send_modify(|count| {
            *count += 1;
            number = *count;
            gauge(number);
        });
        Self {
            counter: Arc::clone(counter),
            gauge,
            number,
        }
    }
}

impl Drop for CountGuard {
    fn drop(&mut self) {
        self.counter.send_modify(|count| {
            *count -= 1;
            (self.gauge)(*count);
        });
    }
}

impl Drain {
    /// Stops in order: refuses new work, waits until every call is answered or the limit has passed, lets what is
    /// behind the doors end `meanwhile`, and has connections closed.
    pub async fn stop(&self, answers_limit: Duration, meanwhile: impl Future<Output = ()>) {
        self.advance(DrainPhase::Draining);
        if !is_zero_within(&self.requests, answers_limit).await {
            tracing::warn!("some requests were not answered within server.drain_timeout");
        }
        meanwhile.await;
        self.advance(DrainPhase::Closing);
        if !is_zero_within(&self.connections, CLOSE_LIMIT).await {
            tracing::debug!("some connections did not end in time");
        }
        self.advance(DrainPhase::Stopped);
    }

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

    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        *self.connections.borrow()
    }
}

async fn is_zero_within(counter: &Counter, limit: Duration) -> bool {
    let mut counts = counter.subscribe();
    timeout(limit, counts.wait_for(|count| *count == 0))
        .await
        .is_ok()
}
