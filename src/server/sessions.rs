//! The directory of sessions: who holds each of them, and what their clients prove it with.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use cdp_bridge_protocol::payload::Encoding;
use tokio::sync::{mpsc, oneshot};

use super::connection_id::ConnectionId;
use super::outbox::Outbox;
use super::resume_token::{ResumeOffer, ResumeToken};
use super::session::Session;
use crate::lock::lock;
use crate::metrics;
use crate::tabs::ClientId;

/// What the task that holds a session may be asked.
#[derive(Debug)]
pub enum Ask {
    /// Another connection goes on with it.
    HandOver(HandOver),
    /// Too many sessions wait for their clients, and this one has waited for the longest time.
    GiveUp,
}

/// A connection that wants to go on with a session.
#[derive(Debug)]
pub struct HandOver {
    /// When it was made, among all connections: one that was made before the one that holds the
    /// session was given up by the client, and is only later to ask.
    pub arrival: Arrival,
    /// Where the session goes.
    pub reply: oneshot::Sender<Session>,
}

/// The place of a connection in the order in which all were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival(pub u64);

/// The sessions that can be resumed.
#[derive(Debug)]
pub struct Sessions {
    /// The most that wait for their clients at a time.
    most_away: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    entries: HashMap<ConnectionId, Entry>,
    /// Those that wait for their clients, in the order in which they began to.
    away: BTreeMap<u64, ConnectionId>,
    departures: u64,
}

#[derive(Debug)]
struct Entry {
    client: ClientId,
    outbox: Outbox,
    token: ResumeToken,
    /// The token before it: a client that was cut off before it got the newer one has only this.
    previous: Option<ResumeToken>,
    holder: mpsc::Sender<Ask>,
    /// Its place among those that wait.
    away: Option<u64>,
}

impl Sessions {
    /// No sessions; so many may wait for their clients.
    pub fn new(most_away: usize) -> Self {
        Self {
            most_away,
            table: Mutex::default(),
        }
    }

    /// A new session. Gives its first token, and where its holder is asked. None if the system has
    /// no random numbers, which leaves the session without a way to resume it.
    pub fn open(
        &self,
        client: &ClientId,
        outbox: &Outbox,
    ) -> Option<(ResumeToken, mpsc::Receiver<Ask>)> {
        let id = outbox.id();
        let token = new_token(id)?;
        // One who asks waits for the answer, so that a second one may wait for this place.
        let (holder, asks) = mpsc::channel(1);
        let entry = Entry {
            client: client.clone(),
            outbox: outbox.clone(),
            token,
            previous: None,
            holder,
            away: None,
        };
        self.table().entries.insert(id, entry);
        Some((token, asks))
    }

    /// The session is over.
    pub fn close(&self, id: ConnectionId) {
        let mut table = self.table();
        if let Some(Entry { away, .. }) = table.entries.remove(&id) {
            table.is_back(away);
        }
    }

    /// The holder of the session that this client may go on with by this offer.
    pub fn find(
        &self,
        offer: &ResumeOffer,
        client: &ClientId,
        encoding: Encoding,
    ) -> Option<mpsc::Sender<Ask>> {
        let table = self.table();
        let entry = table.entries.get(&offer.token.session())?;
        let known = entry.token.is(&offer.token)
            || entry.previous.is_some_and(|token| token.is(&offer.token));
        let written = entry.outbox.next_number()? - 1;
        // What waits is cut for one encoding.
        let fits = entry.client == *client
            && entry.outbox.encoding() == encoding
            && offer.cursor <= written;
        (known && fits).then(|| entry.holder.clone())
    }

    /// The session has a connection again. Gives its next token; the one that was presented stays
    /// good until the client has presented a newer one.
    pub fn resumed(&self, presented: &ResumeToken) -> Option<ResumeToken> {
        let id = presented.session();
        let token = new_token(id)?;
        let mut table = self.table();
        let entry = table.entries.get_mut(&id)?;
        entry.token = token;
        entry.previous = Some(*presented);
        let away = entry.away.take();
        table.is_back(away);
        Some(token)
    }

    /// The session waits for its client.
    pub fn is_away(&self, id: ConnectionId) {
        let mut table = self.table();
        table.departures += 1;
        let place = table.departures;
        let Some(entry) = table.entries.get_mut(&id) else {
            return;
        };
        let before = entry.away.replace(place);
        table.is_back(before);
        table.away.insert(place, id);
        metrics::sessions_away(table.away.len());
        if table.away.len() <= self.most_away {
            return;
        }
        let Some((_, oldest)) = table.away.pop_first() else {
            return;
        };
        metrics::sessions_away(table.away.len());
        if let Some(entry) = table.entries.get_mut(&oldest) {
            entry.away = None;
            // If it is being asked already, it is asked to come back.
            let _ = entry.holder.try_send(Ask::GiveUp);
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.table)
    }
}

impl Table {
    fn is_back(&mut self, place: Option<u64>) {
        if let Some(place) = place {
            self.away.remove(&place);
            metrics::sessions_away(self.away.len());
        }
    }
}

fn new_token(id: ConnectionId) -> Option<ResumeToken> {
    ResumeToken::new(id)
        .inspect_err(|error| tracing::error!(%error, "no random number for a resume token"))
        .ok()
}
