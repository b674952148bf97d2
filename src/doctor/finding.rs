//! One thing that was examined, and all of them together (pure).

use std::fmt;

/// How wide the names of what is examined stand.
const SUBJECT_WIDTH: usize = 14;

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was examined, in a word or two.
    pub subject: &'static str,
    /// Whether it is well.
    pub verdict: Verdict,
    /// What is so, in one line or several.
    pub said: String,
    /// What to do, where something is to be done.
    pub advice: Option<String>,
}

/// Whether something is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Fine,
    /// The bridge serves, but somebody should see to it.
    Warning,
    /// The bridge does not serve, or not for long.
    Failed(Cause),
}

/// Whose fault a failure is, which is what the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// There is no usable browser.
    Browser,
    /// Anything else.
    Surroundings,
}

impl Finding {
    /// All is well.
    pub fn fine(subject: &'static str, said: impl Into<String>) -> Self {
        Self::new(subject, Verdict::Fine, said.into(), None)
    }

    /// Somebody should see to it.
    pub fn warning(
        subject: &'static str,
        said: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::new(subject, Verdict::Warning, said.into(), Some(advice.into()))
    }

    /// The bridge would not serve. Errors say by themselves what to do.
    pub fn failed(subject: &'static str, cause: Cause, error: &dyn std::error::Error) -> Self {
        Self::new(subject, Verdict::Failed(cause), error.to_string(), None)
    }

    pub(super) fn new(
        subject: &'static str,
        verdict: Verdict,
        said: String,
        advice: Option<String>,
    ) -> Self {
        Self {
            subject,
            verdict,
            said,
            advice,
        }
    }
}

impl fmt::Display for Finding {
    /// A line with the verdict and the subject; what follows stands under its beginning.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.verdict {
            Verdict::Fine => "ok",
            Verdict::Warning => "warn",
            Verdict::Failed(_) => "FAIL",
        };
        let mut lines = self.said.lines();
        let first = lines.next().unwrap_or_default();
        write!(f, "{mark:<5} {:<SUBJECT_WIDTH$} {first}", self.subject)?;
        let indent = 5 + 1 + SUBJECT_WIDTH + 1;
        for line in lines {
            write!(f, "\n{:indent$}{line}", "")?;
        }
        for line in self.advice.iter().flat_map(|advice| advice.lines()) {
            write!(f, "\n{:indent$}→ {line}", "")?;
        }
        Ok(())
    }
}

/// Everything that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    warnings: usize,
    failures: Vec<Cause>,
}

impl Report {
    /// Takes note of a finding.
    pub fn add(&mut self, finding: &Finding) {
        match finding.verdict {
            Verdict::Fine => {}
            Verdict::Warning => self.warnings += 1,
            Verdict::Failed(cause) => self.failures.push(cause),
        }
    }

    /// What the exit code has to say, if anything failed; a browser that fails counts most.
    pub fn failed(&self) -> Option<Cause> {
        let browser = self.failures.iter().find(|cause| **cause == Cause::Browser);
        browser.or(self.failures.first()).copied()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |count: usize, one: &str| match count {
            1 => format!("1 {one}"),
            _ => format!("{count} {one}s"),
        };
        match (self.failures.len(), self.warnings) {
            (0, 0) => f.write_str("All is well: `cdp-bridge serve` will serve."),
            (0, warnings) => write!(
                f,
                "{}: `cdp-bridge serve` will serve.",
                of(warnings, "warning")
            ),
            (failures, _) => write!(
                f,
                "{}: mend what is marked FAIL, and ask again.",
                of(failures, "failure")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(cause: Cause) -> Finding {
        Finding::new("x", Verdict::Failed(cause), "no".to_owned(), None)
    }

    #[test]
    fn a_finding_is_a_line_with_what_to_do_under_it() {
        let finding = Finding::warning("disk", "little\nis left", "make room");
        assert_eq!(
            finding.to_string(),
            "warn  disk           little\n                     is left\n                     → make room"
        );
        assert_eq!(
            Finding::fine("disk", "enough").to_string(),
            "ok    disk           enough"
        );
    }

    #[test]
    fn a_browser_that_fails_counts_more_than_all_else() {
        let mut report = Report::default();
        assert_eq!(report.failed(), None);
        report.add(&failed(Cause::Surroundings));
        assert_eq!(report.failed(), Some(Cause::Surroundings));
        report.add(&failed(Cause::Browser));
        report.add(&Finding::warning("x", "", ""));
        assert_eq!(report.failed(), Some(Cause::Browser));
        assert_eq!(
            report.to_string(),
            "2 failures: mend what is marked FAIL, and ask again."
        );
    }

    #[test]
    fn warnings_alone_are_no_failure() {
        let mut report = Report::default();
        report.add(&Finding::fine("x", ""));
        assert!(report.to_string().starts_with("All is well"));
        report.add(&Finding::warning("x", "", ""));
        assert_eq!(report.failed(), None);
        assert_eq!(
            report.to_string(),
            "1 warning: `cdp-bridge serve` will serve."
        );
    }
}
