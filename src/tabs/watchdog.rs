//! Tells a busy page from a dead one, and says what to do about it. No I/O.
//!
//! A page that owes an answer for longer than [`SUSPICION`] is asked for the smallest one there is.
//! If it gives none within the time that a page may hang, its script is terminated, which frees one
//! that loops; if it gives none within as long again, it gets another target (faults section 1:
//! loops, synchronous requests and renderers that were stopped). A page that answers, however late,
//! is left alone: laying out a million elements takes its time.

use std::time::Duration;

use tokio::time::Instant;

/// How long a page may owe an answer before it is probed, and how long one that answered is trusted.
const SUSPICION: Duration = Duration::from_secs(1);

/// What to do about a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
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
    Trusting(Option<Instant>),
    /// A request was given up, so that it is suspected whether it owes something or not.
    Doubting(Instant),
    /// It was probed then.
    Probing(Instant),
    /// Its script was terminated then.
    Terminated(Instant),
}

impl Watchdog {
    /// A watchdog of pages that may hang for so long.
    pub fn new(limit: Duration) -> Self {
        let stage = Stage::Trusting(None);
        Self { limit, stage }
    }

    /// A request was given up that the page had not answered.
    pub fn doubt(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Trusting(_)) {
            self.stage = Stage::Doubting(now);
        }
    }

    /// The probe was answered, in whatever way.
    pub fn answered(&mut self, now: Instant) {
        self.stage = Stage::Trusting(Some(now + SUSPICION));
    }

    /// When [`due`](Self::due) has something to say; `owing` is since when the page owes an answer.
    pub fn next_wake(&self, owing: Option<Instant>) -> Option<Instant> {
        match self.stage {
            Stage::Trusting(until) => {
                let suspicious = owing? + SUSPICION;
                Some(until.map_or(suspicious, |until| until.max(suspicious)))
            }
            Stage::Doubting(since) => Some(since),
            Stage::Probing(since) | Stage::Terminated(since) => Some(since + self.limit),
        }
    }

    /// What is to be done now. It counts as done.
    pub fn due(&mut self, owing: Option<Instant>, now: Instant) -> Option<Rung> {
        if self.next_wake(owing)? > now {
            return None;
        }
        let (stage, rung) = match self.stage {
            Stage::Trusting(_) | Stage::Doubting(_) => (Stage::Probing(now), Rung::Probe),
            Stage::Probing(_) => (Stage::Terminated(now), Rung::Terminate),
            Stage::Terminated(_) => (Stage::Trusting(None), Rung::Replace),
        };
        self.stage = stage;
        Some(rung)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);
    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_page_that_owes_nothing_is_left_alone() {
        let mut watchdog = Watchdog::new(LIMIT);
        assert_eq!(watchdog.next_wake(None), None);
        assert_eq!(watchdog.due(None, Instant::now() + LIMIT), None);
    }

    #[test]
    fn a_page_that_answers_nothing_climbs_the_ladder() {
        let (mut watchdog, start) = (Watchdog::new(LIMIT), Instant::now());
        let owing = Some(start);
        assert_eq!(watchdog.due(owing, start + SUSPICION - MS), None);
        let mut at = start;
        for (wait, rung) in [
            (SUSPICION, Rung::Probe),
            (LIMIT, Rung::Terminate),
            (LIMIT, Rung::Replace),
        ] {
            at += wait;
            assert_eq!(watchdog.next_wake(owing), Some(at));
            assert_eq!(watchdog.due(owing, at), Some(rung));
            assert_eq!(watchdog.due(owing, at), None, "{rung:?} is said once");
        }
    }

    #[test]
    fn a_page_that_answers_late_is_trusted_for_a_while() {
        let (mut watchdog, start) = (Watchdog::new(LIMIT), Instant::now());
        let owing = Some(start);
        assert_eq!(watchdog.due(owing, start + SUSPICION), Some(Rung::Probe));
        let late = start + LIMIT;
        watchdog.answered(late);
        assert_eq!(watchdog.next_wake(owing), Some(late + SUSPICION));
        assert_eq!(watchdog.due(owing, late + SUSPICION), Some(Rung::Probe));
    }

    #[test]
    fn a_page_that_let_a_request_run_out_of_time_is_probed_though_nobody_waits() {
        let (mut watchdog, now) = (Watchdog::new(LIMIT), Instant::now());
        watchdog.doubt(now);
        assert_eq!(watchdog.due(None, now), Some(Rung::Probe));
        watchdog.doubt(now);
        assert_eq!(watchdog.next_wake(None), Some(now + LIMIT), "no new start");
    }
}
