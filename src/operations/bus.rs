//! The event bus: every fact gets a number and a time, once, and goes to every listener, each with a bound
//! and a named overload.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

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
pub trait FactListener: Send + Sync + 'static {
    /// A fact was published.
    fn on_fact(&self, published: &Arc<Published>);
}

/// The bus. Cheap to clone.
#[derive(Clone, Default)]
pub struct EventBus {
    inner: Arc<Mutex<BusInner>>,
}

#[derive(Default)]
struct BusInner {
    last: u64,
    listeners: Vec<Arc<dyn FactListener>>,
    queues: Vec<BusQueue>,
}

/// A listener that takes facts in a task of its own.
struct BusQueue {
    name: &'static str,
    sender: mpsc::Sender<Arc<Published>>,
    /// The caller that the facts must concern; all facts, if none.
    only_for: Option<(Scope, CallerId)>,
}

impl BusQueue {
    fn wants(&self, fact: &Fact) -> bool {
        let only_for = self.only_for.as_ref();
        only_for.is_none_or(|(scope, caller)| fact.concerns(scope, *caller))
    }
}

impl std::fmt::Debug for EventBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventBus")
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

    /// Adds a queue of so many facts, until its receiver is dropped. A fact for which it has no room is
    /// dropped and counted under `name`; the gap shows in [`Published::seq`].
    pub fn subscribe(&self, name: &'static str, capacity: usize) -> mpsc::Receiver<Arc<Published>> {
        let (sender, receiver) = mpsc::channel(capacity);
        self.inner().queues.push(BusQueue {
            name,
            sender,
            only_for: None,
        });
        receiver
    }

    /// Adds a queue for the facts that a door sends to this caller, who listens in this scope.
    pub fn subscribe_for(
        &self,
        scope: Scope,
        caller: CallerId,
        name: &'static str,
        capacity: usize,
    ) -> mpsc::Receiver<Arc<Published>> {
        let (sender, receiver) = mpsc::channel(capacity);
        let only_for = Some((scope, caller));
        self.inner().queues.push(BusQueue {
            name,
            sender,
            only_for,
        });
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
        for listener in &inner.listeners {
            listener.on_fact(&published);
        }
        inner.queues.retain(|queue| {
            if !queue.wants(&published.fact) {
                return !queue.sender.is_closed();
            }
            match queue.sender.try_send(Arc::clone(&published)) {
                Ok(()) => true,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    metrics::dropped("fact", queue.name);
                    true
                }
                Err(mpsc::error::TrySendError::Closed(_)) => false,
            }
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
        let mut fast = bus.subscribe("fast", 16);
        let mut slow = bus.subscribe("slow", 2);
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
        drop(bus.subscribe("gone", 1));
        bus.publish(fact(1));
        assert!(bus.inner().queues.is_empty());
    }

    #[test]
    fn a_queue_for_one_caller_has_what_concerns_it() {
        let bus = EventBus::new();
        let mut of_a = bus.subscribe_for("a".into(), CallerId(1), "a", 4);
        let mut of_b = bus.subscribe_for("b".into(), CallerId(2), "b", 4);
        let tab = cdp_bridge_protocol::TabId::new(1);
        bus.publish(Fact::of_tab(&"a".into(), tab, FactKind::TabActivated));
        bus.publish(fact(1));
        assert_eq!(received(&mut of_a), [1, 2]);
        assert_eq!(received(&mut of_b), [2]);
    }
}
