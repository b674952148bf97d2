//! Who is connected, and so who hears what happens to tabs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use cdp_bridge_protocol::Message;

use super::connection_id::ConnectionId;
use super::outbox::Outbox;
use super::wire;
use crate::bus::{FactListener, Published};
use crate::lock::lock;
use crate::metrics;
use crate::tabs::{Audience, CallerId, Scope};

/// The sessions of every client, and how many of them are connected.
#[derive(Debug, Default)]
pub struct Hub {
    scopes: Mutex<HashMap<Scope, Vec<Outbox>>>,
    connected: AtomicUsize,
}

/// A connection, which is counted until this is dropped.
#[derive(Debug)]
pub struct Connected<'a>(&'a Hub);

/// A session's place in the hub; it is left when this is dropped.
#[derive(Debug)]
pub struct Membership {
    hub: Arc<Hub>,
    scope: Scope,
    id: ConnectionId,
}

impl Hub {
    /// Nobody is connected.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a session hear the events of its client's tabs.
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
    pub fn connected(&self) -> Connected<'_> {
        let before = self.connected.fetch_add(1, Ordering::Relaxed);
        metrics::connections(before + 1);
        Connected(self)
    }

    /// How many connections there are. A session whose client is away has none.
    pub fn len(&self) -> usize {
        self.connected.load(Ordering::Relaxed)
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this client has a session.
    pub fn has(&self, scope: &Scope) -> bool {
        self.scopes().contains_key(scope)
    }

    /// Does something with every session.
    pub(super) fn each(&self, act: impl Fn(&Outbox)) {
        self.scopes().values().flatten().for_each(act);
    }

    fn scopes(&self) -> MutexGuard<'_, HashMap<Scope, Vec<Outbox>>> {
        lock(&self.scopes)
    }
}

impl Drop for Connected<'_> {
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
    /// Every session that the fact concerns is sent it, except the one whose call caused it, which gets it
    /// as its answer.
    fn on_fact(&self, published: &Arc<Published>) {
        let fact = &published.fact;
        let cause = fact.cause.map(|call| call.caller);
        let concerns = |caller: CallerId| {
            let wants = match &fact.audience {
                Audience::Subscribers(_, callers) => callers.contains(&caller),
                Audience::Everyone | Audience::Scope(_) => true,
            };
            wants && Some(caller) != cause
        };
        let scopes = self.scopes();
        let all = match fact.audience.scope() {
            Some(scope) => scopes.get(scope).map_or(&[][..], Vec::as_slice),
            None => &[],
        };
        let everyone = scopes
            .values()
            .flatten()
            .filter(|_| fact.audience == Audience::Everyone);
        let mut listeners = all
            .iter()
            .chain(everyone)
            .filter(|outbox| concerns(outbox.id().into()))
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
    use super::super::lanes::Next;
    use super::super::tests::harness::publish;
    use super::*;
    use crate::tabs::{CallId, Fact, FactKind};
    use cdp_bridge_protocol::TabId;
    use cdp_bridge_protocol::payload::{Encoding, Part};

    fn outbox(id: u64) -> Outbox {
        Outbox::new(ConnectionId(id), Encoding::Text, 100, 1000, None)
    }

    fn heard(outbox: &Outbox) -> usize {
        std::iter::from_fn(|| outbox.try_next())
            .filter(|next| matches!(next, Next::Part(Part::Text(_))))
            .count()
    }

    #[test]
    fn every_connection_of_the_client_hears_its_events_except_the_one_that_asked() {
        let hub = Arc::new(Hub::new());
        let boxes = [outbox(1), outbox(2), outbox(3)];
        let _members = [
            hub.join("a".into(), boxes[0].clone()),
            hub.join("a".into(), boxes[1].clone()),
            hub.join("b".into(), boxes[2].clone()),
        ];
        let loaded = || Fact::of_tab(&"a".into(), TabId::new(1), FactKind::Loaded { at_ms: 1 });
        let call = CallId {
            caller: CallerId(2),
            number: 1,
        };
        publish(&hub, loaded().caused_by(call));
        assert_eq!(boxes.each_ref().map(heard), [1, 0, 0]);
        publish(&hub, loaded());
        assert_eq!(boxes.each_ref().map(heard), [1, 1, 0]);
        let some = vec![CallerId(1), CallerId(3)];
        publish(
            &hub,
            Fact {
                audience: Audience::Subscribers("a".into(), some),
                ..loaded()
            },
        );
        assert_eq!(boxes.each_ref().map(heard), [1, 0, 0]);
        let reason = None;
        let up = FactKind::BrowserUp {
            reason,
            restarts: 1,
        };
        publish(&hub, Fact::of_browser(up));
        assert_eq!(boxes.each_ref().map(heard), [1, 1, 1]);
    }

    #[test]
    fn a_session_that_is_over_hears_nothing() {
        let hub = Arc::new(Hub::new());
        let left = outbox(1);
        drop(hub.join("a".into(), left.clone()));
        let loaded = FactKind::Loaded { at_ms: 1 };
        publish(&hub, Fact::of_tab(&"a".into(), TabId::new(1), loaded));
        assert_eq!((heard(&left), hub.has(&"a".into())), (0, false));
    }
}
