//! Detects a browser that responds to everything except the commands that open pages. No I/O.
//!
//! New headless was seen to answer `Browser.getVersion` at once and `Target.createTarget` never
//! again, after some of its helper processes had been killed and stopped on a busy machine. Its
//! heartbeat and its existing pages work, but no tab can be opened or rebuilt in it.

use std::time::Duration;

use tokio::time::Instant;

/// How long a browser may answer none of the pending commands. A start takes about a second, and
/// even on a machine that is overloaded many times over some of them are answered in time.
const LIMIT: Duration = Duration::from_secs(30);

/// The unanswered commands of a browser that open pages or contexts.
#[derive(Debug, Default)]
pub(super) struct OpenWatchdog {
    pending: usize,
    /// When the oldest was sent, or the browser last answered one.
    since: Option<Instant>,
}

impl OpenWatchdog {
    pub(super) fn sent(&mut self, now: Instant) {
        self.pending += 1;
        self.since.get_or_insert(now);
    }

    /// The browser has responded with a result or an error.
    pub(super) fn answered(&mut self, now: Instant) {
        self.timed_out();
        self.since = self.since.map(|_| now);
    }

    /// A command has timed out.
    pub(super) fn timed_out(&mut self) {
        self.pending = self.pending.saturating_sub(1);
        if self.pending == 0 {
            self.since = None;
        }
    }

    /// When the browser counts as hung unless it answers one of them before.
    pub(super) fn hung_at(&self) -> Option<Instant> {
        self.since.map(|since| since + LIMIT)
    }

    pub(super) fn reason() -> String {
        format!(
            "Chromium responds, but has opened nothing for {} s although pages were requested",
            LIMIT.as_secs()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_browser_without_pending_commands_does_not_hang() {
        let (mut watchdog, now) = (OpenWatchdog::default(), Instant::now());
        assert_eq!(watchdog.hung_at(), None);
        watchdog.sent(now);
        watchdog.answered(now + SECOND);
        assert_eq!(watchdog.hung_at(), None);
    }

    #[test]
    fn without_any_response_the_limit_counts_from_the_oldest_command() {
        let (mut watchdog, start) = (OpenWatchdog::default(), Instant::now());
        for second in 0..5 {
            watchdog.sent(start + second * SECOND);
        }
        assert_eq!(watchdog.hung_at(), Some(start + LIMIT));
    }

    #[test]
    fn any_response_restarts_the_limit() {
        let (mut watchdog, start) = (OpenWatchdog::default(), Instant::now());
        watchdog.sent(start);
        watchdog.sent(start);
        watchdog.answered(start + LIMIT - SECOND);
        assert_eq!(watchdog.hung_at(), Some(start + LIMIT - SECOND + LIMIT));
    }

    #[test]
    fn a_timeout_is_not_a_response() {
        let (mut watchdog, start) = (OpenWatchdog::default(), Instant::now());
        watchdog.sent(start);
        watchdog.sent(start + SECOND);
        watchdog.timed_out();
        assert_eq!(watchdog.hung_at(), Some(start + LIMIT));
        watchdog.timed_out();
        assert_eq!(watchdog.hung_at(), None);
    }
}
