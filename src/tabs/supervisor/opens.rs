//! Notices a browser that answers everything but what opens pages. No I/O.
//!
//! New headless was seen to answer `Browser.getVersion` at once and `Target.createTarget` never
//! again, after helper processes of it had been killed and stopped on a busy machine. Its heartbeat
//! is well, and so are the pages that it has; but no tab can be opened or rebuilt in it any more.

use std::time::Duration;

use tokio::time::Instant;

/// How long a browser may open nothing that it was asked to open. A start takes about a second, and
/// on a machine that is overloaded many times over some of what was asked is still answered.
const LIMIT: Duration = Duration::from_secs(30);

/// What a browser was asked to open and has not answered.
#[derive(Debug, Default)]
pub(super) struct Opens {
    owed: usize,
    /// Since when it owes something, or when it last answered.
    since: Option<Instant>,
}

impl Opens {
    /// A page or a context was asked for.
    pub(super) fn asked(&mut self, now: Instant) {
        self.owed += 1;
        self.since.get_or_insert(now);
    }

    /// The browser has answered, with what was asked for or with an error.
    pub(super) fn answered(&mut self, now: Instant) {
        self.given_up();
        self.since = self.since.map(|_| now);
    }

    /// Nobody waits any more for one that it has not answered.
    pub(super) fn given_up(&mut self) {
        self.owed = self.owed.saturating_sub(1);
        if self.owed == 0 {
            self.since = None;
        }
    }

    /// When the browser counts as hung, if it answers none of them until then.
    pub(super) fn hung_at(&self) -> Option<Instant> {
        self.since.map(|since| since + LIMIT)
    }

    /// Why it counts as hung.
    pub(super) fn verdict() -> String {
        format!(
            "Chromium answers, but has opened nothing for {} s that it was asked to open",
            LIMIT.as_secs()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_browser_that_was_asked_for_nothing_does_not_hang() {
        let (mut opens, now) = (Opens::default(), Instant::now());
        assert_eq!(opens.hung_at(), None);
        opens.asked(now);
        opens.answered(now + SECOND);
        assert_eq!(opens.hung_at(), None);
    }

    #[test]
    fn a_browser_that_answers_nothing_hangs_from_the_oldest_on() {
        let (mut opens, start) = (Opens::default(), Instant::now());
        for second in 0..5 {
            opens.asked(start + second * SECOND);
        }
        assert_eq!(opens.hung_at(), Some(start + LIMIT));
    }

    #[test]
    fn any_answer_shows_that_it_does_not_hang_yet() {
        let (mut opens, start) = (Opens::default(), Instant::now());
        opens.asked(start);
        opens.asked(start);
        opens.answered(start + LIMIT - SECOND);
        assert_eq!(opens.hung_at(), Some(start + LIMIT - SECOND + LIMIT));
    }

    #[test]
    fn one_that_is_given_up_is_no_answer() {
        let (mut opens, start) = (Opens::default(), Instant::now());
        opens.asked(start);
        opens.asked(start + SECOND);
        opens.given_up();
        assert_eq!(opens.hung_at(), Some(start + LIMIT));
        opens.given_up();
        assert_eq!(opens.hung_at(), None);
    }
}
