//! One listener of a stream, with the reply that is still owed to it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cdp_bridge_protocol::TabId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::listeners::Member;
use super::stream::StreamListener;
use crate::tabs::error::TabError;
use crate::tabs::reply::Reply;

/// A listener and its reply. Clones are the same subscription: the tab's actor and the feed's task
/// both hold it, and whichever can answer first takes the reply. Whoever ends a subscription answers it.
pub(in crate::tabs) struct Subscription<L>(Arc<State<L>>);

struct State<L> {
    tab: TabId,
    listener: L,
    /// `None` once it has been answered.
    reply: Mutex<Option<Reply>>,
    ended: CancellationToken,
}

impl<L> Clone for Subscription<L> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<L> fmt::Debug for Subscription<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscription")
    }
}

impl<L> std::ops::Deref for Subscription<L> {
    type Target = L;

    fn deref(&self) -> &L {
        &self.0.listener
    }
}

impl<L: StreamListener> Subscription<L> {
    pub(super) fn new(tab: TabId, listener: L, reply: Reply) -> Self {
        Self(Arc::new(State {
            tab,
            listener,
            reply: Mutex::new(Some(reply)),
            ended: CancellationToken::new(),
        }))
    }

    /// Answers the request that subscribed, unless that was done at an earlier page.
    pub(super) fn confirm(&self) {
        if let Some(reply) = self.take_reply() {
            L::confirm(self.0.tab, reply);
        }
    }

    /// Ends it; a request that was not answered is answered as withdrawn.
    pub(super) fn withdraw(&self) {
        self.end();
        if let Some(reply) = self.take_reply() {
            L::withdraw(self.0.tab, reply);
        }
    }

    /// Ends a subscription that was never confirmed with this error. A confirmed one goes on.
    pub(super) fn refuse(&self, error: impl FnOnce(&Reply) -> TabError) {
        if let Some(reply) = self.take_unconfirmed() {
            let error = error(&reply);
            reply.fail(error);
        }
    }

    /// Ends a subscription that was never confirmed and returns its reply.
    pub(super) fn take_unconfirmed(&self) -> Option<Reply> {
        let reply = {
            let mut reply = self.reply();
            if reply.is_some() {
                // Before anyone can take a subscription without a reply for a confirmed one.
                self.0.ended.cancel();
            }
            reply.take()
        };
        if reply.is_some() {
            self.0.listener.end();
        }
        reply
    }

    pub(super) fn end(&self) {
        self.0.ended.cancel();
        self.0.listener.end();
    }

    /// Whether it was ended here, as opposed to by its subscriber's leaving.
    pub(super) fn is_ended(&self) -> bool {
        self.0.ended.is_cancelled()
    }

    /// Whether it was ended, or its subscriber has left.
    pub(in crate::tabs) fn is_over(&self) -> bool {
        self.is_ended() || self.0.listener.is_gone()
    }

    /// Resolves when it has been ended or its subscriber has left.
    pub(super) async fn over(self) {
        tokio::select! {
            () = self.0.ended.cancelled() => {}
            () = self.0.listener.gone() => {}
        }
    }

    fn take_reply(&self) -> Option<Reply> {
        self.reply().take()
    }

    fn reply(&self) -> MutexGuard<'_, Option<Reply>> {
        self.0.reply.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: StreamListener> Member for Subscription<L> {
    type Key = L::Key;

    fn key(&self) -> L::Key {
        self.0.listener.key()
    }

    fn deadline(&self) -> Option<Instant> {
        self.reply().as_ref().map(|reply| reply.deadline)
    }

    fn is_over(&self) -> bool {
        Subscription::is_over(self)
    }
}
