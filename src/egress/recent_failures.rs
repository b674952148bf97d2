//! Why connections to hosts failed recently.
//!
//! For a failed navigation Chromium only reports that the proxy refused or closed the connection.
//! The reason is looked up here.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::lock::lock;
use crate::policy::ConnectFailure;

/// The most hosts that are kept.
const CAPACITY: usize = 64;
const RETENTION: Duration = Duration::from_secs(30);

/// The last failure of each host and port. A connection that succeeds clears it.
#[derive(Debug, Default)]
pub struct RecentFailures {
    entries: Mutex<VecDeque<Entry>>,
}

#[derive(Debug)]
struct Entry {
    host: String,
    port: u16,
    at: Instant,
    failure: ConnectFailure,
}

impl RecentFailures {
    pub fn get(&self, host: &str, port: u16, now: Instant) -> Option<ConnectFailure> {
        let entries = lock(&self.entries);
        let entry = entries.iter().find(|entry| entry.matches(host, port))?;
        (now.saturating_duration_since(entry.at) < RETENTION).then(|| entry.failure.clone())
    }

    pub(super) fn record(&self, host: &str, port: u16, failure: ConnectFailure, now: Instant) {
        let mut entries = lock(&self.entries);
        entries.retain(|entry| !entry.matches(host, port));
        if entries.len() == CAPACITY {
            entries.pop_front();
        }
        entries.push_back(Entry {
            host: host.to_owned(),
            port,
            at: now,
            failure,
        });
    }

    pub(super) fn clear(&self, host: &str, port: u16) {
        lock(&self.entries).retain(|entry| !entry.matches(host, port));
    }
}

impl Entry {
    fn matches(&self, host: &str, port: u16) -> bool {
        self.host == host && self.port == port
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: ConnectFailure = ConnectFailure::Failed("net::ERR_CONNECTION_REFUSED");

    #[test]
    fn a_failure_is_kept_until_a_success_or_the_end_of_its_time() {
        let (recent_failures, now) = (RecentFailures::default(), Instant::now());
        recent_failures.record("a.test", 80, REFUSED, now);
        assert_eq!(recent_failures.get("a.test", 80, now), Some(REFUSED));
        assert_eq!(recent_failures.get("a.test", 81, now), None);
        assert_eq!(recent_failures.get("a.test", 80, now + RETENTION), None);
        recent_failures.clear("a.test", 80);
        assert_eq!(recent_failures.get("a.test", 80, now), None);
    }

    #[test]
    fn failures_are_bounded() {
        let (recent_failures, now) = (RecentFailures::default(), Instant::now());
        for port in 0..1000 {
            recent_failures.record("a.test", port, REFUSED, now);
            recent_failures.record("a.test", port, REFUSED, now);
        }
        assert_eq!(lock(&recent_failures.entries).len(), CAPACITY);
        assert_eq!(recent_failures.get("a.test", 999, now), Some(REFUSED));
    }
}
