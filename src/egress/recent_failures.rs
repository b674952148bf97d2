//! What lately kept a connection from being made.
//!
//! Chromium knows only that the proxy did not do what it was asked for. Whoever looks after a
//! navigation that failed asks here for the reason.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::lock::lock;
use crate::policy::Denied;

/// How many hosts are remembered, and for how long.
const REMEMBERED: usize = 64;
const MEMORY: Duration = Duration::from_secs(30);

/// What kept a connection from being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectFailure {
    /// Policy.
    Denied(Denied),
    /// The network; Chromium's name for it, such as `net::ERR_CONNECTION_REFUSED`.
    Failed(&'static str),
}

/// The latest obstacles.
#[derive(Debug, Default)]
pub struct RecentFailures {
    entries: Mutex<VecDeque<Entry>>,
}

#[derive(Debug)]
struct Entry {
    host: String,
    port: u16,
    at: Instant,
    obstacle: ConnectFailure,
}

impl RecentFailures {
    /// What lately kept a connection to this host and port from being made, if the latest one was
    /// not made.
    pub fn of(&self, host: &str, port: u16, now: Instant) -> Option<ConnectFailure> {
        let entries = self.entries();
        let entry = entries.iter().find(|entry| entry.is(host, port))?;
        (now.saturating_duration_since(entry.at) < MEMORY).then(|| entry.obstacle.clone())
    }

    pub(super) fn keep(&self, host: &str, port: u16, obstacle: ConnectFailure, now: Instant) {
        let mut entries = self.entries();
        entries.retain(|entry| !entry.is(host, port));
        if entries.len() == REMEMBERED {
            entries.pop_front();
        }
        entries.push_back(Entry {
            host: host.to_owned(),
            port,
            at: now,
            obstacle,
        });
    }

    /// A connection has been made.
    pub(super) fn forget(&self, host: &str, port: u16) {
        self.entries().retain(|entry| !entry.is(host, port));
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, VecDeque<Entry>> {
        lock(&self.entries)
    }
}

impl Entry {
    fn is(&self, host: &str, port: u16) -> bool {
        self.host == host && self.port == port
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: ConnectFailure = ConnectFailure::Failed("net::ERR_CONNECTION_REFUSED");

    #[test]
    fn an_obstacle_is_known_until_it_is_gone_or_long_ago() {
        let (recent_failures, now) = (RecentFailures::default(), Instant::now());
        recent_failures.keep("a.test", 80, REFUSED, now);
        assert_eq!(recent_failures.of("a.test", 80, now), Some(REFUSED));
        assert_eq!(recent_failures.of("a.test", 81, now), None);
        assert_eq!(recent_failures.of("a.test", 80, now + MEMORY), None);
        recent_failures.forget("a.test", 80);
        assert_eq!(recent_failures.of("a.test", 80, now), None);
    }

    #[test]
    fn obstacles_do_not_pile_up() {
        let (recent_failures, now) = (RecentFailures::default(), Instant::now());
        for port in 0..1000 {
            recent_failures.keep("a.test", port, REFUSED, now);
            recent_failures.keep("a.test", port, REFUSED, now);
        }
        assert_eq!(recent_failures.entries().len(), REMEMBERED);
        assert_eq!(recent_failures.of("a.test", 999, now), Some(REFUSED));
    }
}
