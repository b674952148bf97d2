//! Who is connected, and so who hears what happens to tabs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use cdp_bridge_protocol::{Event, Message, RequestKind, TabId};

use super::outbox::Outbox;
use super::wire_error;
use crate::lock::lock;
use crate::metrics;
use crate::tabs::{Audience, ClientId, ConnectionId, Failure};

/// The sessions of every client, and how many of them are connected.
#[derive(Debug, Default)]
pub struct Hub {
    clients: Mutex<HashMap<ClientId, Vec<Outbox>>>,
    connected: AtomicUsize,
}

/// A connection, which is counted until this is dropped.
#[derive(Debug)]
pub struct Connected<'a>(&'a Hub);

/// A session's place in the hub; it is left when this is dropped.
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

    /// Lets a session hear the events of its client's tabs.
    pub fn join(self: &Arc<Self>, client: ClientId, outbox: Outbox) -> Membership {
        let id = outbox.id();
        let mut clients = self.clients();
        clients.entry(client.clone()).or_default().push(outbox);
        drop(clients);
        Membership {
            hub: Arc::clone(self),
            client,
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
    pub fn has(&self, client: &ClientId) -> bool {
        self.clients().contains_key(client)
    }

    /// Does something with every session.
    pub(super) fn each(&self, act: impl Fn(&Outbox)) {
        self.clients().values().flatten().for_each(act);
    }

    /// Tells those sessions of a client that this is true of.
    fn tell_where(&self, client: &ClientId, event: Event, hears: impl Fn(ConnectionId) -> bool) {
        let clients = self.clients();
        let mut listeners = clients
            .get(client)
            .into_iter()
            .flatten()
            .filter(|outbox| hears(outbox.id()))
            .peekable();
        if listeners.peek().is_some() {
            let json = Bytes::from(Message::unasked(event).to_json());
            listeners.for_each(|outbox| outbox.push_text(json.clone()));
        }
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<ClientId, Vec<Outbox>>> {
        lock(&self.clients)
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
        let mut clients = self.hub.clients();
        if let Some(outboxes) = clients.get_mut(&self.client) {
            outboxes.retain(|outbox| outbox.id() != self.id);
            if outboxes.is_empty() {
                clients.remove(&self.client);
            }
        }
    }
}

impl Audience for Hub {
    fn tell(&self, client: &ClientId, event: Event, except: Option<ConnectionId>) {
        self.tell_where(client, event, |id| Some(id) != except);
    }

    fn tell_only(&self, client: &ClientId, event: Event, listeners: &[ConnectionId]) {
        self.tell_where(client, event, |id| listeners.contains(&id));
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
        hub.tell(&"a".into(), Pong { ts: 1 }.into(), Some(ConnectionId(2)));
        assert_eq!(boxes.each_ref().map(heard), [1, 0, 0]);
        hub.tell(&"a".into(), Pong { ts: 1 }.into(), None);
        assert_eq!(boxes.each_ref().map(heard), [1, 1, 0]);
        let others = [ConnectionId(1), ConnectionId(3)];
        hub.tell_only(&"a".into(), Pong { ts: 1 }.into(), &others);
        assert_eq!(boxes.each_ref().map(heard), [1, 0, 0]);
        hub.tell_all(Pong { ts: 2 }.into());
        assert_eq!(boxes.each_ref().map(heard), [1, 1, 1]);
    }

    #[test]
    fn a_session_that_is_over_hears_nothing() {
        let hub = Arc::new(Hub::new());
        let left = outbox(1);
        drop(hub.join("a".into(), left.clone()));
        hub.tell(&"a".into(), Pong { ts: 1 }.into(), None);
        assert_eq!((heard(&left), hub.has(&"a".into())), (0, false));
    }
}
