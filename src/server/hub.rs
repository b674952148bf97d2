//! Who is connected, and so who hears what happens to tabs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use cdp_bridge_protocol::{Event, Message, RequestKind, TabId};

use super::outbox::Outbox;
use super::wire_error;
use crate::metrics;
use crate::tabs::{Audience, ClientId, ConnectionId, Failure};

/// The connections of every client.
#[derive(Debug, Default)]
pub struct Hub {
    clients: Mutex<HashMap<ClientId, Vec<Outbox>>>,
}

/// A connection's place in the hub; it is left when this is dropped.
#[derive(Debug)]
pub struct Membership {
    hub: Arc<Hub>,
    client: ClientId,
    id: ConnectionId,
}

impl Hub {
    /// Nobody is connected.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a connection hear the events of its client's tabs.
    pub fn join(self: &Arc<Self>, client: ClientId, outbox: Outbox) -> Membership {
        let id = outbox.id();
        let mut clients = self.clients();
        clients.entry(client.clone()).or_default().push(outbox);
        metrics::connections(count(&clients));
        drop(clients);
        Membership {
            hub: Arc::clone(self),
            client,
            id,
        }
    }

    /// How many connections there are.
    pub fn len(&self) -> usize {
        count(&self.clients())
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this client has a connection.
    pub fn has(&self, client: &ClientId) -> bool {
        self.clients().contains_key(client)
    }

    /// Does something with every connection.
    pub(super) fn each(&self, act: impl Fn(&Outbox)) {
        self.clients().values().flatten().for_each(act);
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<ClientId, Vec<Outbox>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(clients: &HashMap<ClientId, Vec<Outbox>>) -> usize {
    clients.values().map(Vec::len).sum()
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut clients = self.hub.clients();
        if let Some(outboxes) = clients.get_mut(&self.client) {
            outboxes.retain(|outbox| outbox.id() != self.id);
            if outboxes.is_empty() {
                clients.remove(&self.client);
            }
        }
        metrics::connections(count(&clients));
    }
}

impl Audience for Hub {
    fn tell(&self, client: &ClientId, event: Event, except: Option<ConnectionId>) {
        let clients = self.clients();
        let mut listeners = clients
            .get(client)
            .into_iter()
            .flatten()
            .filter(|outbox| Some(outbox.id()) != except)
            .peekable();
        if listeners.peek().is_some() {
            let json = Bytes::from(Message::unasked(event).to_json());
            listeners.for_each(|outbox| outbox.push_text(json.clone()));
        }
    }

    fn tell_failure(&self, client: &ClientId, tab: TabId, failure: Failure) {
        // What goes wrong in a tab without a request is a navigation: the first one, or the
        // page's own.
        let error = wire_error::of_failure(RequestKind::Navigate, &failure, Some(tab));
        self.tell(client, error.into(), None);
    }

    fn tell_all(&self, event: Event) {
        let json = Bytes::from(Message::unasked(event).to_json());
        self.each(|outbox| outbox.push_text(json.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::lanes::Next;
    use super::*;
    use cdp_bridge_protocol::event::Pong;
    use cdp_bridge_protocol::payload::{Encoding, Part};

    fn outbox(id: u64) -> Outbox {
        Outbox::new(ConnectionId(id), Encoding::Text, 100, 1000)
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
        hub.tell(&"a".into(), Pong { ts: 1 }.into(), Some(ConnectionId(2)));
        assert_eq!(boxes.each_ref().map(heard), [1, 0, 0]);
        hub.tell(&"a".into(), Pong { ts: 1 }.into(), None);
        assert_eq!(boxes.each_ref().map(heard), [1, 1, 0]);
        hub.tell_all(Pong { ts: 2 }.into());
        assert_eq!(boxes.each_ref().map(heard), [1, 1, 1]);
    }

    #[test]
    fn a_connection_that_left_is_not_counted_and_hears_nothing() {
        let hub = Arc::new(Hub::new());
        let left = outbox(1);
        drop(hub.join("a".into(), left.clone()));
        hub.tell(&"a".into(), Pong { ts: 1 }.into(), None);
        assert_eq!(
            (heard(&left), hub.len(), hub.has(&"a".into())),
            (0, 0, false)
        );
    }
}
