//! The way of a request's one answer: counted, logged, and put on its way to the socket.

use cdp_bridge_protocol::{ErrorEvent, Event, Message, RequestId, RequestKind, TabId};
use tokio::time::Instant;

use super::drain::Counted;
use super::inflight::Ticket;
use super::once::First;
use super::outbox::Outbox;
use super::wire::{self, WireAnswer};
use super::wire_error;
use crate::metrics;
use crate::tabs::hands::HandsError;
use crate::tabs::{Answer, AnswerKind, ClientId, Failure, Outcome, ScreenshotError, TabError};

/// Whether the log should have it, because the answer does not say all of it.
fn is_fault(error: &TabError) -> bool {
    match error {
        TabError::Lost | TabError::Refused(_) => true,
        TabError::Hands(error) => matches!(**error, HandsError::Script(_)),
        _ => false,
    }
}

/// What is left of a request that a newer one is answered in place of.
struct Older {
    request_id: Option<RequestId>,
    _ticket: Option<Ticket>,
}

/// Everything that answering one request takes.
#[derive(Debug)]
pub(super) struct Answering {
    pub(super) client: ClientId,
    pub(super) outbox: Outbox,
    pub(super) request_id: Option<RequestId>,
    /// None if the message was no request.
    pub(super) kind: Option<RequestKind>,
    pub(super) tab: Option<TabId>,
    pub(super) arrived: Instant,
    /// Its place among the session's unanswered requests.
    pub(super) ticket: Option<Ticket>,
    /// Set if it is the first request of an idempotency key, whose answer others get too.
    pub(super) once: Option<First>,
    /// Its place among those that a stop waits for. It is given up last, when the answer already
    /// waits for the socket.
    pub(super) running: Counted,
}

impl Answering {
    /// Keeps the request's place until it is answered.
    pub(super) fn hold(&mut self, ticket: Ticket) {
        self.ticket = Some(ticket);
    }

    /// Answers a request that was not begun.
    pub(super) fn refuse(mut self, error: ErrorEvent) {
        self.finish(Some(error.code.as_str()));
        self.push_error(error);
        drop(self.running);
    }

    /// Answers with what another request of the same idempotency key was answered with.
    pub(super) fn repeat(mut self, event: &Event) {
        let error = match event {
            Event::Error(error) => Some(error.code.as_str()),
            _ => None,
        };
        metrics::repeated(self.kind.map_or("unknown", RequestKind::as_str));
        self.finish(error);
        self.push(event.clone());
        drop(self.running);
    }

    /// Answers with what became of the request.
    pub(super) fn deliver(mut self, kind: RequestKind, outcome: Outcome) {
        match outcome {
            Ok(answer) => self.good(kind, answer),
            Err(failure) => self.failed(kind, &failure),
        }
        drop(self.running);
    }

    /// Answers with this message.
    pub(super) fn say(mut self, event: impl Into<Event>) {
        self.finish(None);
        self.push(event.into());
        drop(self.running);
    }

    fn good(&mut self, kind: RequestKind, answer: Answer) {
        let older: Vec<Older> = match &answer.kind {
            // The newer request's answer lists this one's id. It counts as unanswered until that is sent.
            AnswerKind::Superseded(superseded) => {
                self.finish(None);
                superseded.leave(Older {
                    request_id: self.request_id.take(),
                    _ticket: self.ticket.take(),
                });
                return;
            }
            AnswerKind::Snapshot { superseded, .. } => superseded.take(),
            _ => Vec::new(),
        };
        let ids = older.iter().filter_map(|older| older.request_id.clone());
        match wire::answer(kind, answer, ids.collect()) {
            WireAnswer::Event(event) => {
                self.finish(None);
                self.push(*event);
            }
            WireAnswer::Payload(head, payload) => {
                self.free_id();
                let pushed = self
                    .outbox
                    .push_payload(head, self.request_id.clone(), &payload);
                match pushed {
                    Ok(()) => self.finish(None),
                    Err(error) => {
                        tracing::warn!(tab = ?self.tab, %error, "a payload cannot be sent");
                        let failure = TabError::from(ScreenshotError::NotAPicture).into();
                        self.failed(kind, &failure);
                    }
                }
            }
        }
    }

    fn failed(&mut self, kind: RequestKind, failure: &Failure) {
        if is_fault(&failure.error) {
            tracing::warn!(
                tab = self.tab.map(tracing::field::display),
                session = failure.session.as_deref(),
                error = %failure.error,
                "{} failed",
                kind.as_str()
            );
        }
        let error = wire_error::of_failure(kind, failure, self.tab);
        self.finish(Some(error.code.as_str()));
        self.push_error(error);
    }

    fn push_error(&mut self, error: ErrorEvent) {
        self.push(error.into());
    }

    /// Puts an answer without a payload on its way, and to those that wait for the same one.
    fn push(&mut self, event: Event) {
        if let (Some(first), Some(kind)) = (self.once.take(), self.kind) {
            first.settle(kind, &event);
        }
        self.outbox.push_message(&Message {
            request_id: self.request_id.take(),
            ..Message::unasked(event)
        });
    }

    fn free_id(&mut self) {
        if let Some(ticket) = &mut self.ticket {
            ticket.answered();
        }
    }

    /// Frees the request's id, counts the request and writes its line in the log.
    fn finish(&mut self, error: Option<&'static str>) {
        self.free_id();
        let kind = self.kind.map_or("unknown", RequestKind::as_str);
        let took = self.arrived.elapsed();
        metrics::request(kind, error, took);
        tracing::debug!(
            request = kind,
            request_id = self.request_id.as_ref().map(tracing::field::display),
            tab = self.tab.map(tracing::field::display),
            client = %self.client,
            connection = self.outbox.id().0,
            outcome = error.unwrap_or("ok"),
            ms = took.as_secs_f64() * 1000.0,
            "answered"
        );
    }
}
