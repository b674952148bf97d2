//! Carries out requests: admission, idempotency, dispatch, and exactly one answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cdp_bridge_protocol::event::{CloseReason, TabInfo};
use cdp_bridge_protocol::request::BadRequest;
use cdp_bridge_protocol::{Request, RequestBody, RequestKind, TabRef};
use tokio::sync::oneshot;

use super::dispatch::Plan;
use super::drain::{Drain, DrainPhase};
use super::history::HistoryRecorder;
use super::idempotency::IdempotencyGuard;
use super::keeping::keeper::Keeper;
use super::presence::PresenceCounts;
use super::responder::Responder;
use super::running_calls::{CallPlace, RunningCalls};
use super::sessions::{SessionCall, Sessions};
use super::staging::Staging;
use super::tap::{Tap, Taps};
use super::{
    Arrival, Call, CallId, Caller, CallerId, FactListener, OperationError, OperationOutcome,
    OperationServices, OperationSettings, Permission, Principal, Success,
};
use crate::audit::Audit;
use crate::clock::epoch_ms;
use crate::store::StoreHandle;
use crate::tabs::{Outcome, Reply, Scope, TabCounts, TabError, TabMessage};
use crate::webhooks::Webhooks;

/// A day, in milliseconds.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The application behind every door.
#[derive(Debug)]
pub struct Operations {
    pub(super) settings: OperationSettings,
    pub(super) services: OperationServices,
    drain: Drain,
    pub(super) present: PresenceCounts,
    pub(super) staging: Arc<Staging>,
    pub(super) idempotency: Arc<IdempotencyGuard>,
    pub(super) running: RunningCalls,
    pub(super) sessions: Arc<Sessions>,
    pub(super) history: Arc<HistoryRecorder>,
    audit: Audit,
    pub(super) keeper: Keeper,
    taps: Taps,
    calls: AtomicU64,
}

impl Operations {
    /// Taps see every call, in this order, after the one that keeps the history.
    pub fn new(
        settings: OperationSettings,
        services: OperationServices,
        taps: impl IntoIterator<Item = Arc<dyn Tap>>,
    ) -> Self {
        let idempotency = Arc::new(IdempotencyGuard::new(settings.idempotency));
        let staging = Staging::new(settings.staging);
        let sessions = Sessions::new(
            settings.sessions.clone(),
            services.clone(),
            Arc::clone(&staging),
            Arc::clone(&idempotency),
        );
        let history = Arc::new(HistoryRecorder::new(services.store.clone()));
        let recorder = Arc::clone(&history) as Arc<dyn Tap>;
        Self {
            history,
            idempotency,
            staging,
            sessions,
            settings,
            audit: Audit::new(services.store.clone()),
            services,
            drain: Drain::default(),
            running: RunningCalls::default(),
            present: PresenceCounts::default(),
            keeper: Keeper::default(),
            taps: Taps(std::iter::once(recorder).chain(taps).collect()),
            calls: AtomicU64::new(1),
        }
    }

    /// Keeps what happens in sessions, as a listener on the bus.
    pub fn history_listener(&self) -> Arc<dyn FactListener> {
        Arc::clone(&self.history) as Arc<dyn FactListener>
    }

    /// A new caller without streams, which came through this door.
    pub fn caller(&self, door: &'static str, principal: Principal) -> Caller {
        // Part of resume tokens: a count would tell a client how many callers others have.
        let id = CallerId(fastrand::u64(..));
        Caller::new(id, door, principal)
    }

    /// Tells of what has happened.
    pub fn webhooks(&self) -> &Webhooks {
        &self.services.webhooks
    }

    /// What outlives the process.
    pub fn store(&self) -> &StoreHandle {
        &self.services.store
    }

    /// How far the bridge is with stopping.
    pub fn drain(&self) -> &Drain {
        &self.drain
    }

    /// Where it is written who did what.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// A client came with its API key: the first time of a day is kept.
    pub fn key_used(&self, principal: &Principal) {
        let day = epoch_ms() / DAY_MS;
        if let Some(key) = &principal.key
            && key.is_first_use_on(day)
        {
            self.audit.keys_used(vec![key.id.clone()], day);
        }
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

    /// Tells the tabs of a scope that a client of it is present again.
    pub(super) fn attend_tabs_of(&self, scope: &Scope) {
        for tab in self.services.registry.of(scope) {
            tab.send(TabMessage::Attended);
        }
    }

    /// Tells the tabs of a scope that no client of it is present any more.
    pub(super) fn leave_tabs_of(&self, scope: &Scope) {
        for tab in self.services.registry.of(scope) {
            tab.send(TabMessage::Unattended);
        }
    }

    /// How many tabs there are.
    pub fn tab_counts(&self) -> TabCounts {
        self.services.registry.counts()
    }

    /// Executes a request and waits for its outcome. The operation goes on if the returned future is dropped.
    pub async fn execute(self: &Arc<Self>, caller: &Caller, request: Request) -> OperationOutcome {
        let (sender, outcome) = oneshot::channel();
        let respond = move |_: &Call, outcome| {
            // The receiver is gone where the caller's future was dropped.
            let _ = sender.send(outcome);
        };
        self.begin(caller, caller.message_arrived(), request, respond);
        outcome.await.unwrap_or_else(|_| Err(TabError::Lost.into()))
    }

    /// Begins to execute a request, without waiting: requests of one caller are begun in the order of these
    /// calls. `respond` is called exactly once, possibly before this returns, and must not wait. Returns the
    /// identity of the call, by which it can be [cancelled](Self::cancel).
    pub fn begin(
        self: &Arc<Self>,
        caller: &Caller,
        arrival: Arrival,
        request: Request,
        respond: impl FnOnce(&Call, OperationOutcome) + Send + 'static,
    ) -> CallId {
        let Request {
            request_id,
            timeout,
            idempotency_key,
            body,
        } = request;
        let kind = body.kind();
        let id = self.next_call(caller);
        let scope = self.scope_of(caller, &body);
        let call = Call {
            id,
            arrival,
            scope: scope.clone(),
            kind,
            tab: body.tab().and_then(TabRef::id),
            request_id,
            idempotency_key,
        };
        self.taps.before(&call, &body);
        let (running_calls, running) = (self.running.clone(), self.drain.request());
        let mut responder =
            Responder::new(call, self.taps.clone(), running_calls, running, respond);
        let needed = Permission::needed_by_body(&body);
        let default_limit = self.settings.timeouts.of_body(&body);
        if let Err(error) = self.admit(caller, needed, &mut responder) {
            responder.answer(Err(error));
            return id;
        }
        match SessionCall::new(&self.sessions, &scope) {
            Ok(call) => responder.uses(call),
            Err(error) => {
                responder.answer(Err(error.into()));
                return id;
            }
        }
        if let Some(key) = responder.call().idempotency_key.clone() {
            let place = CallPlace::Shared(caller.scope().clone(), key);
            self.running.insert(id, place);
        }
        let responder = self.idempotency.begin(&body, responder);
        let again = responder.and_then(|it| self.answer_again(caller, it));
        let Some(mut responder) = again else {
            return id;
        };
        self.remember_maker(&mut responder);
        match self.dispatch(caller, body) {
            Err(error) => responder.answer(Err(error)),
            Ok(Plan::Answer(success)) => responder.answer(Ok(*success)),
            Ok(Plan::Cancel(cancel)) => self.cancel_request(caller, &cancel, responder),
            Ok(Plan::Session(plan)) => self.carry_out(plan, caller, timeout, responder),
            Ok(Plan::History(plan)) => self.read_history(plan, caller, responder),
            Ok(Plan::Start(place, start)) => {
                let timeout = timeout.unwrap_or(default_limit);
                let call = responder.call();
                let at = call.arrival.at;
                // A request without an id could not be named in the answer to a newer one.
                let may_coalesce = caller.coalesces && call.request_id.is_some();
                let respond = |outcome: Outcome| {
                    responder.answer(outcome.map(Success::Tab).map_err(OperationError::Failed));
                };
                self.running.insert(id, place);
                let deadline = at + timeout;
                start(Reply::new(kind, id, may_coalesce, at, deadline, respond));
            }
        }
        id
    }

    /// A tab that is made under a key is kept together with the key.
    fn remember_maker(&self, responder: &mut Responder) {
        let call = responder.call();
        if call.kind != RequestKind::CreateTab {
            return;
        }
        let of_door = call.arrival.once.as_deref().cloned();
        let once = responder.once().or(of_door);
        if let (Some(once), Some(making)) = (once, self.services.keeping.making()) {
            let window = self.settings.idempotency.window;
            let making = making.begin(responder.call().id, once, window);
            responder.makes(making);
        }
    }

    pub(super) fn next_call(&self, caller: &Caller) -> CallId {
        CallId {
            caller: caller.id,
            number: self.calls.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The scope in which a request is carried out: of its tab or session, where it names one that the caller may act on.
    fn scope_of(&self, caller: &Caller, body: &RequestBody) -> Scope {
        if let RequestBody::CreateTab(create) = body {
            let named = self.scope_within_reach(caller, create.session_id.as_ref());
            return named.unwrap_or_else(|_| caller.scope().clone());
        }
        let tab = body.tab().and_then(TabRef::id);
        let tab = tab.and_then(|id| self.tab_within_reach(caller, id));
        tab.map_or_else(|| caller.scope().clone(), |tab| tab.scope)
    }

    /// Tells the taps of a message that is not a request; the door answers it.
    pub fn malformed(&self, arrival: &Arrival, error: &BadRequest) {
        self.taps.malformed(arrival, error);
    }

    fn admit(
        &self,
        caller: &Caller,
        needed: Permission,
        responder: &mut Responder,
    ) -> Result<(), OperationError> {
        let call = responder.call();
        let (kind, rate) = (call.kind, call.arrival.rate);
        let limit = |limit: usize| match kind {
            // They are answered at once, so that they never pile up.
            // And a client whose requests are all stuck must still be able to cancel them.
            RequestKind::Ping
            | RequestKind::ListTabs
            | RequestKind::GetSession
            | RequestKind::ListSessions
            | RequestKind::Cancel => usize::MAX,
            // A client whose requests are all stuck must still be able to close their tabs, and to answer what they are
            // stuck behind.
            RequestKind::CloseTab
            | RequestKind::EndSession
            | RequestKind::AnswerDialog
            | RequestKind::AnswerAuth => limit.saturating_mul(2),
            _ => limit,
        };
        let in_flight = &caller.in_flight;
        let ticket = in_flight.admit(call.request_id.as_ref(), call.id, limit)?;
        responder.hold(ticket);
        rate.map_err(OperationError::RateLimited)?;
        // What running requests wait for can still be answered, and they can be ended.
        let ends_others = matches!(
            kind,
            RequestKind::AnswerDialog | RequestKind::AnswerAuth | RequestKind::Cancel
        );
        match self.drain.phase() {
            DrainPhase::Serving => {}
            DrainPhase::Draining if ends_others => {}
            _ => return Err(TabError::ShuttingDown.into()),
        }
        if !caller.principal.permissions.allow(needed) {
            return Err(OperationError::NotPermitted { kind, needed });
        }
        Ok(())
    }
}
