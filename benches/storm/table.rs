//! The results, as text and as JSON.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::loads::Asked;
use crate::options::Options;
use crate::samples::Samples;
use crate::witness::{REQUESTS, Seen};

#[derive(Default)]
pub(crate) struct Table {
    /// What B saw before each load.
    pub(crate) without: Seen,
    pub(crate) phases: Vec<Phase>,
}

pub(crate) struct Phase {
    pub(crate) name: &'static str,
    /// The part of the processors that nothing used, in percent.
    pub(crate) idle: f64,
    pub(crate) seen: Seen,
    /// What A asked for.
    pub(crate) asked: Arc<Asked>,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Medians of B in ms (p95), and the ratio of the medians.\n"
        )?;
        write!(f, "| load of A | idle |")?;
        for request in REQUESTS {
            write!(f, " {request} |")?;
        }
        writeln!(f, " errors of B | answers to A (errors) |")?;
        writeln!(
            f,
            "| --- | ---: |{} --- | ---: |",
            " ---: |".repeat(REQUESTS.len())
        )?;
        write!(f, "| none | |")?;
        for times in &self.without.times {
            write!(f, " {} |", cell(times))?;
        }
        writeln!(f, " {} | |", errors(&self.without))?;
        for phase in &self.phases {
            write!(f, "| {} | {:.0} % |", phase.name, phase.idle)?;
            for (times, without) in phase.seen.times.iter().zip(&self.without.times) {
                let ratio = times.median() / without.median();
                write!(f, " {} ×{ratio:.2} |", cell(times))?;
            }
            let answered = phase.asked.answered.load(Ordering::Relaxed);
            let failed = phase.asked.errors.load(Ordering::Relaxed);
            writeln!(f, " {} | {answered} ({failed}) |", errors(&phase.seen))?;
        }
        Ok(())
    }
}

fn cell(times: &Samples) -> String {
    format!("{:.1} ({:.1})", times.median(), times.quantile(0.95))
}

fn errors(seen: &Seen) -> String {
    if seen.errors.is_empty() {
        return "0".to_owned();
    }
    let codes = seen.errors.iter();
    let codes: Vec<_> = codes
        .map(|(code, count)| format!("{count} {code}"))
        .collect();
    codes.join(", ")
}

impl Table {
    /// Writes `target/bench/storm-BUILD.json` and returns its path.
    pub(crate) fn write(&self, options: &Options) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"),
            PathBuf::from,
        );
        let dir = target.join("bench");
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join(format!("storm-{}.json", options.build()));
        let mut rows = vec![json!({"load": null, "times": times(&self.without)})];
        rows.extend(self.phases.iter().map(|phase| {
            let (times, errors) = (times(&phase.seen), &phase.seen.errors);
            json!({"load": phase.name, "idlePercent": phase.idle, "times": times, "errors": errors})
        }));
        std::fs::write(&path, format!("{:#}\n", Value::from(rows))).unwrap();
        path
    }
}

fn times(seen: &Seen) -> Value {
    let each = REQUESTS.iter().zip(&seen.times).map(|(request, times)| {
        let spread =
            json!({"median": times.median(), "p95": times.quantile(0.95), "samples": times.len()});
        ((*request).to_owned(), spread)
    });
    Value::Object(each.collect())
}
