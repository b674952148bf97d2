//! The directory of resumable links: the task that holds each, and the tokens that resume it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard};

use cdp_bridge_protocol::payload::Encoding;
use tokio::sync::{mpsc, oneshot};

use crate::lock::lock;
use crate::metrics;
use crate::operations::{CallerId, Principal, Scope};
use crate::server::ws::link::Link;
use crate::server::ws::outbox::Outbox;
use crate::server::ws::resume_token::{ResumeOffer, ResumeToken};

/// A request to the task that holds a link.
#[derive(Debug)]
pub enum LinkRequest {
    /// Hand it over to the connection that resumes it.
    HandOver {
        /// The connection's position. A hand-over to a connection older than the current holder is stale and
        /// ignored.
        seq: ConnectionSeq,
        /// Where to send the link.
        reply: oneshot::Sender<Link>,
    },
    /// End it: too many links wait for their clients, and this one has waited longest.
    GiveUp,
}

/// The position of a connection in the order in which all were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionSeq(pub u64);

/// The links that can be resumed.
#[derive(Debug)]
pub struct Links {
    /// The most links without a connection.
    max_away: usize,
    table: Mutex<LinkTable>,
}

#[derive(Debug, Default)]
struct LinkTable {
    entries: HashMap<CallerId, LinkEntry>,
    /// The links without a connection; first the one that lost it first.
    away: VecDeque<CallerId>,
}

#[derive(Debug)]
struct LinkEntry {
    scope: Scope,
    /// The API key of its client.
    key: Option<String>,
    outbox: Outbox,
    token: ResumeToken,
    /// The token before it: a client that was cut off before it received the newer one has only this.
    previous: Option<ResumeToken>,
    holder: mpsc::Sender<LinkRequest>,
}

fn key_of(principal: &Principal) -> Option<String> {
    principal.key.as_ref().map(|key| key.id.clone())
}

impl Links {
    /// No links; at most `max_away` may be without a connection.
    pub fn new(max_away: usize) -> Self {
        Self {
            max_away,
            table: Mutex::default(),
        }
    }

    /// Adds a link; returns its first token and the requests to its holder. None where the system has no random
    /// numbers: the link cannot be resumed then.
    pub fn open(
        &self,
        principal: &Principal,
        outbox: &Outbox,
    ) -> Option<(ResumeToken, mpsc::Receiver<LinkRequest>)> {
        let id = outbox.id();
        let token = new_token(id)?;
        // Each sender waits for the answer to its request, so that one place is enough.
        let (holder, requests) = mpsc::channel(1);
        let entry = LinkEntry {
            scope: principal.scope.clone(),
            key: key_of(principal),
            outbox: outbox.clone(),
            token,
            previous: None,
            holder,
        };
        self.table().entries.insert(id, entry);
        Some((token, requests))
    }

    /// Removes a link that has ended.
    pub fn close(&self, id: CallerId) {
        let mut table = self.table();
        table.entries.remove(&id);
        table.is_back(id);
    }

    /// The holder of the link that this offer resumes for this client, if it is valid: a link of one session cannot be
    /// resumed in another, nor with another API key, which may grant less and ends at another time.
    pub fn find(
        &self,
        offer: &ResumeOffer,
        principal: &Principal,
        encoding: Encoding,
    ) -> Option<mpsc::Sender<LinkRequest>> {
        let table = self.table();
        let entry = table.entries.get(&offer.token.link())?;
        let known = entry.token.is(&offer.token)
            || entry.previous.is_some_and(|token| token.is(&offer.token));
        let written = entry.outbox.next_number()? - 1;
        // Queued payloads are cut for one encoding.
        let fits = entry.scope == principal.scope
            && entry.key == key_of(principal)
            && entry.outbox.encoding() == encoding
            && offer.cursor <= written;
        (known && fits).then(|| entry.holder.clone())
    }

    /// The link has a connection again. Returns its next token; the one that was presented stays valid until
    /// the client has presented a newer one.
    pub fn resumed(&self, presented: &ResumeToken) -> Option<ResumeToken> {
        let id = presented.link();
        let token = new_token(id)?;
        let mut table = self.table();
        let entry = table.entries.get_mut(&id)?;
        entry.token = token;
        entry.previous = Some(*presented);
        table.is_back(id);
        Some(token)
    }

    /// The link has lost its connection.
    pub fn is_away(&self, id: CallerId) {
        let mut table = self.table();
        if !table.entries.contains_key(&id) {
            return;
        }
        table.is_back(id);
        table.away.push_back(id);
        if table.away.len() > self.max_away
            && let Some(oldest) = table.away.pop_front()
            && let Some(entry) = table.entries.get(&oldest)
        {
            // A full channel means that a hand-over is pending already.
            let _ = entry.holder.try_send(LinkRequest::GiveUp);
        }
        metrics::sessions_away(table.away.len());
    }

    fn table(&self) -> MutexGuard<'_, LinkTable> {
        lock(&self.table)
    }
}

impl LinkTable {
    fn is_back(&mut self, id: CallerId) {
        self.away.retain(|away| *away != id);
        metrics::sessions_away(self.away.len());
    }
}

fn new_token(id: CallerId) -> Option<ResumeToken> {
    ResumeToken::new(id)
        .inspect_err(|error| tracing::error!(%error, "no random number for a resume token"))
        .ok()
}
