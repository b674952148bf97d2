//! Sends what happens to tabs to the links of their clients.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use cdp_bridge_protocol::{Event, Message, RequestKind, TabId};

use crate::metrics;
use crate::operations::{Audience, CallerId, ClientId, Failure};
use crate::server::wire_error;
use crate::server::ws::outbox::Outbox;

/// The links of every client, and the number of open connections.
#[derive(Debug, Default)]
pub struct Hub {
    clients: Mutex<HashMap<ClientId, Vec<Outbox>>>,
    connected: AtomicUsize,
}

/// Counts a connection until it is dropped.
#[derive(Debug)]
pub struct Connected<'a>(&'a Hub);

/// Keeps a link in the hub until it is dropped.
#[derive(Debug)]
pub struct Membership {
    hub: Arc<Hub>,
    client: ClientId,
    id: CallerId,
}

impl Hub {
    /// A hub without links.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a link: it receives the events of its client's tabs.
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

    /// The number of open connections. A link that waits for its client has none.
    pub fn len(&self) -> usize {
        self.connected.load(Ordering::Relaxed)
    }

    /// Whether there are no open connections.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this client has a link.
    pub fn has(&self, client: &ClientId) -> bool {
        self.clients().contains_key(client)
    }

    /// Calls this for every link.
    pub(crate) fn each(&self, act: impl Fn(&Outbox)) {
        self.clients().values().flatten().for_each(act);
    }

    /// Sends an event to the links of a client that are selected.
    fn send_where(&self, client: &ClientId, event: Event, selects: impl Fn(CallerId) -> bool) {
        let clients = self.clients();
        let mut listeners = clients
            .get(client)
            .into_iter()
            .flatten()
            .filter(|outbox| selects(outbox.id()))
            .peekable();
        if listeners.peek().is_some() {
            let json = Bytes::from(Message::unasked(event).to_json());
            listeners.for_each(|outbox| outbox.push_text(json.clone()));
        }
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<ClientId, Vec<Outbox>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn tell(&self, client: &ClientId, event: Event, except: Option<CallerId>) {
        self.send_where(client, event, |id| Some(id) != except);
    }

    fn tell_only(&self, client: &ClientId, event: Event, listeners: &[CallerId]) {
        self.send_where(client, event, |id| listeners.contains(&id));
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
    use super::*;
    use crate::server::ws::send_queue::Outgoing;
    use cdp_bridge_protocol::event::Pong;
    use cdp_bridge_protocol::payload::{Encoding, Part};

    fn outbox(id: u64) -> Outbox {
        Outbox::new(CallerId(id), Encoding::Text, 100, 1000, None)
    }

    fn heard(outbox: &Outbox) -> usize {
        std::iter::from_fn(|| outbox.try_next())
            .filter(|next| matches!(next, Outgoing::Part(Part::Text(_))))
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
        hub.tell(&"a".into(), Pong { ts: 1 }.into(), Some(CallerId(2)));
        assert_eq!(boxes.each_ref().map(heard), [1, 0, 0]);
        hub.tell(&"a".into(), Pong { ts: 1 }.into(), None);
        assert_eq!(boxes.each_ref().map(heard), [1, 1, 0]);
        let others = [CallerId(1), CallerId(3)];
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
