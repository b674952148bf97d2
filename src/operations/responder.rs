//! The one answer of a call: observed by the taps, and given to the door.

use std::fmt;

use super::drain::CountGuard;
use super::idempotency::Leader;
use super::in_flight::InFlightTicket;
use super::tap::Taps;
use super::{Call, Outcome, Success};
use crate::tabs::{AnswerKind, TabError};

type Respond = Box<dyn FnOnce(Outcome) + Send>;

/// Answers one call, once. Dropped unused, it answers that the call was lost.
pub(super) struct Responder {
    call: Call,
    taps: Taps,
    /// None once it has answered.
    respond: Option<Respond>,
    /// The call's place among the unanswered ones of its caller.
    ticket: Option<InFlightTicket>,
    /// Set where the call is executed for an idempotency key.
    leader: Option<Leader>,
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
        running: CountGuard,
        respond: impl FnOnce(Outcome) + Send + 'static,
    ) -> Self {
        Self {
            call,
            taps,
            respond: Some(Box::new(respond)),
            ticket: None,
            leader: None,
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

    /// The answer goes to all calls with this idempotency key.
    pub(super) fn lead(&mut self, leader: Leader) {
        self.leader = Some(leader);
    }

    pub(super) fn answer(mut self, outcome: Outcome) {
        self.finish(outcome);
    }

    fn finish(&mut self, outcome: Outcome) {
        let Some(respond) = self.respond.take() else {
            return;
        };
        if let Some(ticket) = &mut self.ticket {
            ticket.answered();
        }
        self.taps.after(&self.call, &outcome);
        if let Some(leader) = self.leader.take() {
            leader.settle(&self.call, &outcome);
        }
        // The door finds it with the newer call's answer, which lists this one's id. Until that is queued for
        // sending, this call counts as in flight.
        if let Ok(Success::Tab(answer)) = &outcome
            && let AnswerKind::Superseded(superseded) = &answer.kind
            && let Some(ticket) = self.ticket.take()
        {
            superseded.leave(ticket);
        }
        respond(outcome);
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.finish(Err(TabError::Lost.into()));
    }
}
