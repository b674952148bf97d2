//! The subscriptions to one kind of stream of a tab, and the feeds that serve them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;

use super::listeners::Member as _;
use super::stream::{PageStream, StreamFactory, StreamListener};
use super::subscription::Subscription;
use super::task::{FeedCommand, MAILBOX, start};
use crate::tabs::error::TabError;
use crate::tabs::identity::CallId;
use crate::tabs::reply::Reply;

type ListenerOf<F> = <<F as StreamFactory>::Stream as PageStream>::Listener;
type KeyOf<F> = <ListenerOf<F> as StreamListener>::Key;

type Running<F> = HashMap<<F as StreamFactory>::Spec, mpsc::Sender<FeedCommand<ListenerOf<F>>>>;

pub(crate) struct Feeds<F: StreamFactory> {
    tab: TabId,
    factory: F,
    entries: Vec<Entry<F>>,
    /// The feeds at the present page. One without listeners has closed its stream.
    running: Running<F>,
}

struct Entry<F: StreamFactory> {
    spec: F::Spec,
    subscription: Arc<Subscription<ListenerOf<F>>>,
    /// It came while the tab had no page, and is not in a feed yet.
    awaits_page: bool,
}

impl<F: StreamFactory> Entry<F> {
    /// Whether no task answers it: it waits for a page, or the feed has ended.
    fn is_unserved(&self, running: &Running<F>) -> bool {
        let feed = running.get(&self.spec);
        self.awaits_page || feed.is_none_or(mpsc::Sender::is_closed)
    }
}

impl<F: StreamFactory> Feeds<F> {
    pub(crate) fn with(tab: TabId, factory: F) -> Self {
        Self {
            tab,
            factory,
            entries: Vec::new(),
            running: HashMap::new(),
        }
    }

    /// Subscribes a listener, in place of an earlier subscription with the same key. Without a page
    /// it waits for one.
    pub(crate) fn subscribe(
        &mut self,
        spec: F::Spec,
        listener: ListenerOf<F>,
        reply: Reply,
        page: Option<&F::Page>,
    ) {
        let subscription = Subscription::new(self.tab, listener, reply);
        let feed = self.running.get(&spec).filter(|feed| !feed.is_closed());
        if page.is_some() && feed.is_some_and(|feed| feed.capacity() == 0) {
            // An earlier subscription goes on.
            subscription.refuse(|_| TabError::QueueFull { limit: MAILBOX });
            return;
        }
        let key = subscription.listener.key();
        self.forget(|it| it.listener.key() == key || it.is_over());
        self.entries.push(Entry {
            spec,
            subscription: subscription.clone(),
            awaits_page: page.is_none(),
        });
        let Some(page) = page else { return };
        let entries = &self.entries;
        self.running
            .retain(|spec, _| entries.iter().any(|entry| entry.spec == *spec));
        let join = FeedCommand::Join(subscription);
        let feed = self.running.get(&spec);
        if feed.is_none_or(|feed| feed.try_send(join).is_err()) {
            // There is none, or it has ended.
            self.start(spec, page, false);
        }
    }

    /// Ends a subscription, if there is one. `answer` is run after everything that was passed on.
    pub(crate) fn unsubscribe(&mut self, key: KeyOf<F>, answer: impl FnOnce() + Send + 'static) {
        let mut entries = self.entries.iter();
        let entry = entries.find(|it| it.subscription.listener.key() == key);
        let feed = entry.and_then(|entry| self.running.get(&entry.spec).cloned());
        self.forget(|it| it.listener.key() == key);
        let answer = FeedCommand::Answer(Box::new(answer));
        let unsent = match feed {
            Some(feed) => feed.try_send(answer).err().map(TrySendError::into_inner),
            None => Some(answer),
        };
        if let Some(FeedCommand::Answer(answer)) = unsent {
            answer();
        }
    }

    /// The tab has another page: every subscription continues there, and pending ones are confirmed
    /// when its stream is open.
    pub(crate) fn moved(&mut self, page: &F::Page) {
        self.running.clear();
        self.forget(Subscription::is_over);
        let entries = self.entries.iter_mut();
        let specs = entries.map(|entry| {
            entry.awaits_page = false;
            entry.spec
        });
        for spec in specs.collect::<HashSet<_>>() {
            self.start(spec, page, true);
        }
    }

    /// Refuses those whose deadline passed before the tab had a page, or whose feed is gone.
    pub(crate) fn expire(&mut self, now: Instant) {
        let running = &self.running;
        let is_due = |entry: &mut Entry<F>| {
            entry.is_unserved(running)
                && entry.subscription.deadline().is_none_or(|it| it <= now)
                && (entry.awaits_page || entry.subscription.deadline().is_some())
        };
        for entry in self.entries.extract_if(.., is_due) {
            let error = |reply: &Reply| reply.timed_out("the tab's page");
            entry.subscription.refuse(error);
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let entries = self.entries.iter();
        let unserved = entries.filter(|entry| entry.is_unserved(&self.running));
        let deadlines = unserved.filter_map(|entry| entry.subscription.deadline());
        deadlines.min()
    }

    /// Ends every subscription. Replies that are still open are left to
    /// [`give_up_waiting`](Self::give_up_waiting).
    pub(crate) fn end(&mut self) {
        self.running.clear();
        for entry in &mut self.entries {
            entry.subscription.end();
            entry.awaits_page = true;
        }
    }

    /// Ends the subscriptions that are not confirmed yet, and returns their replies.
    pub(crate) fn give_up_waiting(&mut self) -> Vec<Reply> {
        let entries = self.entries.iter();
        let replies = entries.filter_map(|entry| entry.subscription.take_unconfirmed());
        let replies = replies.collect();
        self.entries.retain(|entry| !entry.subscription.is_ended());
        replies
    }

    /// Ends the subscription that this call is to make, unless it is confirmed, and returns its reply.
    pub(crate) fn give_up(&mut self, call: CallId) -> Option<Reply> {
        let mut entries = self.entries.iter();
        let reply = entries.find_map(|entry| entry.subscription.take_reply_of(call))?;
        self.entries.retain(|entry| !entry.subscription.is_ended());
        Some(reply)
    }

    fn forget(&mut self, which: impl Fn(&Subscription<ListenerOf<F>>) -> bool) {
        let is_meant = |entry: &mut Entry<F>| which(&entry.subscription);
        for entry in self.entries.extract_if(.., is_meant) {
            if entry.awaits_page {
                entry.subscription.refuse(|_| TabError::Dropped);
            }
            entry.subscription.withdraw();
        }
    }

    /// Starts a feed for all subscriptions of this spec.
    fn start(&mut self, spec: F::Spec, page: &F::Page, replaces: bool) {
        let entries = self.entries.iter();
        let its = entries.filter(|entry| entry.spec == spec && !entry.awaits_page);
        let its = its.map(|entry| entry.subscription.clone()).collect();
        let stream = self.factory.stream(spec, page, replaces);
        self.running.insert(spec, start(stream, its));
    }
}
