//! The open requests, and whether each is answered exactly once and in time.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;

use super::tally::Tally;

/// Allowance beyond the request's own time limit: the round trip, on a busy machine.
const SLACK: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Open {
    kind: &'static str,
    sent: Instant,
    limit: Duration,
    /// The number of an action on the page for it.
    acting: Option<u64>,
}

/// The requests of one Coordinator. Ids are never reused.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    next: u64,
    open: HashMap<u64, Open>,
    /// The requests that were to be cancelled, by the request to do so.
    cancels: HashMap<u64, u64>,
    /// Those that were answered so.
    cancelled: HashSet<u64>,
}

impl Ledger {
    /// Registers a request that is being sent and returns its id.
    pub(crate) fn ask(
        &mut self,
        kind: &'static str,
        acting: Option<u64>,
        limit: Duration,
        now: Instant,
    ) -> u64 {
        let id = self.next;
        self.next += 1;
        let open = Open {
            kind,
            sent: now,
            limit,
            acting,
        };
        self.open.insert(id, open);
        id
    }

    /// An open request that can be cancelled.
    pub(crate) fn choice(&self, rng: &mut Rng) -> Option<u64> {
        let open = self.open.iter().filter(|(_, asked)| asked.kind != "cancel");
        let mut ids: Vec<_> = open.map(|(id, _)| *id).collect();
        // The order of a map differs between runs.
        ids.sort_unstable();
        rng.choice(ids)
    }

    /// Registers what a request is to cancel.
    pub(crate) fn cancels(&mut self, id: u64, target: u64) {
        self.cancels.insert(id, target);
    }

    /// A request is about to be answered that it was cancelled.
    pub(crate) fn cancelled(&mut self, id: u64, input_sent: Option<bool>, tally: &mut Tally) {
        if !self.cancels.values().any(|target| *target == id) {
            tally.wrong(|| format!("request {id} was cancelled by itself"));
        }
        self.cancelled.insert(id);
        let acting = self.open.get(&id).and_then(|asked| asked.acting);
        match input_sent {
            Some(false) => tally.untouched.extend(acting),
            Some(true) => {}
            None => {
                tally.wrong(|| format!("request {id} was cancelled; with an effect or without?"));
            }
        }
    }

    /// A request to cancel another one is about to be answered.
    pub(crate) fn reported(&mut self, id: u64, cancelled: bool, tally: &mut Tally) {
        let target = self.cancels.remove(&id);
        let was_answered = target.is_some_and(|target| self.cancelled.contains(&target));
        if cancelled && !was_answered {
            tally.wrong(|| {
                format!("{id} says that {target:?} was cancelled, which was not answered so")
            });
        }
    }

    /// Whether every request is answered.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Records an answer, which is `outcome`.
    pub(crate) fn answered(&mut self, id: u64, outcome: &str, now: Instant, tally: &mut Tally) {
        let Some(asked) = self.open.remove(&id) else {
            if id < self.next {
                tally.doubled += 1;
                tally.wrong(|| format!("request {id} was answered again, with {outcome}"));
            } else {
                tally.wrong(|| format!("request {id} was answered and never made: {outcome}"));
            }
            return;
        };
        let took = now.saturating_duration_since(asked.sent);
        tally.answered(asked.kind, outcome, took);
        if took > asked.limit + SLACK {
            tally.late += 1;
            let Open { kind, limit, .. } = asked;
            tally.wrong(|| format!("{kind} {id} took {took:?} of {limit:?}: {outcome}"));
        }
    }

    /// Counts requests that are long overdue as lost.
    pub(crate) fn overdue(&mut self, now: Instant, tally: &mut Tally) {
        self.open.retain(|id, asked| {
            let Open {
                kind, sent, limit, ..
            } = asked;
            // Late answers are still awaited, so that late and lost can be told apart.
            let lost = now.saturating_duration_since(*sent) > *limit + SLACK * 2;
            if lost {
                tally.unanswered += 1;
                tally.wrong(|| format!("{kind} {id} with {limit:?} was never answered"));
            }
            !lost
        });
    }

    /// While the connection is not read, arrival times are unknown.
    pub(crate) fn not_reading_for(&mut self, pause: Duration) {
        for asked in self.open.values_mut() {
            asked.limit += pause;
        }
    }

    /// The connection ended; its answers cannot arrive any more. If answers are kept for a
    /// connection that resumes, they are to be awaited from here on.
    pub(crate) fn cut(&mut self, tally: &mut Tally) {
        tally.cut += self.open.len() as u64;
        self.open.clear();
        self.cancels.clear();
        self.cancelled.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn asked() -> (Ledger, Tally, Instant) {
        let now = Instant::now();
        let mut ledger = Ledger::default();
        assert_eq!(ledger.ask("ping", None, SECOND, now), 0);
        (ledger, Tally::default(), now)
    }

    #[test]
    fn one_answer_in_time_is_right_and_a_second_is_doubled() {
        let (mut ledger, mut tally, now) = asked();
        ledger.answered(0, "pong", now + SECOND, &mut tally);
        assert!(tally.wrong.is_empty() && ledger.is_empty());
        ledger.answered(0, "pong", now + SECOND, &mut tally);
        assert_eq!((tally.doubled, tally.answers()), (1, 1));
        ledger.answered(9, "pong", now, &mut tally);
        assert_eq!(tally.wrong.len(), 2, "an answer to nothing is wrong");
    }

    #[test]
    fn an_answer_after_its_time_is_late_and_none_is_unanswered() {
        let (mut ledger, mut tally, now) = asked();
        ledger.answered(0, "pong", now + SECOND + SLACK + SECOND, &mut tally);
        assert_eq!(tally.late, 1);
        ledger.ask("ping", None, SECOND, now);
        ledger.overdue(now + SECOND + SLACK, &mut tally);
        assert_eq!(tally.unanswered, 0);
        ledger.overdue(now + SECOND * 2 + SLACK * 2, &mut tally);
        assert!(tally.unanswered == 1 && ledger.is_empty());
    }

    #[test]
    fn a_cancellation_is_answered_after_what_it_cancels_and_only_then_says_so() {
        let (mut ledger, mut tally, now) = asked();
        let click = ledger.ask("click", Some(7), SECOND, now);
        let cancel = ledger.ask("cancel", None, SECOND, now);
        ledger.cancels(cancel, click);
        ledger.cancelled(click, Some(false), &mut tally);
        ledger.reported(cancel, true, &mut tally);
        assert_eq!(
            (tally.untouched.as_slice(), tally.wrong.len()),
            ([7].as_slice(), 0)
        );
        let again = ledger.ask("cancel", None, SECOND, now);
        ledger.cancels(again, 0);
        ledger.reported(again, true, &mut tally);
        assert_eq!(tally.wrong.len(), 1, "the ping is not answered");
        ledger.cancelled(0, Some(true), &mut tally);
        assert_eq!(tally.wrong.len(), 2, "nothing was to cancel it");
    }

    #[test]
    fn neither_a_pause_in_reading_nor_a_cut_is_the_bridges_fault() {
        let (mut ledger, mut tally, now) = asked();
        ledger.not_reading_for(SECOND * 60);
        ledger.answered(0, "pong", now + SECOND * 60, &mut tally);
        ledger.ask("ping", None, SECOND, now);
        ledger.cut(&mut tally);
        assert!(tally.wrong.is_empty() && ledger.is_empty());
        assert_eq!((tally.cut, tally.late), (1, 0));
    }
}
