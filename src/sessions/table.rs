//! All sessions, their limits, and the requests that wait for a place. No I/O.
//!
//! What counts against a limit is what a list shows without a filter: every session of which something is left.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::admission::{AdmissionQueue, Ticket, Waiting};
use super::clocks::Moment;
use super::creation_rate::CreationRate;
use super::implicit::ImplicitSession;
use super::list::{SessionCounts, SessionFilter, SessionPage};
use super::record::SessionRecord;
use super::session::{Session, Use};
use super::settings::SessionsConfig;
use super::view::{HoldKind, SessionUsage, SessionView};
use super::{EndReason, SessionId, SessionOptions, SessionStatus, SessionUpdate};
use crate::tabs::{ClientId, Scope};

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
    sessions: BTreeMap<SessionId, Session>,
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
pub enum Creation {
    /// A live session of the client has this `externalId` already.
    Existing(SessionId),
    /// It is being made.
    Created(SessionId),
    /// It waits for a place.
    Queued(Ticket),
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

/// Something that uses a session until it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UseKind {
    /// A request that is being carried out.
    Call,
    /// A connection that is open.
    Hold(HoldKind),
}

impl UseKind {
    /// Whether it holds the idle clock.
    fn holds(self) -> bool {
        self != Self::Hold(HoldKind::Watch)
    }
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
    ) -> Result<Creation, CreationRefused> {
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
        if self.queue.len() >= self.config().queue {
            return Err(CreationRefused::QueueFull(Occupied {
                limit: self.config().queue,
                current: self.queue.len(),
                retry_after: self.retry_after(None, now.at),
            }));
        }
        let ticket = self.queue.push(client.clone(), options, waiter);
        Ok(Creation::Queued(ticket))
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

    /// When a session has to be looked at, as far as is known now; `None` if it has ended.
    pub fn due(&self, id: SessionId) -> Option<Instant> {
        let session = self.sessions.get(&id)?;
        let is_used = session.life.is_used();
        session
            .life
            .takes_work()
            .then(|| session.clocks.due(is_used))
    }

    /// Begins a use of the session of this scope.
    pub fn begin_use(
        &mut self,
        scope: &Scope,
        kind: UseKind,
        now: Instant,
    ) -> Result<(), Unusable> {
        let id = SessionId::of(scope);
        let use_of = if id.is_default() {
            let started = self.started;
            let implicit = self.implicit.entry(scope.client.clone());
            let implicit = implicit.or_insert_with(|| ImplicitSession::new(started));
            implicit.used(now);
            &mut implicit.use_of
        } else {
            let session = self.usable(&scope.client, id)?;
            if kind.holds() {
                session.clocks.used(now);
                session.life.used();
            }
            &mut session.use_of
        };
        match kind {
            UseKind::Call => {
                use_of.calls += 1;
                use_of.usage.requests += 1;
            }
            UseKind::Hold(kind) => *use_of.connections.of(kind) += 1,
        }
        Ok(())
    }

    /// Ends a use that has begun.
    pub fn end_use(&mut self, scope: &Scope, kind: UseKind, now: Instant) {
        let id = SessionId::of(scope);
        let use_of = if id.is_default() {
            self.implicit.get_mut(&scope.client).map(|implicit| {
                implicit.used(now);
                &mut implicit.use_of
            })
        } else {
            self.sessions.get_mut(&id).map(|session| {
                if kind.holds() {
                    session.clocks.used(now);
                    session.life.released();
                }
                &mut session.use_of
            })
        };
        match (use_of, kind) {
            (Some(use_of), UseKind::Call) => use_of.calls -= 1,
            (Some(use_of), UseKind::Hold(kind)) => *use_of.connections.of(kind) -= 1,
            (None, _) => {}
        }
    }

    /// The session is used for a moment, as by a request of another door.
    pub fn touch(
        &mut self,
        client: &ClientId,
        id: SessionId,
        now: Instant,
    ) -> Result<(), Unusable> {
        if !id.is_default() {
            self.usable(client, id)?.clocks.used(now);
        }
        Ok(())
    }

    /// A heartbeat came.
    pub fn heartbeat(
        &mut self,
        client: &ClientId,
        id: SessionId,
        now: Instant,
    ) -> Result<(), Unusable> {
        if !id.is_default() {
            self.usable(client, id)?.clocks.heartbeat(now);
        }
        Ok(())
    }

    /// Changes a session.
    pub fn update(
        &mut self,
        client: &ClientId,
        id: SessionId,
        update: SessionUpdate,
    ) -> Result<(), Unusable> {
        let session = self.usable(client, id)?;
        session
            .clocks
            .change(update.max_duration, update.idle_timeout);
        if let Some(metadata) = update.metadata {
            session.options.metadata = metadata;
        }
        Ok(())
    }

    /// Counts what the pages of a scope have used.
    pub fn add_usage(&mut self, scope: &Scope, add: impl FnOnce(&mut SessionUsage)) {
        let id = SessionId::of(scope);
        let use_of = if id.is_default() {
            self.implicit
                .get_mut(&scope.client)
                .map(|it| &mut it.use_of)
        } else {
            self.sessions.get_mut(&id).map(|it| &mut it.use_of)
        };
        if let Some(use_of) = use_of {
            add(&mut use_of.usage);
        }
    }

    /// Whether a session exists and takes work.
    pub fn check(&self, scope: &Scope) -> Result<(), Unusable> {
        let id = SessionId::of(scope);
        if id.is_default() {
            return Ok(());
        }
        usable(self.of_client(&scope.client, id)).map(drop)
    }

    /// How many requests are being carried out in a session.
    pub fn calls(&self, id: SessionId) -> usize {
        self.use_of(id).calls
    }

    /// How many connections are open in a session.
    pub fn connections(&self, id: SessionId) -> usize {
        let connections = self.use_of(id).connections;
        connections.json + connections.cdp + connections.watch
    }

    fn use_of(&self, id: SessionId) -> Use {
        self.sessions
            .get(&id)
            .map(|session| session.use_of)
            .unwrap_or_default()
    }

    pub fn options(&self, id: SessionId) -> Option<&SessionOptions> {
        self.sessions.get(&id).map(|session| &session.options)
    }

    pub fn status(&self, id: SessionId) -> Option<SessionStatus> {
        self.sessions.get(&id).map(|session| session.life.status())
    }

    pub fn scope(&self, id: SessionId) -> Option<Scope> {
        self.sessions.get(&id).map(|session| Scope {
            client: session.client.clone(),
            session: id.into(),
        })
    }

    pub fn record(&self, id: SessionId) -> Option<SessionRecord> {
        self.sessions.get(&id).map(Session::record)
    }

    /// A session of this client, as it is now.
    pub fn view(&self, client: &ClientId, id: SessionId, now: Instant) -> Option<SessionView> {
        if id.is_default() {
            return Some(self.view_of_implicit(client, now));
        }
        self.of_client(client, id).map(|it| it.view(now))
    }

    fn view_of_implicit(&self, client: &ClientId, now: Instant) -> SessionView {
        match self.implicit.get(client) {
            Some(implicit) => implicit.view(client, now),
            None => ImplicitSession::new(self.started).view(client, now),
        }
    }

    /// A page of a client's sessions.
    pub fn list(&self, client: &ClientId, filter: &SessionFilter, now: Instant) -> SessionPage {
        let page = filter.page();
        let own = self.sessions.values().rev();
        let own = own.filter(|it| it.client == *client && filter.admits(&it.listed()));
        let own = own.map(|it| it.view(now));
        // The implicit session is the oldest.
        let implicit = std::iter::once_with(|| self.view_of_implicit(client, now));
        let implicit = implicit.filter(|it| filter.admits(&it.listed()));
        let sessions = own.chain(implicit).take(page + 1).collect();
        SessionPage::of(sessions, page, self.counts(client))
    }

    pub fn counts(&self, client: &ClientId) -> SessionCounts {
        SessionCounts {
            live: count(&self.live, client),
            queued: self.queue.of(client),
            limit: self.limits.of(client),
        }
    }

    /// The requests that wait, of all clients.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// How many sessions of all clients there are of which something is left.
    pub fn live(&self) -> usize {
        self.live.values().sum()
    }

    /// The sessions that take work, of one client or of all.
    pub fn taking_work(&self, client: Option<&ClientId>) -> Vec<SessionId> {
        let alive = self.sessions.values().filter(|it| it.life.takes_work());
        let own = alive.filter(|it| client.is_none_or(|client| it.client == *client));
        own.map(|it| it.id).collect()
    }

    /// The sessions of all clients of which something is left.
    pub fn ids_of_live(&self) -> Vec<SessionId> {
        let live = self.sessions.values().filter(|it| !it.life.is_gone());
        live.map(|it| it.id).collect()
    }

    /// How long a session has existed.
    pub fn age(&self, id: SessionId, now: Instant) -> Duration {
        self.sessions.get(&id).map_or(Duration::ZERO, |session| {
            now.saturating_duration_since(session.created.at)
        })
    }

    /// How many sessions of which something is left have each status.
    pub fn statuses(&self) -> [(SessionStatus, usize); SessionStatus::ALL.len()] {
        let mut counts = SessionStatus::ALL.map(|status| (status, 0));
        for session in self.sessions.values().filter(|it| !it.life.is_gone()) {
            let status = session.life.status();
            if let Some((_, count)) = counts.iter_mut().find(|(it, _)| *it == status) {
                *count += 1;
            }
        }
        counts
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
        let session = Session::new(id, client.clone(), options, now);
        self.sessions.insert(id, session);
        *self.live.entry(client.clone()).or_default() += 1;
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
