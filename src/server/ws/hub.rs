//! Sends what happens to tabs to the links of their clients.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use cdp_bridge_protocol::Message;

use super::outbox::Outbox;
use crate::lock::lock;
use crate::metrics;
use crate::operations::{CallerId, FactListener, Published, Scope};
use crate::server::wire;

/// The links of every scope, and the number of open connections.
#[derive(Debug, Default)]
pub struct Hub {
    scopes: Mutex<HashMap<Scope, Vec<Outbox>>>,
    connected: AtomicUsize,
}

/// Counts a connection until it is dropped.
#[derive(Debug)]
pub struct ConnectionGauge<'a>(&'a Hub);

/// Keeps a link in the hub until it is dropped.
#[derive(Debug)]
pub struct Membership {
    hub: Arc<Hub>,
    scope: Scope,
    id: CallerId,
}

impl Hub {
    /// A hub without links.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a link: it is sent the events of its scope's tabs.
    pub fn join(self: &Arc<Self>, scope: Scope, outbox: Outbox) -> Membership {
        let id = outbox.id();
        let mut scopes = self.scopes();
        scopes.entry(scope.clone()).or_default().push(outbox);
        drop(scopes);
        Membership {
            hub: Arc::clone(self),
            scope,
            id,
        }
    }

    /// Counts a connection.
    pub fn connected(&self) -> ConnectionGauge<'_> {
        let before = self.connected.fetch_add(1, Ordering::Relaxed);
        metrics::connections(before + 1);
        ConnectionGauge(self)
    }

    /// The number of open connections. A link that waits for its client has none.
    pub fn len(&self) -> usize {
        self.connected.load(Ordering::Relaxed)
    }

    /// Whether there are no open connections.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this scope has a link.
    pub fn has(&self, scope: &Scope) -> bool {
        self.scopes().contains_key(scope)
    }

    /// Calls this for every link.
    pub(crate) fn each(&self, act: impl Fn(&Outbox)) {
        self.scopes().values().flatten().for_each(act);
    }

    fn scopes(&self) -> MutexGuard<'_, HashMap<Scope, Vec<Outbox>>> {
        lock(&self.scopes)
    }
}

impl Drop for ConnectionGauge<'_> {
    fn drop(&mut self) {
        let before = self.0.connected.fetch_sub(1, Ordering::Relaxed);
        metrics::connections(before - 1);
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut scopes = self.hub.scopes();
        if let Some(outboxes) = scopes.get_mut(&self.scope) {
            outboxes.retain(|outbox| outbox.id() != self.id);
            if outboxes.is_empty() {
                scopes.remove(&self.scope);
            }
        }
    }
}

impl FactListener for Hub {
    /// Sends the fact to every link that it concerns, except the one whose call caused it: there it is the answer.
    fn on_fact(&self, published: &Arc<Published>) {
        let fact = &published.fact;
        let scopes = self.scopes();
        // A fact of one scope need not look at the links of the others.
        let of_scope = fact
            .audience
            .scope()
            .and_then(|it| scopes.get_key_value(it));
        let of_all = scopes.iter().filter(|_| fact.audience.scope().is_none());
        let mut listeners = of_scope
            .into_iter()
            .chain(of_all)
            .flat_map(|(scope, outboxes)| outboxes.iter().map(move |outbox| (scope, outbox)))
            .filter(|(scope, outbox)| fact.concerns(scope, outbox.id()))
            .map(|(_, outbox)| outbox)
            .peekable();
        if listeners.peek().is_some()
            && let Some(event) = wire::event(fact.clone())
        {
            let json = Bytes::from(Message::unasked(event).to_json());
            listeners.for_each(|outbox| outbox.push_text(json.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{Audience, CallId, EventBus, Fact, FactKind};
    use crate::server::ws::send_queue::Outgoing;
    use crate::tabs::FactSink as _;
    use cdp_bridge_protocol::TabId;
    use cdp_bridge_protocol::payload::{Encoding, Part};

    fn outbox(id: u64) -> Outbox {
        Outbox::new(CallerId(id), Encoding::Text, 100, 1000, None)
    }

    fn received(outbox: &Outbox) -> usize {
        std::iter::from_fn(|| outbox.try_next())
            .filter(|next| matches!(next, Outgoing::Part(Part::Text(_))))
            .count()
    }

    fn fact() -> Fact {
        Fact::of_tab(&"a".into(), TabId::new(1), FactKind::TabActivated)
    }

    #[test]
    fn every_link_of_the_scope_is_sent_its_facts_except_the_one_that_caused_them() {
        let (hub, bus) = (Arc::new(Hub::new()), EventBus::new());
        bus.listen(Arc::<Hub>::clone(&hub));
        let boxes = [outbox(1), outbox(2), outbox(3)];
        let _members = [
            hub.join("a".into(), boxes[0].clone()),
            hub.join("a".into(), boxes[1].clone()),
            hub.join("b".into(), boxes[2].clone()),
        ];
        bus.publish(fact().caused_by(CallId {
            caller: CallerId(2),
            number: 1,
        }));
        assert_eq!(boxes.each_ref().map(received), [1, 0, 0]);
        bus.publish(fact());
        assert_eq!(boxes.each_ref().map(received), [1, 1, 0]);
        bus.publish(Fact {
            audience: Audience::Subscribers("a".into(), vec![CallerId(1), CallerId(3)]),
            ..fact()
        });
        assert_eq!(boxes.each_ref().map(received), [1, 0, 0]);
        let (reason, restarts) = (None, 1);
        bus.publish(Fact::of_browser(FactKind::BrowserUp { reason, restarts }));
        assert_eq!(boxes.each_ref().map(received), [1, 1, 1]);
    }

    #[test]
    fn a_link_that_has_ended_is_sent_nothing() {
        let (hub, bus) = (Arc::new(Hub::new()), EventBus::new());
        bus.listen(Arc::<Hub>::clone(&hub));
        let left = outbox(1);
        drop(hub.join("a".into(), left.clone()));
        bus.publish(fact());
        assert_eq!((received(&left), hub.has(&"a".into())), (0, false));
    }
}
