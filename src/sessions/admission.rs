//! Requests to create a session that wait for a place: fair between clients. No I/O.

use std::collections::HashMap;

use super::SessionOptions;
use crate::tabs::ClientId;

/// Names a request that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

/// A request that waits.
#[derive(Debug)]
pub(super) struct Waiting<W> {
    ticket: Ticket,
    pub(super) client: ClientId,
    pub(super) options: SessionOptions,
    pub(super) waiter: W,
}

/// The requests that wait, of all clients, the oldest first.
#[derive(Debug)]
pub(super) struct AdmissionQueue<W> {
    waiting: Vec<Waiting<W>>,
    last: u64,
}

impl<W> Default for AdmissionQueue<W> {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
            last: 0,
        }
    }
}

impl<W> AdmissionQueue<W> {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn of(&self, client: &ClientId) -> usize {
        self.waiting
            .iter()
            .filter(|it| it.client == *client)
            .count()
    }

    pub(super) fn push(&mut self, client: ClientId, options: SessionOptions, waiter: W) -> Ticket {
        self.last += 1;
        let ticket = Ticket(self.last);
        self.waiting.push(Waiting {
            ticket,
            client,
            options,
            waiter,
        });
        ticket
    }

    /// Takes out a request that waits no more.
    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<Waiting<W>> {
        let at = self.waiting.iter().position(|it| it.ticket == ticket)?;
        Some(self.waiting.remove(at))
    }

    /// Takes out the newest request of the client that has the most, if that leaves it with no fewer than `client` has
    /// with one more.
    pub(super) fn displace_for(&mut self, client: &ClientId) -> Option<Waiting<W>> {
        let of_newest = self
            .waiting
            .iter()
            .map(|it| (self.of(&it.client), it.ticket));
        let (most, ticket) = of_newest.max()?;
        (most > self.of(client) + 1).then_some(())?;
        self.remove(ticket)
    }

    /// Takes out the requests of this client for the session that it calls so.
    pub(super) fn take_equal(&mut self, client: &ClientId, external_id: &str) -> Vec<Waiting<W>> {
        let equal = |it: &mut Waiting<W>| {
            it.client == *client && it.options.external_id.as_deref() == Some(external_id)
        };
        self.waiting.extract_if(.., equal).collect()
    }

    /// Takes out everything.
    pub(super) fn take_all(&mut self) -> Vec<Waiting<W>> {
        std::mem::take(&mut self.waiting)
    }

    /// Takes out the request whose turn it is: of the clients that `may` have one more session, the one with the
    /// fewest; and of its requests the oldest.
    pub(super) fn next(
        &mut self,
        live: &HashMap<ClientId, usize>,
        may: impl Fn(&ClientId) -> bool,
    ) -> Option<Waiting<W>> {
        let has = |client: &ClientId| live.get(client).copied().unwrap_or_default();
        let candidates = self.waiting.iter().filter(|it| may(&it.client));
        let next = candidates.min_by_key(|it| (has(&it.client), it.ticket))?;
        let ticket = next.ticket;
        self.remove(ticket)
    }
}
