//! Carries out requests: admission, idempotency, dispatch, and exactly one answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cdp_bridge_protocol::event::{CloseReason, TabInfo};
use cdp_bridge_protocol::{Request, RequestKind, TabRef};
use tokio::sync::oneshot;

use super::dispatch::Plan;
use super::drain::{Drain, DrainPhase};
use super::idempotency::IdempotencyGuard;
use super::in_flight::{InFlightTicket, NotAdmitted};
use super::responder::Responder;
use super::tap::{Tap, Taps};
use super::{
    Arrival, Call, CallId, Caller, CallerId, OperationError, OperationOutcome, OperationServices,
    OperationSettings, Permission, Success,
};
use crate::metrics;
use crate::tabs::{Reply, Scope, TabCounts, TabError, TabMessage};

/// The application behind every door.
#[derive(Debug)]
pub struct Operations {
    pub(super) settings: OperationSettings,
    pub(super) services: OperationServices,
    drain: Drain,
    idempotency: Arc<IdempotencyGuard>,
    taps: Taps,
    callers: AtomicU64,
    calls: AtomicU64,
}

impl Operations {
    /// Taps see every call, in this order.
    pub fn new(
        settings: OperationSettings,
        services: OperationServices,
        taps: impl IntoIterator<Item = Arc<dyn Tap>>,
    ) -> Self {
        Self {
            idempotency: Arc::new(IdempotencyGuard::new(settings.idempotency)),
            settings,
            services,
            drain: Drain::default(),
            taps: Taps(taps.into_iter().collect()),
            callers: AtomicU64::new(1),
            calls: AtomicU64::new(1),
        }
    }

    /// An id for a new caller, unique among all doors.
    pub fn new_caller_id(&self) -> CallerId {
        CallerId(self.callers.fetch_add(1, Ordering::Relaxed))
    }

    /// How far the bridge is with stopping.
    pub fn drain(&self) -> &Drain {
        &self.drain
    }

    /// The tabs of a scope, oldest first.
    pub fn tabs_of(&self, scope: &Scope) -> Vec<TabInfo> {
        self.services.registry.list(scope)
    }

    /// Closes all tabs of a scope, which has ended.
    pub fn close_tabs_of(&self, scope: &Scope) {
        for tab in self.services.registry.of(scope) {
            tab.send(TabMessage::Close(CloseReason::Requested, None));
        }
    }

    /// How many tabs there are.
    pub fn tab_counts(&self) -> TabCounts {
        self.services.registry.counts()
    }

    /// Executes a request and waits for its outcome. The operation goes on if the returned future is dropped.
    pub async fn execute(&self, caller: &Caller, request: Request) -> OperationOutcome {
        let (sender, outcome) = oneshot::channel();
        let respond = move |outcome| {
            // The receiver is gone where the caller's future was dropped.
            let _ = sender.send(outcome);
        };
        self.begin(caller, caller.message_arrived(), request, respond);
        outcome.await.unwrap_or_else(|_| Err(TabError::Lost.into()))
    }

    /// Begins to execute a request, without waiting: requests of one caller are begun in the order of these
    /// calls. `respond` is called exactly once, possibly before this returns, and must not wait.
    pub fn begin(
        &self,
        caller: &Caller,
        arrival: Arrival,
        request: Request,
        respond: impl FnOnce(OperationOutcome) + Send + 'static,
    ) {
        let Request {
            request_id,
            timeout,
            idempotency_key,
            body,
        } = request;
        let kind = body.kind();
        let call = Call {
            id: CallId {
                caller: caller.id,
                number: self.calls.fetch_add(1, Ordering::Relaxed),
            },
            scope: caller.scope.clone(),
            kind,
            tab: body.tab().and_then(TabRef::id),
            request_id: request_id.clone(),
            arrived: arrival.at,
        };
        self.taps.before(&call, &body);
        let running = self.drain.request();
        let mut responder = Responder::new(call, self.taps.clone(), running, respond);
        if let Err(error) = self.admit(caller, arrival, &mut responder) {
            return responder.answer(Err(error));
        }
        if let Some(key) = idempotency_key {
            let guard = &self.idempotency;
            match guard.begin(&caller.scope, &key, &body, responder, arrival.at) {
                Some(leading) => responder = leading,
                None => return,
            }
        }
        match self.dispatch(caller, body) {
            Err(error) => responder.answer(Err(error)),
            Ok(Plan::Answer(success)) => responder.answer(Ok(*success)),
            Ok(Plan::Start(start)) => {
                let timeout = timeout.unwrap_or_else(|| self.settings.timeouts.of(kind));
                let deadline = arrival.at + timeout;
                // A request without an id could not be named in the answer to a newer one.
                let may_coalesce = request_id.is_some();
                start(Reply::new(
                    kind,
                    responder.call().id,
                    may_coalesce,
                    arrival.at,
                    deadline,
                    move |outcome| {
                        responder.answer(outcome.map(Success::Tab).map_err(OperationError::Failed));
                    },
                ));
            }
        }
    }

    fn admit(
        &self,
        caller: &Caller,
        arrival: Arrival,
        responder: &mut Responder,
    ) -> Result<(), OperationError> {
        let (kind, request_id) = (responder.call().kind, responder.call().request_id.as_ref());
        let ticket = take_place(caller, kind, request_id)?;
        responder.hold(ticket);
        arrival.rate.map_err(|exceeded| {
            metrics::client_limit("rate");
            OperationError::RateLimited(exceeded)
        })?;
        if self.drain.phase() != DrainPhase::Serving {
            return Err(OperationError::ShuttingDown);
        }
        let needed = Permission::needed_by(kind);
        if !caller.permissions.allow(needed) {
            return Err(OperationError::NotPermitted { kind, needed });
        }
        Ok(())
    }
}

/// A place among the unanswered requests of the caller and of its client.
fn take_place(
    caller: &Caller,
    kind: RequestKind,
    id: Option<&cdp_bridge_protocol::RequestId>,
) -> Result<InFlightTicket, OperationError> {
    let limit = |limit: usize| match kind {
        // They are answered at once, so that they never pile up.
        RequestKind::Ping | RequestKind::ListTabs => usize::MAX,
        // A client whose requests are all stuck must still be able to close their tabs.
        RequestKind::CloseTab => limit.saturating_mul(2),
        _ => limit,
    };
    caller
        .in_flight
        .admit(id, limit)
        .map_err(|error| match error {
            NotAdmitted::Duplicate(id) => OperationError::DuplicateRequestId { id },
            NotAdmitted::Exhausted(exhausted) => {
                metrics::client_limit("inflight");
                OperationError::TooManyInFlight(exhausted)
            }
        })
}
