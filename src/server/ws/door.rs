//! The WebSocket door: parses a message, begins the operation, and encodes its answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use cdp_bridge_protocol::payload::{Payload, PayloadHead};
use cdp_bridge_protocol::request::BadRequest;
use cdp_bridge_protocol::{Event, Message, Request, RequestId};

use super::hub::Hub;
use super::link_streams::LinkStreams;
use super::outbox::Outbox;
use crate::lock::lock;
use crate::metrics;
use crate::operations::failure::{ScreenshotError, TabError};
use crate::operations::{
    Answer, AnswerKind, Call, CallId, Caller, OperationOutcome, Operations, Success,
};
use crate::server::wire::{self, WireAnswer};
use crate::server::wire_error;

/// Takes the requests of one link.
#[derive(Debug)]
pub struct WebSocketDoor {
    operations: Arc<Operations>,
    caller: Caller,
    answers: Answers,
}

/// Writes the answers of one link.
#[derive(Debug, Clone)]
struct Answers {
    outbox: Outbox,
    /// Calls that a newer one answers, whose answer is not in the outbox yet.
    superseded: Arc<Mutex<HashMap<CallId, RequestId>>>,
}

impl WebSocketDoor {
    /// A door for this caller, whose answers go to this outbox.
    pub(crate) fn new(
        operations: Arc<Operations>,
        caller: Caller,
        outbox: Outbox,
        hub: Arc<Hub>,
    ) -> Self {
        let streams = LinkStreams {
            outbox: outbox.clone(),
            hub,
        };
        let superseded = Arc::default();
        Self {
            operations,
            caller: caller.with_streams(streams).with_coalescing(),
            answers: Answers { outbox, superseded },
        }
    }

    /// The requests whose answers are not in the outbox yet. One that is answered meanwhile may be there twice.
    pub(crate) fn unanswered(&self) -> Vec<RequestId> {
        let mut ids = self.caller.in_flight().ids();
        ids.extend(lock(&self.answers.superseded).values().cloned());
        ids
    }

    /// Takes one message, without waiting: the answer goes to the outbox.
    pub fn handle(&self, parse: impl FnOnce() -> Result<Request, BadRequest>) {
        let arrival = self.caller.message_arrived();
        let answers = self.answers.clone();
        match parse() {
            Ok(request) => {
                let respond = move |call: &Call, outcome| answers.send(call, outcome);
                self.operations
                    .begin(&self.caller, arrival, request, respond);
            }
            Err(bad) => {
                self.operations.malformed(&arrival, &bad);
                answers.push(bad.request_id.clone(), bad.to_event());
            }
        }
    }
}

impl Answers {
    fn send(&self, call: &Call, outcome: OperationOutcome) {
        // Locked until the answer is in the outbox, so that a superseded request is always in one of the two.
        let mut waiting = lock(&self.superseded);
        let mut superseded = Vec::new();
        if let Ok(Success::Tab(Answer { kind, .. })) = &outcome {
            match kind {
                AnswerKind::Superseded => {
                    waiting.extend(call.request_id.clone().map(|id| (call.id, id)));
                }
                AnswerKind::Payload {
                    superseded: older, ..
                } => superseded.extend(older.iter().filter_map(|call| waiting.remove(call))),
                _ => {}
            }
        }
        match wire::outcome(call, outcome, superseded) {
            None => {}
            Some(WireAnswer::Event(event)) => self.push(call.request_id.clone(), *event),
            Some(WireAnswer::Payload(head, payload)) => self.push_payload(call, head, &payload),
        }
    }

    fn push_payload(&self, call: &Call, head: PayloadHead, payload: &Payload) {
        let id = call.request_id.clone();
        if let Err(error) = self.outbox.push_payload(head, id.clone(), payload) {
            metrics::dropped("payload", "notBase64");
            tracing::warn!(tab = ?call.tab, %error, "a payload cannot be sent");
            let failure = TabError::from(ScreenshotError::NotAPicture).into();
            self.push(id, wire_error::of_failure(call.kind, &failure, call.tab));
        }
    }

    fn push(&self, request_id: Option<RequestId>, event: impl Into<Event>) {
        self.outbox.push_message(&Message {
            request_id,
            ..Message::unasked(event.into())
        });
    }
}
