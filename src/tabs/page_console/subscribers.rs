//! Who is told what is written to a tab's console, and the feed that runs for them.

use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;

use super::feed::{FeedStart, MAILBOX, Order, Subscriber, start};
use super::join::Join;
use crate::tabs::error::TabError;
use crate::tabs::fact::FactSink;
use crate::tabs::identity::{CallerId, Scope};
use crate::tabs::reply::{AnswerKind, Reply};
use crate::tabs::supervisor::SupervisorHandle;
use crate::tabs::target::Target;

/// The subscribers of one tab.
pub struct Subscribers {
    tab: TabId,
    scope: Scope,
    supervisor: SupervisorHandle,
    facts: Arc<dyn FactSink>,
    /// Those whom the feed tells, or is to tell as soon as it hears the page.
    subscribed: Vec<Join>,
    feed: Option<mpsc::Sender<Order>>,
    /// Those who asked while the tab had no page.
    waiting: Vec<Join>,
}

impl Subscribers {
    /// Nobody is subscribed.
    pub fn new(
        tab: TabId,
        scope: Scope,
        supervisor: SupervisorHandle,
        facts: Arc<dyn FactSink>,
    ) -> Self {
        Self {
            tab,
            scope,
            supervisor,
            facts,
            subscribed: Vec::new(),
            feed: None,
            waiting: Vec::new(),
        }
    }

    /// A connection wants to be told from now on.
    pub fn subscribe(&mut self, subscriber: Subscriber, reply: Reply, target: Option<&Target>) {
        let join = Join::new(subscriber, reply);
        let feed = self.feed.as_ref().filter(|feed| !feed.is_closed());
        if target.is_some() && feed.is_some_and(|feed| feed.capacity() == 0) {
            // A subscription that it has goes on.
            join.refuse(|_| TabError::QueueFull { limit: MAILBOX });
            return;
        }
        self.forget(join.subscriber.caller);
        self.forget_gone();
        let Some(target) = target else {
            self.waiting.push(join);
            return;
        };
        self.subscribed.push(join.clone());
        let order = Order::Join(join);
        let feed = self.feed.as_ref();
        let is_sent = feed.is_some_and(|feed| feed.try_send(order).is_ok());
        if !is_sent {
            // There is none, or it has ended and tells nobody any more.
            self.start(target, false);
        }
    }

    /// A connection wants to be told no more, or never was: the answer is the same. It comes after
    /// all that is told.
    pub fn unsubscribe(&mut self, reply: Reply) {
        self.forget(reply.call.caller);
        let order = Order::Leave(reply);
        let unsent = match &self.feed {
            Some(feed) => feed.try_send(order).err().map(TrySendError::into_inner),
            None => Some(order),
        };
        if let Some(Order::Leave(reply)) = unsent {
            reply.answer(self.tab, AnswerKind::Subscribed);
        }
    }

    /// The tab lives in another target: everybody goes on listening to that, and who waits is
    /// answered when it is heard.
    pub fn moved(&mut self, target: &Target) {
        self.feed = None;
        self.forget_gone();
        self.subscribed.append(&mut self.waiting);
        if !self.subscribed.is_empty() {
            self.start(target, true);
        }
    }

    /// Those whose time is over before the tab had a page.
    pub fn expire(&mut self, now: Instant) {
        let is_over = |join: &mut Join| join.deadline().is_none_or(|deadline| deadline <= now);
        for join in self.waiting.extract_if(.., is_over) {
            join.refuse(|reply| reply.timed_out("the tab's page"));
        }
    }

    /// When the first of them runs out of time.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.waiting.iter().filter_map(Join::deadline).min()
    }

    /// Ends everything. Who has not been answered waits for that still.
    pub fn end(&mut self) {
        self.feed = None;
        self.subscribed.iter().for_each(|it| it.subscriber.end());
        self.waiting.append(&mut self.subscribed);
    }

    /// Those who wait, for a page or until it is heard, come back to be answered.
    pub fn give_up_waiting(&mut self) -> Vec<Reply> {
        let mut replies = Vec::new();
        // Whoever is not among them has just been answered by the feed.
        for join in self.subscribed.iter().chain(&self.waiting) {
            if let Some(reply) = join.take_reply() {
                join.subscriber.end();
                replies.push(reply);
            }
        }
        self.waiting.clear();
        replies
    }

    fn forget(&mut self, caller: CallerId) {
        self.forget_those(|it| it.caller == caller);
    }

    /// Forgets those whose session is over, or who were told no more.
    fn forget_gone(&mut self) {
        self.forget_those(Subscriber::is_gone);
    }

    fn forget_those(&mut self, which: impl Fn(&Subscriber) -> bool) {
        for joins in [&mut self.subscribed, &mut self.waiting] {
            for join in joins.extract_if(.., |it| which(&it.subscriber)) {
                join.subscriber.end();
                join.refuse(|_| TabError::Dropped);
            }
        }
    }

    /// Starts a feed for all.
    fn start(&mut self, target: &Target, is_new: bool) {
        let feed = start(
            FeedStart {
                tab: self.tab,
                scope: self.scope.clone(),
                target: target.id.clone(),
                browser: target.browser.clone(),
                supervisor: self.supervisor.clone(),
                facts: Arc::clone(&self.facts),
                is_new,
            },
            self.subscribed.clone(),
        );
        self.feed = Some(feed);
    }
}
