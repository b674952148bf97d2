//! The event bus: every fact gets a number and a time, once, and goes to every listener, each with a bound
//! and a named overload.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::clock::epoch_ms;
use crate::lock::lock;
use crate::metrics;
use crate::tabs::{CallerId, Fact, FactSink, Scope};

/// A fact as it was published.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its place among all facts of the process, from 1, without gaps.
    pub seq: u64,
    /// Milliseconds since the epoch.
    pub at_ms: u64,
    /// What happened.
    pub fact: Fact,
}

/// Takes facts as they are published, in their order. It must not wait, and bounds what it keeps.
pub trait FactListener: Debug + Send + Sync + 'static {
    /// A fact was published.
    fn on_fact(&self, published: &Arc<Published>);

    /// Whether it takes no more facts, so that the bus may forget it.
    fn has_ended(&self) -> bool {
        false
    }
}

/// The bus. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct EventBus {
    inner: Arc<Mutex<BusInner>>,
}

#[derive(Debug, Default)]
struct BusInner {
    last: u64,
    listeners: Vec<Arc<dyn FactListener>>,
}

/// A listener that takes facts in a task of its own.
#[derive(Debug)]
struct BusQueue {
    name: &'static str,
    sender: mpsc::Sender<Arc<Published>>,
    /// The caller that the facts must concern; all facts, if none.
    only_for: Option<(Scope, CallerId)>,
}

impl FactListener for BusQueue {
    fn on_fact(&self, published: &Arc<Published>) {
        let only_for = self.only_for.as_ref();
        let concerns = only_for.is_none_or(|(scope, id)| published.fact.concerns(scope, *id));
        if concerns && let Err(TrySendError::Full(_)) = self.sender.try_send(Arc::clone(published))
        {
            metrics::dropped("fact", self.name);
        }
    }

    fn has_ended(&self) -> bool {
        self.sender.is_closed()
    }
}

impl EventBus {
    /// A bus without listeners.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a listener that is called as facts are published.
    pub fn listen(&self, listener: Arc<dyn FactListener>) {
        self.inner().listeners.push(listener);
    }

    /// Adds a queue of so many facts, until its receiver is dropped: of all facts, or of those that a door sends to
    /// one caller, who listens in this scope. A fact for which it has no room is dropped and counted under `name`;
    /// the gap shows in [`Published::seq`].
    pub fn subscribe(
        &self,
        name: &'static str,
        capacity: usize,
        only_for: Option<(Scope, CallerId)>,
    ) -> mpsc::Receiver<Arc<Published>> {
        let (sender, receiver) = mpsc::channel(capacity);
        self.listen(Arc::new(BusQueue {
            name,
            sender,
            only_for,
        }));
        receiver
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, BusInner> {
        lock(&self.inner)
    }
}

impl FactSink for EventBus {
    fn publish(&self, fact: Fact) {
        // The lock is held until every listener has the fact, so that all see the same order.
        let mut inner = self.inner();
        inner.last += 1;
        let published = Arc::new(Published {
            seq: inner.last,
            at_ms: epoch_ms(),
            fact,
        });
        inner.listeners.retain(|listener| {
            listener.on_fact(&published);
            !listener.has_ended()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::FactKind;

    fn fact(restarts: u64) -> Fact {
        let reason = None;
        Fact::of_browser(FactKind::BrowserUp { reason, restarts })
    }

    fn received(receiver: &mut mpsc::Receiver<Arc<Published>>) -> Vec<u64> {
        std::iter::from_fn(|| receiver.try_recv().ok())
            .map(|published| published.seq)
            .collect()
    }

    #[test]
    fn every_listener_sees_each_fact_once_in_order_whatever_another_one_does() {
        let bus = EventBus::new();
        let mut fast = bus.subscribe("fast", 16, None);
        let mut slow = bus.subscribe("slow", 2, None);
        for number in 1..=5 {
            bus.publish(fact(number));
        }
        assert_eq!(received(&mut fast), [1, 2, 3, 4, 5]);
        assert_eq!(received(&mut slow), [1, 2], "the gap shows in the numbers");
        bus.publish(fact(6));
        assert_eq!(received(&mut slow), [6]);
    }

    #[test]
    fn a_listener_that_is_gone_is_forgotten() {
        let bus = EventBus::new();
        drop(bus.subscribe("gone", 1, None));
        bus.publish(fact(1));
        assert!(bus.inner().listeners.is_empty());
    }

    #[test]
    fn a_queue_for_one_caller_has_what_concerns_it() {
        let bus = EventBus::new();
        let mut of_a = bus.subscribe("a", 4, Some(("a".into(), CallerId(1))));
        let mut of_b = bus.subscribe("b", 4, Some(("b".into(), CallerId(2))));
        let tab = cdp_bridge_protocol::TabId::new(1);
        bus.publish(Fact::of_tab(&"a".into(), tab, FactKind::TabActivated));
        bus.publish(fact(1));
        assert_eq!(received(&mut of_a), [1, 2]);
        assert_eq!(received(&mut of_b), [2]);
    }
}
