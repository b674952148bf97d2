//! What the table says of sessions.

use std::time::Duration;

use tokio::time::Instant;

use super::{SessionTable, Unusable, count, usable};
use crate::sessions::implicit::ImplicitSession;
use crate::sessions::list::{SessionCounts, SessionFilter, SessionPage};
use crate::sessions::view::SessionView;
use crate::sessions::{SessionId, SessionOptions, SessionStatus};
use crate::tabs::{ClientId, Scope};

impl<W> SessionTable<W> {
    /// When a session has to be looked at, as far as is known now; `None` if it has ended.
    pub fn due(&self, id: SessionId) -> Option<Instant> {
        let session = self.sessions.get(&id)?;
        let is_used = session.life.is_used();
        session
            .life
            .takes_work()
            .then(|| session.clocks.due(is_used))
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

    /// Whether a session exists and takes work.
    pub fn check(&self, scope: &Scope) -> Result<(), Unusable> {
        let id = SessionId::of(scope);
        if id.is_default() {
            return Ok(());
        }
        usable(self.of_client(&scope.client, id)).map(drop)
    }
}
