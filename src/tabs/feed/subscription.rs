//! One listener of a stream, with the reply that is still owed to it.

use std::sync::{Arc, Mutex, MutexGuard};

use cdp_bridge_protocol::TabId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::listeners::Member;
use super::stream::StreamListener;
use crate::lock::lock;
use crate::tabs::error::TabError;
use crate::tabs::identity::CallId;
use crate::tabs::reply::Reply;

/// A listener and its reply. The tab's actor and the feed's task share it, and whichever can answer
/// first takes the reply. Ending a subscription answers it.
pub(crate) struct Subscription<L> {
    tab: TabId,
    pub(crate) listener: L,
    /// `None` once it has been answered.
    reply: Mutex<Option<Reply>>,
    ended: CancellationToken,
}

impl<L: StreamListener> Subscription<L> {
    pub(super) fn new(tab: TabId, listener: L, reply: Reply) -> Arc<Self> {
        Arc::new(Self {
            tab,
            listener,
            reply: Mutex::new(Some(reply)),
            ended: CancellationToken::new(),
        })
    }

    /// Answers the request that subscribed, unless that was done at an earlier page.
    pub(super) fn confirm(&self) {
        if let Some(reply) = self.reply().take() {
            L::confirm(self.tab, reply);
        }
    }

    /// Ends it; a request that was not answered is answered as withdrawn.
    pub(super) fn withdraw(&self) {
        self.end();
        if let Some(reply) = self.reply().take() {
            L::withdraw(self.tab, reply);
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
        self.take_reply_if(|_| true)
    }

    /// The same, if it was this call that subscribed.
    pub(super) fn take_reply_of(&self, call: CallId) -> Option<Reply> {
        self.take_reply_if(|reply| reply.call == call)
    }

    fn take_reply_if(&self, is_meant: impl FnOnce(&mut Reply) -> bool) -> Option<Reply> {
        let mut reply = self.reply();
        let taken = reply.take_if(is_meant);
        if taken.is_some() {
            // While it is locked: without its reply it would be taken for a confirmed one.
            self.end();
        }
        taken
    }

    pub(super) fn end(&self) {
        self.ended.cancel();
        self.listener.end();
    }

    /// Whether it was ended here, as opposed to by its subscriber's leaving.
    pub(super) fn is_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_ended() || self.listener.is_gone()
    }

    /// Resolves when it was ended or its subscriber has left.
    pub(super) async fn over(self: Arc<Self>) {
        tokio::select! {
            () = self.ended.cancelled() => {}
            () = self.listener.gone() => {}
        }
    }

    fn reply(&self) -> MutexGuard<'_, Option<Reply>> {
        lock(&self.reply)
    }
}

impl<L: StreamListener> Member for Arc<Subscription<L>> {
    fn deadline(&self) -> Option<Instant> {
        self.reply().as_ref().map(|reply| reply.deadline)
    }

    fn is_over(&self) -> bool {
        Subscription::is_over(self)
    }
}
