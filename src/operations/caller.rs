//! The caller of an operation: what operations need to know of a connection.

use std::fmt::Debug;
use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use tokio::sync::watch;
use tokio::time::Instant;

use super::client_quota::RateExceeded;
use super::in_flight::InFlight;
use super::{CallerId, OnceKey, Principal};
use crate::clock::epoch_ms;
use crate::metrics;
use crate::tabs::outline::OutlineCopies;
use crate::tabs::{FrameSlot, Scope};

/// Receives the streams that go on after an answer. The callers of a door without sinks cannot start a stream.
pub trait StreamSinks: Debug + Send + Sync + 'static {
    /// A slot through which this caller receives the frames of a tab; it replaces an earlier one.
    fn frames(&self, tab: TabId) -> FrameSlot;

    /// Subscribes this caller to the console of a tab, until the sender of the returned channel is gone.
    fn console(&self, tab: TabId) -> watch::Receiver<()>;

    /// The caller gets the facts of this scope, too, from now on.
    fn follow(&self, scope: Scope);
}

/// The caller of operations; [`Operations::caller`](super::Operations::caller) makes it.
#[derive(Debug)]
pub struct Caller {
    pub(super) id: CallerId,
    pub(super) door: &'static str,
    pub(super) principal: Principal,
    pub(super) in_flight: InFlight,
    pub(super) coalesces: bool,
    pub(super) streams: Option<Arc<dyn StreamSinks>>,
    /// The outlines that it can compare later ones with.
    pub(super) outlines: Arc<OutlineCopies>,
}

/// A message that arrived: counted against the client's rate before it is parsed, so that malformed messages
/// are limited too.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The caller that sent it.
    pub caller: CallerId,
    /// The door that it came through.
    pub door: &'static str,
    /// The owner of the tabs that the caller sees.
    pub scope: Scope,
    /// When it arrived.
    pub at: Instant,
    /// The same in milliseconds since the epoch.
    pub at_ms: u64,
    pub(super) rate: Result<(), RateExceeded>,
    /// The idempotency key that its door has taken.
    pub(super) once: Option<Arc<OnceKey>>,
}

impl Arrival {
    /// The rate that the message exceeds, if it does: operations refuse it then.
    pub fn rate_exceeded(&self) -> Option<RateExceeded> {
        self.rate.err()
    }

    /// The same message, carried out for an idempotency key that its door has taken.
    #[must_use]
    pub fn under(self, once: Option<OnceKey>) -> Self {
        Self {
            once: once.map(Arc::new),
            ..self
        }
    }
}

impl Caller {
    pub(super) fn new(id: CallerId, door: &'static str, principal: Principal) -> Self {
        Self {
            id,
            door,
            in_flight: InFlight::new(Arc::clone(&principal.quota)),
            principal,
            coalesces: false,
            streams: None,
            outlines: Arc::new(OutlineCopies::new(fastrand::u64(..1_000_000))),
        }
    }

    /// The same caller, with somewhere to send streams to.
    #[must_use]
    pub fn with_streams(self, streams: impl StreamSinks) -> Self {
        Self {
            streams: Some(Arc::new(streams)),
            ..self
        }
    }

    /// The same caller, whose older requests for a snapshot may end with
    /// [`AnswerKind::Superseded`](super::AnswerKind::Superseded): its door then answers them with the newest one.
    /// Requests without an id are still answered one by one.
    #[must_use]
    pub fn with_coalescing(self) -> Self {
        Self {
            coalesces: true,
            ..self
        }
    }

    /// Its id among the callers of all doors.
    pub fn id(&self) -> CallerId {
        self.id
    }

    /// The owner of the tabs that it sees and opens.
    pub fn scope(&self) -> &Scope {
        &self.principal.scope
    }

    /// The client behind it.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Its unanswered requests.
    pub fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    /// A message of the same client that another caller has counted, as one of this caller.
    pub fn takes_over(&self, arrival: &Arrival) -> Arrival {
        Arrival {
            caller: self.id,
            door: self.door,
            scope: self.scope().clone(),
            ..arrival.clone()
        }
    }

    /// Counts a message that has just arrived against the client's rate.
    pub fn message_arrived(&self) -> Arrival {
        let at = Instant::now();
        let rate = self.principal.quota.take_token(at);
        if rate.is_err() {
            metrics::client_limit("rate");
        }
        Arrival {
            caller: self.id,
            door: self.door,
            scope: self.scope().clone(),
            at,
            at_ms: epoch_ms(),
            rate,
            once: None,
        }
    }
}
