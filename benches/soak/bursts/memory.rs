//! The daemon's own memory from burst to burst, and how much of it may stay.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::super::chaos::watch::status_field;

/// What may be left of all bursts together.
const MAY_STAY_KIB: u64 = 10 * 1024;
/// How long after the end of everything memory may be given back.
const GIVEN_BACK_WITHIN: Duration = Duration::from_mins(1);
/// The interval of measurements in that time.
const PAUSE: Duration = Duration::from_millis(250);

/// The anonymous resident memory of a process, in KiB: files that are mapped, such as the program itself, are read
/// in as they are needed and are no leak.
pub(crate) fn anonymous(pid: i32) -> u64 {
    let memory = status_field(pid, "RssAnon:");
    memory.expect("the daemon runs, on a system that tells this")
}

/// All of it in KiB.
#[derive(Debug)]
pub(crate) struct BurstMemory {
    start: u64,
    /// After each burst.
    bursts: Vec<(&'static str, u64)>,
    closed: u64,
    rest: u64,
    rest_took: Duration,
}

impl BurstMemory {
    pub(crate) fn at_start(pid: i32) -> Self {
        Self {
            start: anonymous(pid),
            bursts: Vec::new(),
            closed: 0,
            rest: 0,
            rest_took: Duration::ZERO,
        }
    }

    pub(crate) fn after_burst(&mut self, name: &'static str, pid: i32) {
        self.bursts.push((name, anonymous(pid)));
    }

    /// Tabs and connections are closed; waits until what the bursts took is given back, or should have been.
    pub(crate) async fn after_all(&mut self, pid: i32) {
        self.closed = anonymous(pid);
        self.rest = self.closed;
        let start = Instant::now();
        while self.stayed() > MAY_STAY_KIB && start.elapsed() < GIVEN_BACK_WITHIN {
            sleep(PAUSE).await;
            self.rest = anonymous(pid);
        }
        self.rest_took = start.elapsed();
    }

    fn stayed(&self) -> u64 {
        self.rest.saturating_sub(self.start)
    }

    /// What is wrong, if anything is.
    pub(crate) fn verdict(&self) -> Option<String> {
        let stayed = self.stayed();
        (stayed > MAY_STAY_KIB).then(|| {
            format!(
                "{stayed} KiB of what bursts took were not given back within {GIVEN_BACK_WITHIN:?}"
            )
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        let bursts = self
            .bursts
            .iter()
            .map(|(name, kib)| json!({"burst": name, "anonymousKib": kib}));
        json!({
            "startKib": self.start,
            "bursts": bursts.collect::<Vec<_>>(),
            "closedKib": self.closed,
            "restKib": self.rest,
            "restSeconds": self.rest_took.as_secs_f64(),
            "wrong": self.verdict(),
        })
    }
}

impl fmt::Display for BurstMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "anonymous memory of the daemon in KiB:")?;
        writeln!(f, "  {:<30} {:>7}", "at the start", self.start)?;
        for (name, kib) in &self.bursts {
            writeln!(f, "  {name:<30} {kib:>7}")?;
        }
        writeln!(f, "  {:<30} {:>7}", "when all was closed", self.closed)?;
        let later = format!("{:.1} s later", self.rest_took.as_secs_f64());
        writeln!(f, "  {later:<30} {:>7}", self.rest)?;
        match self.verdict() {
            None => write!(f, "it was given back"),
            Some(wrong) => write!(f, "WRONG: {wrong}"),
        }
    }
}
