//! All sessions, their limits, and the requests that wait for a place. No I/O.
//!
//! What counts against a limit is what a list shows without a filter: every session of which something is left.

mod read;
mod uses;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::admission::{AdmissionQueue, Ticket, Waiting};
use super::clocks::Moment;
use super::creation_rate::CreationRate;
use super::implicit::ImplicitSession;
use super::session::Session;
use super::settings::SessionsConfig;
use super::{EndReason, SessionId, SessionOptions};
use crate::tabs::ClientId;

pub use self::uses::UseKind;

/// When a refused client may try again, at the earliest and at the latest.
const RETRY: [Duration; 2] = [Duration::from_secs(1), Duration::from_mins(1)];

/// How many sessions there may be.
#[derive(Debug, Clone, Default)]
pub struct SessionLimits {
    /// Section `sessions`.
    pub config: SessionsConfig,
    /// The most live sessions of single clients, where they have a limit of their own.
    pub of_client: HashMap<ClientId, usize>,
}

impl SessionLimits {
    fn of(&self, client: &ClientId) -> usize {
        let own = self.of_client.get(client).copied();
        let own = own.unwrap_or(self.config.max_per_client);
        own.min(self.config.max)
    }
}

/// All sessions. `W` waits for the creation of one.
#[derive(Debug)]
pub struct SessionTable<W> {
    limits: SessionLimits,
    started: Moment,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    /// How many sessions each client has of which something is left.
    live: HashMap<ClientId, usize>,
    /// Those of which nothing is left, the longest gone first.
    gone: VecDeque<(Instant, SessionId)>,
    implicit: HashMap<ClientId, ImplicitSession>,
    rates: HashMap<ClientId, CreationRate>,
    queue: AdmissionQueue<W>,
}

/// What became of a request to create a session.
#[derive(Debug)]
pub enum Creation<W> {
    /// A live session of the client has this `externalId` already.
    Existing(SessionId),
    /// It is being made.
    Created(SessionId),
    /// It waits for a place.
    Queued(Ticket),
    /// It waits for a place in the stead of this one, of the client that has the most: one client does not keep the
    /// others out of the queue.
    QueuedInstead(Ticket, W),
}

/// A request that waited, and its session.
#[derive(Debug)]
pub struct Admitted<W> {
    pub waiter: W,
    pub id: SessionId,
    /// Whether the session is made for it.
    pub is_new: bool,
}

/// Why no session is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreationRefused {
    /// The client creates too many in a minute.
    TooFast {
        per_minute: u32,
        retry_after: Duration,
    },
    /// The client has as many as it may.
    ClientLimit(Occupied),
    /// There are as many as there may be.
    Full(Occupied),
    /// As many requests as may wait do.
    QueueFull(Occupied),
}

/// How full it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occupied {
    pub limit: usize,
    pub current: usize,
    /// When trying again makes sense.
    pub retry_after: Duration,
}

/// Why a session cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// There is none with this id, or it is another client's: the two are not told apart.
    Unknown,
    /// It has ended.
    Ended(EndReason),
}

impl<W> SessionTable<W> {
    pub fn new(limits: SessionLimits, started: Moment) -> Self {
        Self {
            limits,
            started,
            sessions: BTreeMap::new(),
            live: HashMap::new(),
            gone: VecDeque::new(),
            implicit: HashMap::new(),
            rates: HashMap::new(),
            queue: AdmissionQueue::default(),
        }
    }

    pub fn config(&self) -> &SessionsConfig {
        &self.limits.config
    }

    /// Puts other limits in force. Sessions beyond them stay.
    pub fn change_limits(&mut self, limits: SessionLimits) {
        self.limits = limits;
    }

    /// Creates a session of this id, or lets the request wait if it `may_wait`.
    pub fn create(
        &mut self,
        client: &ClientId,
        options: SessionOptions,
        (id, now): (SessionId, Moment),
        may_wait: bool,
        waiter: W,
    ) -> Result<Creation<W>, CreationRefused> {
        if let Some(existing) = self.live_named(client, options.external_id.as_deref()) {
            return Ok(Creation::Existing(existing));
        }
        self.count_creation(client, now.at)?;
        if self.has_place(client) {
            self.insert(id, client, options, now);
            return Ok(Creation::Created(id));
        }
        if !may_wait || self.config().queue == 0 {
            return Err(self.refusal(client, now.at));
        }
        let displaced = if self.queue.len() < self.config().queue {
            None
        } else if let Some(displaced) = self.queue.displace_for(client) {
            Some(displaced.waiter)
        } else {
            return Err(CreationRefused::QueueFull(self.queue_occupied(now.at)));
        };
        let ticket = self.queue.push(client.clone(), options, waiter);
        Ok(match displaced {
            None => Creation::Queued(ticket),
            Some(displaced) => Creation::QueuedInstead(ticket, displaced),
        })
    }

    /// How full the queue is.
    pub fn queue_occupied(&self, now: Instant) -> Occupied {
        Occupied {
            limit: self.config().queue,
            current: self.queue.len(),
            retry_after: self.retry_after(None, now),
        }
    }

    /// Takes out a request that waits no more; says why it had no place.
    pub fn give_up(&mut self, ticket: Ticket, now: Instant) -> Option<CreationRefused> {
        let waiting = self.queue.remove(ticket)?;
        Some(self.refusal(&waiting.client, now))
    }

    /// Gives free places to the requests that wait, fairly between clients.
    pub fn admit_waiting(
        &mut self,
        mut new_id: impl FnMut() -> (SessionId, Moment),
    ) -> Vec<Admitted<W>> {
        let mut admitted = Vec::new();
        let named: Vec<_> = self.sessions.values().filter_map(name_of).collect();
        for (client, name, id) in named {
            let equal = self.queue.take_equal(&client, &name);
            admitted.extend(equal.into_iter().map(|it| of_existing(it, id)));
        }
        loop {
            let (limits, live) = (&self.limits, &self.live);
            let total: usize = live.values().sum();
            let may = |client: &ClientId| {
                total < limits.config.max && count(live, client) < limits.of(client)
            };
            let Some(next) = self.queue.next(live, may) else {
                return admitted;
            };
            let (id, now) = new_id();
            let equal = match &next.options.external_id {
                Some(name) => self.queue.take_equal(&next.client, name),
                None => Vec::new(),
            };
            self.insert(id, &next.client, next.options, now);
            admitted.push(Admitted {
                waiter: next.waiter,
                id,
                is_new: true,
            });
            admitted.extend(equal.into_iter().map(|it| of_existing(it, id)));
        }
    }

    /// Takes out all requests that wait.
    pub fn turn_away_all(&mut self) -> Vec<W> {
        let waiting = self.queue.take_all().into_iter();
        waiting.map(|it| it.waiter).collect()
    }

    /// A session is made. False if it has ended meanwhile.
    pub fn ready(&mut self, id: SessionId) -> bool {
        self.sessions.get_mut(&id).is_some_and(|it| it.life.ready())
    }

    /// A session takes no more work. False if it has ended already, or there is none.
    pub fn end(&mut self, id: SessionId, reason: EndReason) -> bool {
        self.sessions
            .get_mut(&id)
            .is_some_and(|session| session.life.end(reason))
    }

    /// Nothing of a session is left: its place is free.
    pub fn gone(&mut self, id: SessionId, now: Instant) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else {
            return false;
        };
        if !session.life.gone() {
            return false;
        }
        session.gone_at = Some(now);
        let client = session.client.clone();
        if let Some(live) = self.live.get_mut(&client) {
            *live -= 1;
            if *live == 0 {
                self.live.remove(&client);
            }
        }
        self.gone.push_back((now, id));
        self.forget(now);
        true
    }

    /// The sessions that end by themselves now. Forgets records that were kept long enough.
    pub fn overdue(&mut self, now: Instant) -> Vec<(SessionId, EndReason)> {
        self.forget(now);
        let alive = self.sessions.values().filter(|it| it.life.takes_work());
        alive
            .filter_map(|it| Some((it.id, it.clocks.overdue(it.life.is_used(), now)?)))
            .collect()
    }

    /// When something has to be done without anything else happening.
    pub fn next_due(&self) -> Option<Instant> {
        let alive = self.sessions.values().filter(|it| it.life.takes_work());
        let ends = alive.map(|it| it.clocks.due(it.life.is_used())).min();
        let first_gone = self.gone.front();
        let forgets = first_gone.map(|(at, _)| *at + self.config().retention);
        ends.into_iter().chain(forgets).min()
    }

    fn of_client(&self, client: &ClientId, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id).filter(|it| it.client == *client)
    }

    fn usable(&mut self, client: &ClientId, id: SessionId) -> Result<&mut Session, Unusable> {
        let session = self.sessions.get_mut(&id);
        usable(session.filter(|it| it.client == *client))
    }

    fn live_named(&self, client: &ClientId, name: Option<&str>) -> Option<SessionId> {
        let name = name?;
        let mut own = self.sessions.values().filter(|it| it.client == *client);
        own.find(|it| it.life.takes_work() && it.options.external_id.as_deref() == Some(name))
            .map(|it| it.id)
    }

    fn insert(&mut self, id: SessionId, client: &ClientId, options: SessionOptions, now: Moment) {
        self.insert_session(Session::new(id, client.clone(), options, now));
    }

    pub(super) fn insert_session(&mut self, session: Session) {
        *self.live.entry(session.client.clone()).or_default() += 1;
        self.sessions.insert(session.id, session);
    }

    fn has_place(&self, client: &ClientId) -> bool {
        self.live() < self.config().max && count(&self.live, client) < self.limits.of(client)
    }

    fn count_creation(&mut self, client: &ClientId, now: Instant) -> Result<(), CreationRefused> {
        let per_minute = self.config().creates_per_minute;
        self.rates.retain(|_, rate| !rate.is_settled(now));
        let rate = self.rates.entry(client.clone());
        let rate = rate.or_insert_with(|| CreationRate::new(now));
        rate.take(per_minute, now)
            .map_err(|retry_after| CreationRefused::TooFast {
                per_minute,
                retry_after,
            })
    }

    /// Why there is no place for this client.
    fn refusal(&self, client: &ClientId, now: Instant) -> CreationRefused {
        let (limit, current) = (self.limits.of(client), count(&self.live, client));
        let is_own = current >= limit && limit < self.config().max;
        let retry_after = self.retry_after(Some(client).filter(|_| is_own), now);
        if is_own {
            return CreationRefused::ClientLimit(Occupied {
                limit,
                current,
                retry_after,
            });
        }
        CreationRefused::Full(Occupied {
            limit: self.config().max,
            current: self.live(),
            retry_after,
        })
    }

    /// When the first session, of this client or of all, ends by itself.
    fn retry_after(&self, client: Option<&ClientId>, now: Instant) -> Duration {
        let own = self.sessions.values().filter(|it| it.life.takes_work());
        let own = own.filter(|it| client.is_none_or(|client| it.client == *client));
        let first = own.map(|it| it.clocks.due(it.life.is_used())).min();
        let [soonest, latest] = RETRY;
        first
            .map_or(soonest, |due| due.saturating_duration_since(now))
            .clamp(soonest, latest)
    }

    fn forget(&mut self, now: Instant) {
        let (retention, kept) = (self.config().retention, self.config().kept_records);
        while let Some((_, id)) = self.gone.front().copied()
            && (self.gone.len() > kept
                || self
                    .gone
                    .front()
                    .is_some_and(|(at, _)| *at + retention <= now))
        {
            self.gone.pop_front();
            self.sessions.remove(&id);
        }
    }
}

fn usable<S: std::borrow::Borrow<Session>>(session: Option<S>) -> Result<S, Unusable> {
    let session = session.ok_or(Unusable::Unknown)?;
    match session.borrow().life.end_reason() {
        None => Ok(session),
        Some(reason) => Err(Unusable::Ended(reason)),
    }
}

fn count(live: &HashMap<ClientId, usize>, client: &ClientId) -> usize {
    live.get(client).copied().unwrap_or_default()
}

/// The name that its client gave a session that takes work.
fn name_of(session: &Session) -> Option<(ClientId, String, SessionId)> {
    let name = session.options.external_id.clone()?;
    let alive = session.life.takes_work();
    alive.then(|| (session.client.clone(), name, session.id))
}

fn of_existing<W>(waiting: Waiting<W>, id: SessionId) -> Admitted<W> {
    Admitted {
        waiter: waiting.waiter,
        id,
        is_new: false,
    }
}

#[cfg(test)]
mod tests;
