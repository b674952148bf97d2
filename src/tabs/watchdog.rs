//! Tells a busy page from a dead one, and says what to do about it. No I/O.
//!
//! A page that owes an answer for longer than [`SUSPICION`] is asked for the smallest one there is.
//! If it gives none within the time that a page may hang, its script is terminated, which frees one
//! that loops; if it gives none within as long again, it gets another target (faults section 1:
//! loops, synchronous requests and renderers that were stopped). A page that answers, however late,
//! is left alone: laying out a million elements takes its time. Before each step the browser must have
//! answered: as long as it does not, nothing is known of its pages.

use std::time::Duration;

use tokio::time::Instant;

/// How long a page may owe an answer before it is probed, and how long one that answered is trusted.
const SUSPICION: Duration = Duration::from_secs(1);

/// What to do about a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangAction {
    /// Ask it for the smallest answer there is.
    Probe,
    /// End the script that runs in it.
    Terminate,
    /// Give the tab another target.
    Replace,
}

/// Watches one page.
#[derive(Debug)]
pub struct Watchdog {
    limit: Duration,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// It is not suspected before then.
    Trusted(Option<Instant>),
    /// A request was given up, so that it is suspected whether it owes something or not.
    Suspected(Instant),
    /// The browser has been asked, and this is done once it answers.
    ProbingBrowser(HangAction),
    /// It was probed then.
    ProbingPage(Instant),
    /// Its script was terminated then.
    Terminated(Instant),
}

impl Watchdog {
    /// A watchdog of pages that may hang for so long.
    pub fn new(limit: Duration) -> Self {
        let stage = Stage::Trusted(None);
        Self { limit, stage }
    }

    /// A request was given up that the page had not answered.
    pub fn suspect(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Trusted(_)) {
            self.stage = Stage::Suspected(now);
        }
    }

    /// The page answered, in whatever way.
    pub fn answered(&mut self, now: Instant) {
        self.stage = Stage::Trusted(Some(now + SUSPICION));
    }

    /// When [`take_due`](Self::take_due) has something to say; `awaiting_page_since` is since when the page owes an answer.
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

    /// Whether the browser is to be asked now whether it answers. It counts as asked.
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

    /// The browser has answered, or has not: what is to be done about the page now. It counts as done.
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
