//! Tells a busy page from a hung one, and decides what to do about it. No I/O.
//!
//! A page that has not answered for longer than [`SUSPICION`] is probed. If it does not answer the
//! probe within the hang timeout, its script is terminated, which frees a page in a loop; if it does
//! not answer within the same time again, the tab gets another target (faults section 1: loops,
//! synchronous requests and stopped renderers). A page that answers, however late, is left alone:
//! laying out a million elements takes long. Before each step the browser must have answered a probe,
//! because the pages of a hung browser cannot answer. While a navigation waits for its server, Chromium
//! answers nothing for the page, so that it is not suspected then.

use std::time::Duration;

use tokio::time::Instant;

/// How long a page may leave a call unanswered before it is probed, and how long one that answered is
/// trusted.
const SUSPICION: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangAction {
    Probe,
    Terminate,
    Replace,
}

#[derive(Debug)]
pub struct Watchdog {
    limit: Duration,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Not suspected before this time.
    Trusted(Option<Instant>),
    /// A request timed out; the page is suspected since then, whether something still waits or not.
    Suspected(Instant),
    /// The browser is being probed; this follows once it answers.
    ProbingBrowser(HangAction),
    /// Since when.
    ProbingPage(Instant),
    /// Since when its script has been terminated.
    Terminated(Instant),
}

impl Watchdog {
    pub fn new(limit: Duration) -> Self {
        let stage = Stage::Trusted(None);
        Self { limit, stage }
    }

    /// A request timed out that the page had not answered.
    pub fn suspect(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Trusted(_)) {
            self.stage = Stage::Suspected(now);
        }
    }

    /// The page answered, with a result or an error.
    pub fn answered(&mut self, now: Instant) {
        self.stage = Stage::Trusted(Some(now + SUSPICION));
    }

    /// When [`take_due`](Self::take_due) returns true; `awaiting_page_since` is when the oldest
    /// unanswered call was made.
    pub fn next_wake(&self, awaiting_page_since: Option<Instant>) -> Option<Instant> {
        match self.stage {
            Stage::Trusted(until) => {
                let suspicious = awaiting_page_since? + SUSPICION;
                Some(until.map_or(suspicious, |until| until.max(suspicious)))
            }
            Stage::Suspected(since) => Some(since),
            Stage::ProbingBrowser(_) => None,
            Stage::ProbingPage(since) | Stage::Terminated(since) => Some(since + self.limit),
        }
    }

    /// Whether the browser must be probed now. It counts as being probed then.
    pub fn take_due(&mut self, awaiting_page_since: Option<Instant>, now: Instant) -> bool {
        let is_due = self
            .next_wake(awaiting_page_since)
            .is_some_and(|wake| wake <= now);
        if is_due {
            self.stage = Stage::ProbingBrowser(match self.stage {
                Stage::ProbingPage(_) => HangAction::Terminate,
                Stage::Terminated(_) => HangAction::Replace,
                _ => HangAction::Probe,
            });
        }
        is_due
    }

    /// The browser probe has ended: what to do about the page now. It counts as done.
    pub fn browser_probed(&mut self, answers: bool, now: Instant) -> Option<HangAction> {
        let Stage::ProbingBrowser(rung) = self.stage else {
            return None;
        };
        self.stage = match rung {
            HangAction::Probe if answers => Stage::ProbingPage(now),
            HangAction::Terminate if answers => Stage::Terminated(now),
            HangAction::Replace if answers => Stage::Trusted(Some(now + self.limit)),
            HangAction::Probe => Stage::Suspected(now),
            HangAction::Terminate => Stage::ProbingPage(now),
            HangAction::Replace => Stage::Terminated(now),
        };
        answers.then_some(rung)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);
    const MS: Duration = Duration::from_millis(1);

    fn step(
        watchdog: &mut Watchdog,
        awaiting_page_since: Option<Instant>,
        now: Instant,
    ) -> Option<HangAction> {
        watchdog
            .take_due(awaiting_page_since, now)
            .then(|| watchdog.browser_probed(true, now))?
    }

    #[test]
    fn a_page_that_owes_nothing_is_left_alone() {
        let mut watchdog = Watchdog::new(LIMIT);
        assert_eq!(watchdog.next_wake(None), None);
        assert!(!watchdog.take_due(None, Instant::now() + LIMIT));
    }

    #[test]
    fn a_page_that_answers_nothing_climbs_the_ladder() {
        let (mut watchdog, start) = (Watchdog::new(LIMIT), Instant::now());
        let awaiting_page_since = Some(start);
        assert!(!watchdog.take_due(awaiting_page_since, start + SUSPICION - MS));
        let mut at = start;
        for (wait, rung) in [
            (SUSPICION, HangAction::Probe),
            (LIMIT, HangAction::Terminate),
            (LIMIT, HangAction::Replace),
        ] {
            at += wait;
            assert_eq!(watchdog.next_wake(awaiting_page_since), Some(at));
            assert_eq!(step(&mut watchdog, awaiting_page_since, at), Some(rung));
            assert_eq!(
                step(&mut watchdog, awaiting_page_since, at),
                None,
                "{rung:?} is said once"
            );
        }
    }

    #[test]
    fn a_page_is_not_blamed_for_a_browser_that_does_not_answer() {
        let (mut watchdog, start) = (Watchdog::new(LIMIT), Instant::now());
        let awaiting_page_since = Some(start);
        let mut at = start + SUSPICION;
        assert_eq!(
            step(&mut watchdog, awaiting_page_since, at),
            Some(HangAction::Probe)
        );
        for _ in 0..5 {
            at += LIMIT;
            assert!(watchdog.take_due(awaiting_page_since, at));
            assert_eq!(
                watchdog.next_wake(awaiting_page_since),
                None,
                "it waits for the browser"
            );
            assert_eq!(watchdog.browser_probed(false, at), None);
        }
        assert_eq!(
            step(&mut watchdog, awaiting_page_since, at + LIMIT),
            Some(HangAction::Terminate)
        );
    }

    #[test]
    fn a_page_that_answers_late_is_trusted_for_a_while() {
        let (mut watchdog, start) = (Watchdog::new(LIMIT), Instant::now());
        let awaiting_page_since = Some(start);
        assert_eq!(
            step(&mut watchdog, awaiting_page_since, start + SUSPICION),
            Some(HangAction::Probe)
        );
        let late = start + SUSPICION + LIMIT;
        assert!(watchdog.take_due(awaiting_page_since, late));
        watchdog.answered(late);
        assert_eq!(
            watchdog.browser_probed(true, late),
            None,
            "it has answered meanwhile"
        );
        assert_eq!(
            watchdog.next_wake(awaiting_page_since),
            Some(late + SUSPICION)
        );
    }

    #[test]
    fn a_page_that_let_a_request_run_out_of_time_is_probed_though_nobody_waits() {
        let (mut watchdog, now) = (Watchdog::new(LIMIT), Instant::now());
        watchdog.suspect(now);
        assert_eq!(step(&mut watchdog, None, now), Some(HangAction::Probe));
        watchdog.suspect(now);
        assert_eq!(watchdog.next_wake(None), Some(now + LIMIT), "no new start");
    }
}
