//! What may be queued for all links of one client together, so that many connections that are not read do not
//! hold as many times what one may. No I/O.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use crate::lock::lock;
use crate::operations::ClientId;

/// The budgets of all clients.
#[derive(Debug)]
pub struct ClientSendBudgets {
    limit: usize,
    clients: Mutex<HashMap<ClientId, Weak<ClientSendBudget>>>,
}

/// The bytes that are queued for the links of one client.
#[derive(Debug)]
pub struct ClientSendBudget {
    limit: usize,
    bytes: AtomicUsize,
}

/// The bytes that are queued for one link, which count in the budget of its client.
#[derive(Debug)]
pub struct QueuedBytes {
    own: usize,
    client: Arc<ClientSendBudget>,
}

impl ClientSendBudgets {
    /// `limit` is the most bytes of one client.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            clients: Mutex::default(),
        }
    }

    /// The bytes of a new link of this client.
    pub fn link_of(&self, client: &ClientId) -> QueuedBytes {
        let mut clients = lock(&self.clients);
        let known = clients.get(client).and_then(Weak::upgrade);
        let budget = known.unwrap_or_else(|| {
            clients.retain(|_, budget| budget.strong_count() > 0);
            let budget = Arc::new(ClientSendBudget {
                limit: self.limit,
                bytes: AtomicUsize::new(0),
            });
            clients.insert(client.clone(), Arc::downgrade(&budget));
            budget
        });
        QueuedBytes {
            own: 0,
            client: budget,
        }
    }
}

impl QueuedBytes {
    /// The bytes of a link that shares its budget with no other.
    #[cfg(test)]
    pub fn alone() -> Self {
        ClientSendBudgets::new(usize::MAX).link_of(&ClientId::from("alone"))
    }

    /// The bytes of this link.
    pub fn get(&self) -> usize {
        self.own
    }

    pub fn add(&mut self, bytes: usize) {
        self.own += bytes;
        self.client.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn remove(&mut self, bytes: usize) {
        self.own -= bytes;
        self.client.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether the budget of the client has room for so many bytes more. Within its equal part of the budget a link
    /// always has room, so that it does not suffer from others that are not read. A payload that is larger than
    /// its part may be queued alone, while less than half of the budget is used.
    pub fn has_room(&self, bytes: usize) -> bool {
        let budget = &self.client;
        let used = budget.bytes.load(Ordering::Relaxed);
        let links = Arc::strong_count(budget);
        used.saturating_add(bytes) <= budget.limit
            || self.own.saturating_add(bytes) <= budget.limit / links
            || (self.own == 0 && used <= budget.limit / 2)
    }
}

impl Drop for QueuedBytes {
    fn drop(&mut self) {
        self.remove(self.own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_links_of_a_client_share_a_budget_of_which_each_has_its_part() {
        let budgets = ClientSendBudgets::new(100);
        let client = ClientId::from("a");
        let mut unread = budgets.link_of(&client);
        assert!(unread.has_room(100));
        unread.add(90);
        let mut read = budgets.link_of(&client);
        assert!(read.has_room(50), "it has half of the budget");
        read.add(50);
        assert!(!read.has_room(1), "no more than that");
        assert!(!unread.has_room(1));
        let other = budgets.link_of(&ClientId::from("b"));
        assert!(
            other.has_room(100),
            "another client has a budget of its own"
        );
        drop(unread);
        assert!(
            read.has_room(50),
            "what was queued for a link that has ended is free"
        );
        drop(read);
        assert!(budgets.link_of(&client).has_room(100));
    }

    #[test]
    fn a_payload_above_the_budget_is_queued_alone() {
        let budgets = ClientSendBudgets::new(100);
        let client = ClientId::from("a");
        let mut first = budgets.link_of(&client);
        let second = budgets.link_of(&client);
        assert!(first.has_room(500));
        first.add(500);
        assert!(!second.has_room(500), "only one at a time");
        assert!(second.has_room(50));
    }

    #[test]
    fn ended_clients_are_forgotten() {
        let budgets = ClientSendBudgets::new(100);
        for number in 0..10 {
            drop(budgets.link_of(&ClientId::from(number.to_string().as_str())));
        }
        assert_eq!(lock(&budgets.clients).len(), 1);
    }
}
