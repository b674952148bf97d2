//! The table, as text and as JSON.

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::browsers::Browsers;
use crate::support::output_dir;
use crate::support::samples::Samples;

/// One row of the table.
#[derive(Debug)]
struct Row {
    name: String,
    raw: Option<Samples>,
    bridge: Option<Samples>,
    figure: String,
    goal: String,
    met: Option<bool>,
}

#[derive(Debug)]
pub(crate) struct Report {
    browser: String,
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(browsers: &Browsers) -> Self {
        Self {
            browser: browsers.version.clone(),
            rows: Vec::new(),
        }
    }

    /// A row with the goal of a ratio to raw CDP, plus milliseconds.
    pub(crate) fn compare(&mut self, name: &str, raw: Samples, bridge: Samples, goal: (f64, f64)) {
        let (factor, plus) = goal;
        let ratio = bridge.median() / raw.median();
        let goal = if plus > 0.0 {
            format!("≤ ×{factor:.2} + {plus} ms")
        } else {
            format!("≤ ×{factor:.2}")
        };
        let met = bridge.median() <= raw.median() * factor + plus;
        self.push(Row {
            name: name.to_owned(),
            raw: Some(raw),
            bridge: Some(bridge),
            figure: format!("×{ratio:.3}"),
            goal,
            met: Some(met),
        });
    }

    /// A row without a goal.
    pub(crate) fn show(&mut self, name: &str, raw: Option<Samples>, bridge: Option<Samples>) {
        let figure = match (&raw, &bridge) {
            (Some(raw), Some(bridge)) => format!("×{:.3}", bridge.median() / raw.median()),
            _ => String::new(),
        };
        self.push(Row {
            name: name.to_owned(),
            raw,
            bridge,
            figure,
            goal: String::new(),
            met: None,
        });
    }

    /// A row with a custom figure.
    pub(crate) fn figure(&mut self, name: &str, figure: String, goal: &str, met: bool) {
        self.push(Row {
            name: name.to_owned(),
            raw: None,
            bridge: None,
            figure,
            goal: goal.to_owned(),
            met: Some(met),
        });
    }

    fn push(&mut self, row: Row) {
        eprintln!("{row}");
        self.rows.push(row);
    }

    /// Writes `target/bench/end_to_end.json` and prints its path.
    pub(crate) fn write(&self) -> PathBuf {
        let path = output_dir().join("end_to_end.json");
        let rows: Vec<_> = self.rows.iter().map(Row::to_json).collect();
        let json = json!({"browser": self.browser, "rows": rows});
        std::fs::write(&path, format!("{json:#}\n")).unwrap();
        path
    }
}

impl Row {
    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "raw": self.raw.as_ref().map(spread),
            "bridge": self.bridge.as_ref().map(spread),
            "figure": self.figure,
            "goal": self.goal,
            "met": self.met,
        })
    }
}

fn spread(samples: &Samples) -> Value {
    json!({
        "median": samples.median(),
        "p95": samples.quantile(0.95),
        "p99": samples.quantile(0.99),
        "samples": samples.len(),
    })
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cell = |samples: &Option<Samples>| {
            samples.as_ref().map_or_else(String::new, |samples| {
                let (median, p95) = (samples.median(), samples.quantile(0.95));
                format!("{median:.2} ({p95:.2})")
            })
        };
        let met = match self.met {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "",
        };
        write!(
            f,
            "| {:<52} | {:>18} | {:>18} | {:<24} | {:<28} | {met:<7} |",
            self.name,
            cell(&self.raw),
            cell(&self.bridge),
            self.figure,
            self.goal,
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}; medians (p95) in ms, of samples in turn\n",
            self.browser
        )?;
        writeln!(
            f,
            "| {:<52} | {:>18} | {:>18} | {:<24} | {:<28} | {:<7} |",
            "work", "raw, pipe", "bridge", "figure", "goal", ""
        )?;
        writeln!(f, "| --- | ---: | ---: | --- | --- | --- |")?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        Ok(())
    }
}
