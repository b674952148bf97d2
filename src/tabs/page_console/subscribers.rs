//! Who is told what is written to a tab's console, and the feed that runs for them.

use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;

use super::feed::{FeedStart, Join, MAILBOX, Order, Subscriber, done, start};
use crate::tabs::audience::Audience;
use crate::tabs::error::TabError;
use crate::tabs::identity::{ClientId, ConnectionId};
use crate::tabs::reply::Reply;
use crate::tabs::supervisor::SupervisorHandle;
use crate::tabs::target::Target;

/// The subscribers of one tab.
pub struct Subscribers {
    tab: TabId,
    client: ClientId,
    supervisor: SupervisorHandle,
    audience: Arc<dyn Audience>,
    subscribed: Vec<Subscriber>,
    feed: Option<mpsc::Sender<Order>>,
    /// Those who asked while the tab had no page.
    waiting: Vec<(Subscriber, Reply)>,
}

impl Subscribers {
    /// Nobody is subscribed.
    pub fn new(
        tab: TabId,
        client: ClientId,
        supervisor: SupervisorHandle,
        audience: Arc<dyn Audience>,
    ) -> Self {
        Self {
            tab,
            client,
            supervisor,
            audience,
            subscribed: Vec::new(),
            feed: None,
            waiting: Vec::new(),
        }
    }

    /// A connection wants to be told from now on.
    pub fn subscribe(&mut self, subscriber: Subscriber, reply: Reply, target: Option<&Target>) {
        self.forget(subscriber.connection);
        self.subscribed.retain(|it| !it.is_gone());
        let Some(target) = target else {
            self.waiting.push((subscriber, reply));
            return;
        };
        self.subscribed.push(subscriber.clone());
        let mut join = Join(subscriber, Some(reply));
        if let Some(feed) = &self.feed {
            join = match feed.try_send(Order::Join(join)) {
                // It has ended.
                Err(TrySendError::Closed(Order::Join(back))) => back,
                Err(TrySendError::Full(Order::Join(Join(subscriber, reply)))) => {
                    subscriber.end();
                    if let Some(reply) = reply {
                        reply.fail(TabError::QueueFull { limit: MAILBOX });
                    }
                    return;
                }
                _ => return,
            };
        }
        self.start(target, false, vec![join]);
    }

    /// A connection wants to be told no more, or never was: the answer is the same. It comes after
    /// all that is told.
    pub fn unsubscribe(&mut self, reply: Reply) {
        self.forget(reply.connection);
        let order = Order::Leave(reply);
        let unsent = match &self.feed {
            Some(feed) => feed.try_send(order).err().map(TrySendError::into_inner),
            None => Some(order),
        };
        if let Some(Order::Leave(reply)) = unsent {
            reply.event(done(self.tab));
        }
    }

    /// The tab lives in another target: everybody goes on listening to that.
    pub fn moved(&mut self, target: &Target) {
        self.feed = None;
        self.subscribed.retain(|it| !it.is_gone());
        let known = self.subscribed.iter().cloned();
        let mut joins: Vec<_> = known.map(|subscriber| Join(subscriber, None)).collect();
        for (subscriber, reply) in self.waiting.drain(..) {
            self.subscribed.push(subscriber.clone());
            joins.push(Join(subscriber, Some(reply)));
        }
        if !joins.is_empty() {
            self.start(target, true, joins);
        }
    }

    /// Those whose time is over before the tab had a page.
    pub fn expire(&mut self, now: Instant) {
        for (subscriber, reply) in self
            .waiting
            .extract_if(.., |(_, reply)| reply.deadline <= now)
        {
            subscriber.end();
            let error = reply.timed_out("the tab's page");
            reply.fail(error);
        }
    }

    /// When the first of them runs out of time.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|(_, reply)| reply.deadline).min()
    }

    /// Ends everything but the waiting.
    pub fn end(&mut self) {
        self.subscribed.drain(..).for_each(|it| it.end());
        self.feed = None;
    }

    /// Those who wait for a page come back to be answered.
    pub fn give_up_waiting(&mut self) -> Vec<Reply> {
        let waiting = self.waiting.drain(..);
        let replies = waiting.map(|(subscriber, reply)| {
            subscriber.end();
            reply
        });
        replies.collect()
    }

    fn forget(&mut self, connection: ConnectionId) {
        for subscriber in self
            .subscribed
            .extract_if(.., |it| it.connection == connection)
        {
            subscriber.end();
        }
        for (subscriber, reply) in self
            .waiting
            .extract_if(.., |(it, _)| it.connection == connection)
        {
            subscriber.end();
            reply.fail(TabError::Dropped);
        }
    }

    fn start(&mut self, target: &Target, is_new: bool, joins: Vec<Join>) {
        let feed = start(
            FeedStart {
                tab: self.tab,
                client: self.client.clone(),
                target: target.id.clone(),
                browser: target.browser.clone(),
                supervisor: self.supervisor.clone(),
                audience: Arc::clone(&self.audience),
                is_new,
            },
            joins,
        );
        self.feed = Some(feed);
    }
}
