//! The result of a run, as text and as JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::config::Plan;
use super::slope::line;
use super::tally::Tally;
use super::watch::Look;
use super::witness::Pongs;

/// Permitted growth of memory in any run: allocators keep their peak.
const MEMORY_NOISE_MIB: f64 = 8.0;
/// Permitted growth per hour.
const MEMORY_MIB_AN_HOUR: f64 = 1.0;
/// Permitted growth of descriptors: Chromium keeps up to six idle connections to a host in each
/// client's context, and each has two ends in the proxy.
const MORE_DESCRIPTORS: u64 = 32;

/// Possible leaks.
#[derive(Debug, Default)]
pub(crate) struct Leaks {
    /// The idle daemon, before and after.
    pub(crate) before: Look,
    pub(crate) after: Look,
    /// Browsers at the end; one is right.
    pub(crate) browsers: usize,
    /// Directories at the end; one is right.
    pub(crate) directories: usize,
    /// Zombie children of the daemon.
    pub(crate) zombies: usize,
    /// After the end of the daemon.
    pub(crate) left_processes: usize,
    pub(crate) left_directories: usize,
}

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) plan: Plan,
    /// The build of Chromium.
    pub(crate) build: &'static str,
    /// Restarts of Chromium.
    pub(crate) restarts: u64,
    pub(crate) tally: Tally,
    pub(crate) faults: BTreeMap<&'static str, u64>,
    pub(crate) looks: Vec<Look>,
    pub(crate) pongs: Pongs,
    pub(crate) leaks: Leaks,
    /// Violations other than those in the tally.
    pub(crate) wrong: Vec<String>,
}

impl Report {
    /// Memory over time, in MiB and hours.
    fn memory(&self) -> Vec<(f64, f64)> {
        let looks = self.looks.iter();
        looks
            .map(|look| (look.at / 3600.0, look.memory as f64 / 1024.0))
            .collect()
    }

    /// All violations, a sentence each. Empty: the run has passed.
    pub(crate) fn verdict(&self) -> Vec<String> {
        let Self { tally, leaks, .. } = self;
        let mut wrong = self.wrong.clone();
        wrong.extend(tally.wrong.iter().cloned());
        let mut none_of = |count: u64, what: &str| {
            if count > 0 {
                wrong.push(format!("{count} {what}"));
            }
        };
        none_of(tally.unanswered, "requests were never answered");
        none_of(tally.doubled, "requests were answered twice");
        none_of(tally.late, "requests were answered late");
        none_of(leaks.zombies as u64, "children were not reaped");
        none_of(leaks.left_processes as u64, "processes outlived the daemon");
        none_of(
            leaks.left_directories as u64,
            "directories outlived the daemon",
        );
        if tally.answers() == 0 {
            wrong.push("nothing was answered at all".to_owned());
        }
        if (leaks.browsers, leaks.directories) != (1, 1) {
            let (browsers, directories) = (leaks.browsers, leaks.directories);
            wrong.push(format!(
                "at the end there were {browsers} browsers and {directories} directories"
            ));
        }
        let (before, after) = (leaks.before.descriptors, leaks.after.descriptors);
        if after > before + MORE_DESCRIPTORS {
            wrong.push(format!("descriptors went from {before} to {after}"));
        }
        if let Some(line) = line(&self.memory()) {
            let hours = self.plan.length.as_secs_f64() / 3600.0;
            let allowed = MEMORY_NOISE_MIB + MEMORY_MIB_AN_HOUR * hours;
            if line.rise > allowed {
                wrong.push(format!("memory rose by {:.1} MiB", line.rise));
            }
        }
        wrong
    }

    pub(crate) fn to_json(&self) -> Value {
        let line = line(&self.memory());
        json!({
            "seed": self.plan.seed,
            "seconds": self.plan.length.as_secs_f64(),
            "build": self.build,
            "answers": self.tally.answers(),
            "unanswered": self.tally.unanswered,
            "doubled": self.tally.doubled,
            "late": self.tally.late,
            "tally": self.tally,
            "faults": self.faults,
            "browserRestarts": self.restarts,
            "pingMs": {
                "p50": self.pongs.quantile(0.5),
                "p99": self.pongs.quantile(0.99),
                "max": self.pongs.quantile(1.0),
            },
            "memorySlopeMibAnHour": line.map(|line| line.slope),
            "memoryRiseMib": line.map(|line| line.rise),
            "before": self.leaks.before,
            "after": self.leaks.after,
            "left": {
                "processes": self.leaks.left_processes,
                "directories": self.leaks.left_directories,
                "zombies": self.leaks.zombies,
            },
            "looks": self.looks,
            "wrong": self.verdict(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tally, leaks, .. } = self;
        let seconds = self.plan.length.as_secs_f64();
        let seed = self.plan.seed;
        writeln!(f, "soak of {seconds:.0} s on {}, seed {seed}\n", self.build)?;
        writeln!(f, "requests: {} answered", tally.answers())?;
        for (kind, outcomes) in &tally.requests {
            let outcomes: Vec<_> = outcomes
                .iter()
                .map(|(it, count)| format!("{it} {count}"))
                .collect();
            writeln!(f, "  {kind:<18} {}", outcomes.join(", "))?;
        }
        writeln!(
            f,
            "  unanswered {}, doubled {}, late {}; in flight when a connection ended {}; longest {} ms",
            tally.unanswered, tally.doubled, tally.late, tally.cut, tally.longest_ms
        )?;
        let untouched = tally.untouched.len();
        writeln!(f, "actions cancelled before any effect: {untouched}")?;
        writeln!(f, "events: {:?}", tally.events)?;
        writeln!(
            f,
            "connections: {}, closed {:?}",
            tally.connects, tally.closes
        )?;
        writeln!(f, "faults:")?;
        for (name, count) in &self.faults {
            writeln!(f, "  {name:<30} {count}")?;
        }
        writeln!(f, "Chromium was started again {} times", self.restarts)?;
        writeln!(
            f,
            "ping beside all that: median {:.1} ms, p99 {:.1} ms, longest {:.0} ms",
            self.pongs.quantile(0.5),
            self.pongs.quantile(0.99),
            self.pongs.quantile(1.0)
        )?;
        let (before, after) = (leaks.before, leaks.after);
        writeln!(
            f,
            "at rest, before and after: {} and {} KiB, {} and {} descriptors, {} and {} threads",
            before.memory,
            after.memory,
            before.descriptors,
            after.descriptors,
            before.threads,
            after.threads
        )?;
        match line(&self.memory()) {
            Some(line) => writeln!(
                f,
                "memory after the first tenth: {:+.2} MiB, which is {:+.2} MiB an hour",
                line.rise, line.slope
            )?,
            None => writeln!(f, "memory: the run was too short for a slope")?,
        }
        writeln!(
            f,
            "left behind: {} processes, {} directories, {} zombies",
            leaks.left_processes, leaks.left_directories, leaks.zombies
        )?;
        match self.verdict().as_slice() {
            [] => write!(f, "\nnothing is wrong"),
            wrong => write!(f, "\nWRONG:\n  {}", wrong.join("\n  ")),
        }
    }
}
