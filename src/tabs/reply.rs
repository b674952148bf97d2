//! The answer to a request: exactly one, whatever happens.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use cdp_bridge_protocol::payload::{Payload, PayloadHead};
use cdp_bridge_protocol::{Event, RequestId, RequestKind};
use tokio::time::Instant;

use super::error::{Failure, TabError};
use super::identity::ConnectionId;

/// A good answer.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A message without a payload.
    Event(Box<Event>),
    /// A snapshot or a picture.
    Payload {
        /// The message around it; `seq` and `total` are filled in when it is cut.
        head: PayloadHead,
        /// What it carries.
        payload: Payload,
    },
    /// The request is answered by a newer one of the same connection, whose answer lists it.
    Coalesced(Kept),
}

/// What requests that a newer one answers keep of themselves until its answer is on its way. Clones are
/// the same one.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Vec<Box<dyn Any + Send>>>>);

impl Kept {
    /// Keeps this until the last clone is dropped.
    pub fn keep(&self, what: impl Any + Send) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(Box::new(what));
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

/// How a request ended.
pub type Outcome = Result<Answer, Failure>;

type Deliver = Box<dyn FnOnce(Outcome) + Send>;

/// Where one request's answer goes. It can be used once; dropped unused, it answers with an
/// error by itself, so that no path through the bridge can leave a request unanswered.
pub struct Reply {
    deliver: Option<Deliver>,
    /// Which request it is.
    pub kind: RequestKind,
    /// The client's own name for the request.
    pub request_id: Option<RequestId>,
    /// The connection that asked.
    pub connection: ConnectionId,
    /// When the request arrived.
    pub arrived: Instant,
    /// When its time limit passes.
    pub deadline: Instant,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Reply {
    /// A reply that is delivered by this function, which must not wait.
    pub fn new(
        kind: RequestKind,
        request_id: Option<RequestId>,
        connection: ConnectionId,
        arrived: Instant,
        deadline: Instant,
        deliver: impl FnOnce(Outcome) + Send + 'static,
    ) -> Self {
        let deliver: Option<Deliver> = Some(Box::new(deliver));
        Self {
            deliver,
            kind,
            request_id,
            connection,
            arrived,
            deadline,
        }
    }

    /// Answers with a message.
    pub fn event(self, event: impl Into<Event>) {
        self.send(Ok(Answer::Event(Box::new(event.into()))));
    }

    /// Answers with an error.
    pub fn fail(self, failure: impl Into<Failure>) {
        self.send(Err(failure.into()));
    }

    /// Answers.
    pub fn send(mut self, outcome: Outcome) {
        if let Some(deliver) = self.deliver.take() {
            deliver(outcome);
        }
    }

    /// The error of a request whose time limit has passed.
    pub fn timed_out(&self, waiting_for: &'static str) -> TabError {
        let limit = self.deadline - self.arrived;
        TabError::TimedOut {
            request: self.kind,
            limit,
            waiting_for,
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(deliver) = self.deliver.take() {
            deliver(Err(TabError::Lost.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::event::Pong;
    use std::sync::mpsc;

    fn reply() -> (Reply, mpsc::Receiver<Outcome>) {
        let (sender, outcomes) = mpsc::channel();
        let now = Instant::now();
        let reply = Reply::new(
            RequestKind::Ping,
            None,
            ConnectionId(1),
            now,
            now,
            move |outcome| {
                sender.send(outcome).unwrap();
            },
        );
        (reply, outcomes)
    }

    #[test]
    fn a_reply_is_delivered_once() {
        let (reply, outcomes) = reply();
        reply.event(Pong { ts: 1 });
        assert!(
            matches!(outcomes.recv(), Ok(Ok(Answer::Event(event))) if matches!(*event, Event::Pong(_)))
        );
        assert!(outcomes.recv().is_err());
    }

    #[test]
    fn a_reply_that_is_dropped_answers_with_an_error() {
        let (reply, outcomes) = reply();
        drop(reply);
        let Ok(Err(Failure {
            error: TabError::Lost,
            ..
        })) = outcomes.recv()
        else {
            panic!("a lost request is answered");
        };
    }
}
