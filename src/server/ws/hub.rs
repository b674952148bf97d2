//! Sends what happens to tabs to the links of their clients.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use cdp_bridge_protocol::Message;

use super::outbox::Outbox;
use crate::lock::lock;
use crate::metrics;
use crate::operations::drain::{CountGuard, Counter};
use crate::operations::sessions::SessionStatus;
use crate::operations::{
    Audience, CallerId, ClientId, Fact, FactKind, FactListener, Published, Scope,
};
use crate::server::wire;

/// The links of every scope, and the number of open connections.
#[derive(Debug, Default)]
pub struct Hub {
    scopes: Mutex<HashMap<Scope, Vec<Outbox>>>,
    connected: Counter,
}

impl Hub {
    /// Adds a link: it is sent the events of this scope's tabs. A link may be in several scopes.
    pub fn join(&self, scope: Scope, outbox: Outbox) {
        let mut scopes = self.scopes();
        let outboxes = scopes.entry(scope).or_default();
        if outboxes.iter().all(|it| it.id() != outbox.id()) {
            outboxes.push(outbox);
        }
    }

    /// Removes a link of this client from all of its scopes.
    pub fn leave(&self, client: &ClientId, id: CallerId) {
        self.scopes().retain(|scope, outboxes| {
            if scope.client == *client {
                outboxes.retain(|outbox| outbox.id() != id);
            }
            !outboxes.is_empty()
        });
    }

    /// Counts a connection until the guard is dropped.
    pub fn connected(&self) -> CountGuard {
        CountGuard::new(&self.connected, metrics::connections)
    }

    /// The number of open connections. A link that waits for its client has none.
    pub fn connections(&self) -> usize {
        *self.connected.borrow()
    }

    fn scopes(&self) -> MutexGuard<'_, HashMap<Scope, Vec<Outbox>>> {
        lock(&self.scopes)
    }
}

#[cfg(test)]
impl Hub {
    /// Whether this scope has a link.
    pub(crate) fn has(&self, scope: &Scope) -> bool {
        self.scopes().contains_key(scope)
    }

    /// Calls this for every link.
    pub(crate) fn each(&self, act: impl Fn(&Outbox)) {
        self.scopes().values().flatten().for_each(act);
    }
}

impl FactListener for Hub {
    /// Sends the fact to every link that it concerns, except the one whose call caused it: there it is the answer.
    fn on_fact(&self, published: &Arc<Published>) {
        let fact = &published.fact;
        let mut scopes = self.scopes();
        let listeners = listeners(&scopes, fact);
        if !listeners.is_empty()
            && let Some(event) = wire::event(fact.clone())
        {
            let json = Bytes::from(Message::unasked(event).to_json());
            for outbox in listeners {
                outbox.push_text(json.clone());
            }
        }
        // Nothing more happens in a session that is gone, and those that followed it may stay for long.
        if let (Audience::Session(scope), FactKind::SessionStateChanged { status, .. }) =
            (&fact.audience, &fact.kind)
            && matches!(status, SessionStatus::Destroyed | SessionStatus::Error)
        {
            scopes.remove(scope);
        }
    }
}

/// The links that a fact concerns, each once. One of a scope need not look at the links of the others.
fn listeners<'a>(scopes: &'a HashMap<Scope, Vec<Outbox>>, fact: &Fact) -> Vec<&'a Outbox> {
    let of = |scope: &Scope| scopes.get_key_value(scope);
    let (first, second) = match &fact.audience {
        Audience::Everyone => (None, None),
        Audience::Scope(scope) | Audience::Subscribers(scope, _) => (of(scope), None),
        Audience::Session(scope) => {
            let own = Scope::default_of(scope.client.clone());
            (of(scope), of(&own))
        }
    };
    let is_of_all = fact.audience == Audience::Everyone;
    let of_all = scopes.iter().filter(|_| is_of_all);
    let concerned = first.into_iter().chain(second).chain(of_all);
    let concerned = concerned.flat_map(|(scope, outboxes)| {
        let all = outboxes.iter();
        all.filter(move |outbox| fact.concerns(scope, outbox.id()))
    });
    // A link that follows sessions is found in several scopes.
    let mut seen = HashSet::new();
    concerned
        .filter(|outbox| seen.insert(outbox.id()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{CallId, EventBus};
    use crate::server::ws::client_send_budget::QueuedBytes;
    use crate::server::ws::send_queue::Outgoing;
    use crate::tabs::FactSink as _;
    use cdp_bridge_protocol::TabId;
    use cdp_bridge_protocol::payload::{Encoding, Part};

    fn outbox(id: u64) -> Outbox {
        Outbox::new(
            CallerId(id),
            Encoding::Text,
            100,
            1000,
            QueuedBytes::alone(),
            None,
        )
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
        let (hub, bus) = (Arc::new(Hub::default()), EventBus::new());
        bus.listen(Arc::<Hub>::clone(&hub));
        let boxes = [outbox(1), outbox(2), outbox(3)];
        for (scope, outbox) in ["a", "a", "b"].into_iter().zip(&boxes) {
            hub.join(scope.into(), outbox.clone());
        }
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
        let (hub, bus) = (Arc::new(Hub::default()), EventBus::new());
        bus.listen(Arc::<Hub>::clone(&hub));
        let left = outbox(1);
        hub.join("a".into(), left.clone());
        hub.leave(&ClientId::from("a"), left.id());
        bus.publish(fact());
        assert_eq!((received(&left), hub.has(&"a".into())), (0, false));
    }
}
