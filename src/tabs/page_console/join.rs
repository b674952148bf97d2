//! One who subscribes, and the answer that is still to be given.

use std::sync::{Arc, Mutex};

use tokio::time::Instant;

use super::feed::Subscriber;
use crate::lock::lock;
use crate::tabs::error::TabError;
use crate::tabs::reply::Reply;

/// A subscriber and its answer. Clones are the same one: both the tab and its feed hold it, so that
/// who was not answered by the one feed is answered by the next, or by the tab itself.
#[derive(Debug, Clone)]
pub(super) struct Join {
    pub(super) subscriber: Subscriber,
    /// None: it has been answered.
    reply: Arc<Mutex<Option<Reply>>>,
}

impl Join {
    /// A subscriber that waits for this answer.
    pub(super) fn new(subscriber: Subscriber, reply: Reply) -> Self {
        Self {
            subscriber,
            reply: Arc::new(Mutex::new(Some(reply))),
        }
    }

    /// The answer, for the one who comes first.
    pub(super) fn take_reply(&self) -> Option<Reply> {
        let mut reply = lock(&self.reply);
        reply.take()
    }

    /// When its time is over; none if it has been answered.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let reply = lock(&self.reply);
        reply.as_ref().map(|reply| reply.deadline)
    }

    /// Whether it still waits for its answer.
    pub(super) fn is_waiting(&self) -> bool {
        self.deadline().is_some()
    }

    /// Ends a subscription that was never confirmed with this error. One that was goes on.
    pub(super) fn refuse(&self, error: impl FnOnce(&Reply) -> TabError) {
        if let Some(reply) = self.take_reply() {
            self.subscriber.end();
            let error = error(&reply);
            reply.fail(error);
        }
    }
}
