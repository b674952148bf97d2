//! Unanswered requests (pure).

use cdp_bridge_protocol::{Event, Request, RequestId};
use tokio::sync::oneshot;

use super::disconnect::Disconnect;
use super::error::RequestError;
use super::received::Received;

/// Delivers the answer to the caller.
pub(super) type AnswerSender = oneshot::Sender<Result<Received, RequestError>>;

#[derive(Debug)]
struct Waiting {
    id: RequestId,
    kind: &'static str,
    text: String,
    /// Whether executing it twice has the same effect as once.
    repeatable: bool,
    answer: AnswerSender,
}

/// The unanswered requests of a session, oldest first.
#[derive(Debug, Default)]
pub(super) struct PendingRequests {
    numbered: u64,
    waiting: Vec<Waiting>,
}

impl PendingRequests {
    /// Adds a request and returns the text to send; `None` if its id is in use.
    pub(super) fn add(&mut self, mut request: Request, answer: AnswerSender) -> Option<String> {
        let id = match request.request_id.take() {
            Some(id) => id,
            None => self.fresh_id(),
        };
        if self.position(&id).is_some() {
            let _ = answer.send(Err(RequestError::IdInUse(id.to_string())));
            return None;
        }
        request.request_id = Some(id.clone());
        let kind = request.body.kind();
        let text = request.to_json();
        self.waiting.push(Waiting {
            id,
            kind: kind.as_str(),
            text: text.clone(),
            repeatable: !kind.takes_idempotency_key() || request.idempotency_key.is_some(),
            answer,
        });
        Some(text)
    }

    /// Delivers an answer to every request that it answers. An unknown id was answered before: after a resume, a coalesced
    /// snapshot may be answered twice.
    pub(super) fn came(&mut self, received: Received) {
        let mut answered: Vec<Waiting> = Vec::new();
        for id in received.answers() {
            if let Some(place) = self.position(&id) {
                answered.push(self.waiting.remove(place));
            }
        }
        // Payloads are large and rarely shared, so the last receiver gets the original instead of a copy.
        let last = answered.pop();
        for waiting in answered {
            give(waiting, received.clone());
        }
        if let Some(waiting) = last {
            give(waiting, received);
        }
    }

    /// The requests to resend on a new connection (`docs/resume.md`): those that the bridge has not received. If messages were
    /// lost, a change without an idempotency key may have been executed, and its request fails.
    pub(super) fn send_again(&mut self, in_flight: &[RequestId], lost: bool) -> Vec<String> {
        let mut texts = Vec::new();
        let mut kept = Vec::new();
        for waiting in self.waiting.drain(..) {
            if waiting.answer.is_closed() && !in_flight.contains(&waiting.id) {
                continue;
            }
            if !in_flight.contains(&waiting.id) {
                if lost && !waiting.repeatable {
                    let kind = waiting.kind;
                    let _ = waiting
                        .answer
                        .send(Err(RequestError::OutcomeUnknown { kind }));
                    continue;
                }
                texts.push(waiting.text.clone());
            }
            kept.push(waiting);
        }
        self.waiting = kept;
        texts
    }

    /// Fails every request, since the connection is closed.
    pub(super) fn fail(&mut self, closing: &Disconnect) {
        for waiting in self.waiting.drain(..) {
            let _ = waiting
                .answer
                .send(Err(RequestError::Over(closing.clone())));
        }
    }

    fn position(&self, id: &RequestId) -> Option<usize> {
        self.waiting.iter().position(|waiting| waiting.id == *id)
    }

    fn fresh_id(&mut self) -> RequestId {
        loop {
            self.numbered += 1;
            let id = RequestId::Text(format!("r{}", self.numbered));
            if self.position(&id).is_none() {
                return id;
            }
        }
    }
}

/// Delivers an answer; the caller may have dropped its future.
fn give(waiting: Waiting, received: Received) {
    let answer = match received {
        Received::Message(message) => match message.event {
            Event::Error(error) => Err(RequestError::Refused(Box::new(error))),
            _ => Ok(Received::Message(message)),
        },
        received => Ok(received),
    };
    let _ = waiting.answer.send(answer);
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::event::{CloseReason, Pong, TabClosed};
    use cdp_bridge_protocol::request::{CloseTab, Ping};
    use cdp_bridge_protocol::{IdempotencyKey, Message, TabId};

    type Waiter = oneshot::Receiver<Result<Received, RequestError>>;

    fn close(key: Option<&str>) -> Request {
        let mut request = Request::new(
            "x",
            CloseTab {
                tab_id: TabId::new(1).into(),
            },
        );
        request.request_id = None;
        request.idempotency_key =
            key.map(|key| serde_json::from_value::<IdempotencyKey>(key.into()).unwrap());
        request
    }

    fn ask(pending: &mut PendingRequests, request: Request) -> (String, Waiter) {
        let (answer, waiter) = oneshot::channel();
        (pending.add(request, answer).unwrap(), waiter)
    }

    fn answer(id: &str, event: impl Into<Event>) -> Received {
        let mut message = Message::unasked(event);
        message.request_id = Some(id.into());
        Received::Message(Box::new(message))
    }

    #[test]
    fn an_answer_finds_its_request_and_no_other() {
        let mut pending = PendingRequests::default();
        let (_, mut first) = ask(&mut pending, Request::new("a", Ping {}));
        let (_, mut second) = ask(&mut pending, Request::new("b", Ping {}));
        pending.came(answer("b", Pong { ts: 1 }));
        assert!(second.try_recv().unwrap().is_ok());
        assert!(first.try_recv().is_err(), "it still waits");
    }

    #[test]
    fn an_id_that_is_in_use_is_refused() {
        let mut pending = PendingRequests::default();
        let _first = ask(&mut pending, Request::new("a", Ping {}));
        let (answer, mut waiter) = oneshot::channel();
        assert_eq!(pending.add(Request::new("a", Ping {}), answer), None);
        assert!(matches!(
            waiter.try_recv().unwrap(),
            Err(RequestError::IdInUse(_))
        ));
    }

    #[test]
    fn what_was_never_read_is_sent_again_and_what_runs_is_not() {
        let mut pending = PendingRequests::default();
        let (_, _running) = ask(&mut pending, close(None));
        let (unread, _waiter) = ask(&mut pending, close(None));
        assert_eq!(pending.send_again(&["r1".into()], false), [unread]);
    }

    #[test]
    fn a_change_whose_answer_is_lost_is_sent_again_only_with_a_key() {
        let mut pending = PendingRequests::default();
        let (_, mut changed) = ask(&mut pending, close(None));
        let (keyed, mut safe) = ask(&mut pending, close(Some("once")));
        let (looked, _looks) = ask(&mut pending, Request::new("p", Ping {}));
        assert_eq!(pending.send_again(&[], true), [keyed, looked]);
        assert!(matches!(
            changed.try_recv().unwrap(),
            Err(RequestError::OutcomeUnknown { kind: "closeTab" })
        ));
        pending.came(answer(
            "r2",
            TabClosed {
                id: TabId::new(1),
                reason: CloseReason::Requested,
            },
        ));
        assert!(safe.try_recv().unwrap().is_ok());
    }

    #[test]
    fn all_fail_with_the_reason_when_the_connection_is_over() {
        let mut pending = PendingRequests::default();
        let (_, mut waiter) = ask(&mut pending, Request::new("a", Ping {}));
        let closing = Disconnect {
            code: Some(1001),
            reason: String::new(),
        };
        pending.fail(&closing);
        let error = waiter.try_recv().unwrap().unwrap_err().to_string();
        assert_eq!(
            error,
            "the connection is closed: 1001, the bridge is stopping"
        );
    }
}
