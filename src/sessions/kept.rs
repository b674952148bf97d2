//! What is kept of a session beyond the process. No I/O.

use tokio::time::Instant;

use super::clocks::{Moment, whole_millis};
use super::session::{Session, Use};
use super::view::{SessionConnections, SessionDurations, SessionUsage, SessionView};
use super::{EndReason, SessionId, SessionOptions, SessionStatus, SessionTable};
use crate::tabs::{ClientId, Scope, moment_of};

/// A session as it is kept. Times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptSession {
    pub id: SessionId,
    pub client: ClientId,
    /// With what was changed since it was created.
    pub options: SessionOptions,
    pub created_at_ms: u64,
    pub last_active_ms: u64,
    pub usage: SessionUsage,
    /// `None` while it lives.
    pub end: Option<KeptEnd>,
}

/// How a session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptEnd {
    pub reason: EndReason,
    pub ended_at_ms: u64,
}

impl KeptEnd {
    /// The status of a session of which nothing is left.
    pub fn status(self) -> SessionStatus {
        match self.reason {
            EndReason::Failed => SessionStatus::Error,
            _ => SessionStatus::Destroyed,
        }
    }
}

impl KeptSession {
    /// The owner of its tabs.
    pub fn scope(&self) -> Scope {
        Scope {
            client: self.client.clone(),
            session: self.id.into(),
        }
    }

    /// When it ends at the latest.
    pub fn expires_at_ms(&self) -> u64 {
        let most = whole_millis(self.options.max_duration);
        self.created_at_ms.saturating_add(most)
    }

    /// Why it ends, if its time has passed.
    pub fn overdue(&self, now: Moment) -> Option<EndReason> {
        Session::restored(self, now).clocks.overdue(false, now.at)
    }

    /// An ended session, as its client sees it.
    pub fn view(&self) -> SessionView {
        let idle = whole_millis(self.options.idle_timeout);
        let expires = self.expires_at_ms();
        SessionView {
            id: self.id,
            client: self.client.clone(),
            implicit: false,
            status: self.end.map_or(SessionStatus::Ready, KeptEnd::status),
            end_reason: self.end.map(|end| end.reason),
            created_at_ms: self.created_at_ms,
            expires_at_ms: Some(expires),
            idle_expires_at_ms: Some(self.last_active_ms.saturating_add(idle).min(expires)),
            last_activity_at_ms: self.last_active_ms,
            destroyed_at_ms: self.end.map(|end| end.ended_at_ms),
            metadata: self.options.metadata.clone(),
            external_id: self.options.external_id.clone(),
            viewport: self.options.viewport,
            logged_out: self.options.logged_out,
            connections: SessionConnections::default(),
            usage: self.usage,
            limits: Some(SessionDurations {
                max_duration_ms: whole_millis(self.options.max_duration),
                idle_timeout_ms: idle,
                heartbeat_timeout_ms: self.options.heartbeat_timeout.map(whole_millis),
            }),
        }
    }
}

impl Session {
    /// A session of an earlier process. Its client had no way to send heartbeats meanwhile: their clock starts anew.
    fn restored(kept: &KeptSession, now: Moment) -> Self {
        let of = |ms| moment_of(ms, (now.at, now.ms));
        let created = Moment {
            at: of(kept.created_at_ms),
            ms: kept.created_at_ms,
        };
        let options = kept.options.clone();
        let mut session = Self::new(kept.id, kept.client.clone(), options, created);
        session.clocks.resume(of(kept.last_active_ms), now.at);
        session.use_of = Use {
            usage: kept.usage,
            ..Use::default()
        };
        session
    }

    fn kept(&self, now: Instant) -> KeptSession {
        let (max_duration, idle_timeout, heartbeat_timeout) = self.clocks.durations();
        let view = self.view(now);
        let reason = self.life.end_reason();
        KeptSession {
            id: self.id,
            client: self.client.clone(),
            options: SessionOptions {
                max_duration,
                idle_timeout,
                heartbeat_timeout,
                ..self.options.clone()
            },
            created_at_ms: view.created_at_ms,
            last_active_ms: view.last_activity_at_ms,
            usage: view.usage,
            end: reason.map(|reason| KeptEnd {
                reason,
                ended_at_ms: self.created.ms_at(self.gone_at.unwrap_or(now)),
            }),
        }
    }
}

impl<W> SessionTable<W> {
    /// Inserts a session of an earlier process, whatever the limits are now. False if it is there already.
    pub fn restore(&mut self, kept: &KeptSession, now: Moment) -> bool {
        if self.sessions.contains_key(&kept.id) {
            return false;
        }
        self.insert_session(Session::restored(kept, now));
        true
    }

    /// What is kept of a session.
    pub fn kept(&self, id: SessionId, now: Instant) -> Option<KeptSession> {
        self.sessions.get(&id).map(|session| session.kept(now))
    }

    /// The sessions that take work and are to come back after a restart.
    pub fn ids_of_kept(&self) -> Vec<SessionId> {
        let alive = self.sessions.values().filter(|it| it.life.takes_work());
        let kept = alive.filter(|it| it.options.is_kept);
        kept.map(|it| it.id).collect()
    }

    /// Whether the tabs of this scope are to come back after a restart.
    pub fn keeps(&self, scope: &Scope) -> bool {
        let id = SessionId::of(scope);
        id.is_default()
            || self
                .sessions
                .get(&id)
                .is_some_and(|it| it.options.is_kept && it.life.takes_work())
    }

    /// When a session was used last, in milliseconds since the epoch, and what it has used.
    pub fn last_use(&self, id: SessionId, now: Instant) -> Option<(u64, SessionUsage)> {
        let view = self.sessions.get(&id)?.view(now);
        Some((view.last_activity_at_ms, view.usage))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sessions::{SessionLimits, SessionUpdate, SessionsConfig};

    const SECOND: Duration = Duration::from_secs(1);

    fn options() -> SessionOptions {
        SessionOptions {
            max_duration: 100 * SECOND,
            idle_timeout: 20 * SECOND,
            heartbeat_timeout: Some(10 * SECOND),
            ..SessionOptions::new(&SessionsConfig::default())
        }
    }

    fn kept() -> KeptSession {
        KeptSession {
            id: SessionId::new(1_000_000, 1),
            client: "a".into(),
            options: options(),
            created_at_ms: 1_000_000,
            last_active_ms: 1_030_000,
            usage: SessionUsage {
                requests: 7,
                ..SessionUsage::default()
            },
            end: None,
        }
    }

    fn table() -> SessionTable<()> {
        let now = Moment {
            at: Instant::now(),
            ms: 0,
        };
        SessionTable::new(SessionLimits::default(), now)
    }

    /// The session in a process that begins at this time.
    fn begun_at(ms: u64) -> (SessionTable<()>, Moment) {
        let (mut table, now) = (
            table(),
            Moment {
                at: Instant::now(),
                ms,
            },
        );
        assert!(table.restore(&kept(), now));
        assert!(!table.restore(&kept(), now), "once");
        (table, now)
    }

    #[test]
    fn a_session_that_comes_back_has_the_times_and_the_usage_that_it_had() {
        let (mut table, now) = begun_at(1_040_000);
        let id = kept().id;
        assert!(table.ready(id));
        let view = table.view(&"a".into(), id, now.at).unwrap();
        assert_eq!(view.status, SessionStatus::Ready);
        assert_eq!(view.created_at_ms, 1_000_000);
        assert_eq!(view.expires_at_ms, Some(1_100_000));
        assert_eq!(view.last_activity_at_ms, 1_030_000);
        assert_eq!(view.usage.requests, 7);
        assert_eq!(table.kept(id, now.at), Some(kept()));
        assert_eq!(table.live(), 1);
        assert!(table.overdue(now.at).is_empty());
        // A heartbeat is due 10 s after the start, and not after the last one.
        assert_eq!(table.overdue(now.at + 9 * SECOND), []);
        let idle = table.overdue(now.at + 10 * SECOND);
        assert_eq!(idle, [(id, EndReason::Idle)]);
    }

    #[test]
    fn one_whose_time_passed_meanwhile_ends_with_its_reason() {
        let (mut table, now) = begun_at(1_050_000);
        assert_eq!(table.overdue(now.at), [(kept().id, EndReason::Idle)]);
        let (mut table, now) = begun_at(1_100_000);
        assert_eq!(table.overdue(now.at), [(kept().id, EndReason::Expired)]);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_session_older() {
        let (mut table, now) = begun_at(500_000);
        assert!(table.overdue(now.at).is_empty());
        assert_eq!(table.overdue(now.at + 9 * SECOND), []);
    }

    #[test]
    fn what_was_changed_is_kept() {
        let (mut table, now) = begun_at(1_040_000);
        let (id, client) = (kept().id, ClientId::from("a"));
        let update = SessionUpdate {
            max_duration: Some(500 * SECOND),
            idle_timeout: None,
            metadata: Some([("k".to_owned(), "v".to_owned())].into()),
        };
        table.update(&client, id, update).unwrap();
        let changed = table.kept(id, now.at).unwrap();
        assert_eq!(changed.expires_at_ms(), 1_500_000);
        assert_eq!(changed.options.metadata["k"], "v");
    }

    #[test]
    fn an_ended_session_is_shown_as_the_table_shows_it() {
        let (mut table, now) = begun_at(1_040_000);
        let (id, client) = (kept().id, ClientId::from("a"));
        table.ready(id);
        table.end(id, EndReason::Terminated);
        table.gone(id, now.at);
        let shown = table.view(&client, id, now.at).unwrap();
        let kept = table.kept(id, now.at).unwrap();
        assert_eq!(kept.end.unwrap().ended_at_ms, 1_040_000);
        let read = kept.view();
        // The table counts a heartbeat that may be missed; afterwards nothing is missed any more.
        let shown = SessionView {
            idle_expires_at_ms: read.idle_expires_at_ms,
            ..shown
        };
        assert_eq!(read, shown);
    }
}
