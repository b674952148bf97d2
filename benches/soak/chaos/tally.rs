//! Outcomes of the requests, counted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// How many examples of each violation are kept.
const EXAMPLES: usize = 10;

/// The counts of one Coordinator, or of all together.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tally {
    /// By type and outcome: the `type` of the answer, or the code of an error.
    pub(crate) requests: BTreeMap<&'static str, BTreeMap<String, u64>>,
    /// Never answered within the time limit, though the connection was open.
    pub(crate) unanswered: u64,
    /// Answered more than once.
    pub(crate) doubled: u64,
    /// Answered after the time limit.
    pub(crate) late: u64,
    /// The actions on the page for it that were cancelled and are said to have had no effect.
    #[serde(skip)]
    pub(crate) untouched: Vec<u64>,
    /// In flight when their connection ended.
    pub(crate) cut: u64,
    /// Closed connections by close code; 0 without one.
    pub(crate) closes: BTreeMap<u16, u64>,
    /// Unsolicited events, by `type`.
    pub(crate) events: BTreeMap<&'static str, u64>,
    /// Connections so far.
    pub(crate) connects: u64,
    /// The slowest answer, in milliseconds.
    pub(crate) longest_ms: u64,
    /// Violations, with examples.
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn answered(&mut self, kind: &'static str, outcome: &str, took: Duration) {
        let outcomes = self.requests.entry(kind).or_default();
        *outcomes.entry(outcome.to_owned()).or_default() += 1;
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.longest_ms = self.longest_ms.max(took);
    }

    /// Records a violation.
    pub(crate) fn wrong(&mut self, what: impl FnOnce() -> String) {
        if self.wrong.len() < EXAMPLES {
            self.wrong.push(what());
        }
    }

    /// The number of answered requests.
    pub(crate) fn answers(&self) -> u64 {
        let outcomes = self.requests.values().flat_map(BTreeMap::values);
        outcomes.sum()
    }

    /// Adds another tally.
    pub(crate) fn add(&mut self, other: Self) {
        for (kind, outcomes) in other.requests {
            let ours = self.requests.entry(kind).or_default();
            for (outcome, count) in outcomes {
                *ours.entry(outcome).or_default() += count;
            }
        }
        for (code, count) in other.closes {
            *self.closes.entry(code).or_default() += count;
        }
        for (name, count) in other.events {
            *self.events.entry(name).or_default() += count;
        }
        self.unanswered += other.unanswered;
        self.doubled += other.doubled;
        self.late += other.late;
        self.cut += other.cut;
        self.connects += other.connects;
        self.longest_ms = self.longest_ms.max(other.longest_ms);
        self.untouched.extend(other.untouched);
        self.wrong.extend(other.wrong);
    }
}
