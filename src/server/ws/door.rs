//! The WebSocket door: parses a message, begins the operation, and encodes its answer.

use std::sync::Arc;

use cdp_bridge_protocol::event::{Pong, Tabs};
use cdp_bridge_protocol::request::BadRequest;
use cdp_bridge_protocol::{Event, Message, Request, RequestId, RequestKind, TabId, TabRef};

use super::outbox::Outbox;
use crate::metrics;
use crate::operations::failure::{ScreenshotError, TabError};
use crate::operations::in_flight::InFlightTicket;
use crate::operations::{
    Answer, AnswerKind, Arrival, Caller, OperationOutcome, Operations, Success,
};
use crate::server::wire::{self, WireAnswer};
use crate::server::wire_error;

/// Takes the requests of one link.
#[derive(Debug)]
pub struct WebSocketDoor {
    operations: Arc<Operations>,
    caller: Caller,
    outbox: Outbox,
}

/// Writes the answer of one request.
struct Response {
    outbox: Outbox,
    request_id: Option<RequestId>,
    kind: RequestKind,
    tab: Option<TabId>,
}

impl WebSocketDoor {
    /// A door for this caller, whose answers go to this outbox.
    pub(crate) fn new(operations: Arc<Operations>, caller: Caller, outbox: Outbox) -> Self {
        Self {
            operations,
            caller,
            outbox,
        }
    }

    /// The requests whose answers are not in the outbox yet.
    pub(crate) fn unanswered(&self) -> Vec<RequestId> {
        self.caller.in_flight().ids()
    }

    /// Takes one text message, without waiting: the answer goes to the outbox.
    pub fn handle(&self, text: &str) {
        let arrival = self.caller.message_arrived();
        match Request::parse(text) {
            Ok(request) => {
                let response = Response {
                    outbox: self.outbox.clone(),
                    request_id: request.request_id.clone(),
                    kind: request.body.kind(),
                    tab: request.body.tab().and_then(TabRef::id),
                };
                let respond = move |outcome| response.send(outcome);
                self.operations
                    .begin(&self.caller, arrival, request, respond);
            }
            Err(bad) => self.refuse(&bad, arrival),
        }
    }

    /// Answers a message that is not a request.
    fn refuse(&self, bad: &BadRequest, arrival: Arrival) {
        let error = bad.to_event();
        let kind = bad.kind.map_or("unknown", RequestKind::as_str);
        metrics::request(kind, Some(error.code.as_str()), arrival.at.elapsed());
        tracing::debug!(
            request = kind,
            request_id = bad.request_id.as_ref().map(tracing::field::display),
            client = %self.caller.scope().client,
            connection = self.outbox.id().0,
            outcome = error.code.as_str(),
            "answered"
        );
        self.outbox.push_message(&Message {
            request_id: bad.request_id.clone(),
            ..Message::unasked(error)
        });
    }
}

impl Response {
    fn send(self, outcome: OperationOutcome) {
        match outcome {
            Ok(Success::Pong(ts)) => self.push(Pong { ts }),
            Ok(Success::Tabs(tabs)) => self.push(Tabs { tabs }),
            Ok(Success::Tab(answer)) => self.send_answer(answer),
            Err(error) => {
                let error = wire_error::of_operation(self.kind, &error, self.tab);
                self.push(error);
            }
        }
    }

    fn send_answer(self, answer: Answer) {
        // Kept until the answer is queued: until then the older requests count as in flight.
        let superseded: Vec<InFlightTicket> = match &answer.kind {
            // The newer request's answer lists this one's id.
            AnswerKind::Superseded(_) => return,
            AnswerKind::Payload { superseded, .. } => superseded.take(),
            _ => Vec::new(),
        };
        let ids = superseded.iter().filter_map(InFlightTicket::request_id);
        match wire::answer(self.kind, answer, ids.cloned().collect()) {
            WireAnswer::Event(event) => self.push(*event),
            WireAnswer::Payload(head, payload) => {
                let id = self.request_id.clone();
                if let Err(error) = self.outbox.push_payload(head, id, &payload) {
                    metrics::dropped("payload", "notBase64");
                    tracing::warn!(tab = ?self.tab, %error, "a payload cannot be sent");
                    let failure = TabError::from(ScreenshotError::NotAPicture).into();
                    let error = wire_error::of_failure(self.kind, &failure, self.tab);
                    self.push(error);
                }
            }
        }
    }

    fn push(self, event: impl Into<Event>) {
        self.outbox.push_message(&Message {
            request_id: self.request_id,
            ..Message::unasked(event.into())
        });
    }
}
