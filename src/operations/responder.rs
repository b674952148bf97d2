//! The one answer of a call: observed by the taps, and given to the door.

use std::fmt;

use super::drain::CountGuard;
use super::idempotency::Leader;
use super::in_flight::InFlightTicket;
use super::keeping::OnceKey;
use super::keeping::once_key::MakingCall;
use super::running_calls::RunningCalls;
use super::sessions::SessionCall;
use super::tap::Taps;
use super::{Call, OperationError, OperationOutcome};
use crate::tabs::TabError;

type Respond = Box<dyn FnOnce(&Call, OperationOutcome) + Send>;

/// Answers one call, once. Dropped unused, it answers that the call was lost.
pub(super) struct Responder {
    call: Call,
    taps: Taps,
    /// The call is among them until it is answered.
    running_calls: RunningCalls,
    /// None once it has answered.
    respond: Option<Respond>,
    /// The call's place among the unanswered ones of its caller.
    ticket: Option<InFlightTicket>,
    /// Its use of a session, until it is answered.
    session: Option<SessionCall>,
    /// Set where the call is executed for an idempotency key.
    leader: Option<Leader>,
    /// Set where it makes something under a key that is kept.
    making: Option<MakingCall>,
    /// Counts the call among those that a stop waits for, until its answer was given to the door.
    _running: CountGuard,
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

impl Responder {
    pub(super) fn new(
        call: Call,
        taps: Taps,
        running_calls: RunningCalls,
        running: CountGuard,
        respond: impl FnOnce(&Call, OperationOutcome) + Send + 'static,
    ) -> Self {
        Self {
            call,
            taps,
            running_calls,
            respond: Some(Box::new(respond)),
            ticket: None,
            session: None,
            leader: None,
            making: None,
            _running: running,
        }
    }

    pub(super) fn call(&self) -> &Call {
        &self.call
    }

    /// Keeps the call's place until it is answered.
    pub(super) fn hold(&mut self, ticket: InFlightTicket) {
        self.ticket = Some(ticket);
    }

    /// It uses a session until it is answered.
    pub(super) fn uses(&mut self, session: SessionCall) {
        self.session = Some(session);
    }

    /// The answer goes to all calls with this idempotency key.
    pub(super) fn lead(&mut self, leader: Leader) {
        self.leader = Some(leader);
    }

    /// The idempotency key that it is executed for.
    pub(super) fn once(&self) -> Option<OnceKey> {
        self.leader.as_ref().map(Leader::once)
    }

    /// It makes something under a key that is kept.
    pub(super) fn makes(&mut self, making: MakingCall) {
        self.making = Some(making);
    }

    pub(super) fn answer(mut self, outcome: OperationOutcome) {
        self.finish(outcome);
    }

    fn finish(&mut self, outcome: OperationOutcome) {
        let Some(respond) = self.respond.take() else {
            return;
        };
        let outcome = self.or_ended(outcome);
        self.running_calls.remove(self.call.id);
        if let Some(ticket) = &mut self.ticket {
            ticket.answered();
        }
        self.taps.after(&self.call, &outcome);
        if let Some(making) = self.making.take() {
            making.answered(made_nothing(&outcome));
        }
        if let Some(leader) = self.leader.take() {
            leader.settle(&self.call, &outcome);
        }
        respond(&self.call, outcome);
        self.session = None;
    }

    /// What a closed tab could not answer because its session has ended.
    fn or_ended(&self, outcome: OperationOutcome) -> OperationOutcome {
        let is_closed = matches!(
            &outcome,
            Err(OperationError::Failed(failure)) if matches!(failure.error, TabError::Closed)
        );
        match self.session.as_ref().and_then(SessionCall::ended) {
            Some(ended) if is_closed => Err(ended.into()),
            _ => outcome,
        }
    }
}

/// Whether a call that was to open a tab has left none.
fn made_nothing(outcome: &OperationOutcome) -> bool {
    match outcome {
        Ok(_) => false,
        Err(OperationError::Failed(failure)) => failure.error.opened_tab().is_none(),
        Err(_) => true,
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.finish(Err(TabError::Lost.into()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, mpsc};

    use cdp_bridge_protocol::{RequestBody, RequestKind};
    use tokio::time::Instant;

    use super::*;
    use crate::operations::drain::Drain;
    use crate::operations::{Arrival, CallId, CallerId, Success, Tap};

    #[derive(Debug, Default)]
    struct Ends(Mutex<Vec<bool>>);

    impl Tap for Ends {
        fn before(&self, _: &Call, _: &RequestBody) {}

        fn after(&self, _: &Call, outcome: &OperationOutcome) {
            self.0.lock().unwrap().push(outcome.is_ok());
        }
    }

    #[test]
    fn a_call_is_answered_once_and_with_an_error_if_it_is_dropped() {
        let (ends, drain) = (Arc::new(Ends::default()), Drain::default());
        let (sender, answers) = mpsc::channel();
        let responder = || {
            let sender = sender.clone();
            let call = Call {
                id: CallId {
                    caller: CallerId(1),
                    number: 1,
                },
                kind: RequestKind::Ping,
                tab: None,
                request_id: None,
                idempotency_key: None,
                scope: "a".into(),
                arrival: Arrival {
                    caller: CallerId(1),
                    door: "test",
                    scope: "a".into(),
                    at: Instant::now(),
                    at_ms: 0,
                    rate: Ok(()),
                    once: None,
                },
            };
            let taps = Taps([Arc::<Ends>::clone(&ends) as Arc<dyn Tap>].into());
            Responder::new(
                call,
                taps,
                RunningCalls::default(),
                drain.request(),
                move |_, outcome| {
                    sender.send(outcome.is_ok()).unwrap();
                },
            )
        };
        responder().answer(Ok(Success::Pong(1)));
        drop(responder());
        assert_eq!(answers.try_iter().collect::<Vec<_>>(), [true, false]);
        assert_eq!(*ends.0.lock().unwrap(), [true, false]);
    }
}
