//! The results of the checks (pure).

use std::fmt;

/// The width of the column of subjects.
const SUBJECT_WIDTH: usize = 14;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked, in a word or two.
    pub subject: &'static str,
    pub severity: Severity,
    /// The result, in one line or several.
    pub message: String,
    /// What to do about it.
    pub advice: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Fine,
    /// The bridge would serve, but this should be looked at.
    Warning,
    /// The bridge would not serve, or not for long.
    Failed(Cause),
}

/// What a failure is about; it selects the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// There is no usable browser.
    Browser,
    /// Anything else.
    Machine,
}

impl Finding {
    pub fn fine(subject: &'static str, message: impl Into<String>) -> Self {
        Self::new(subject, Severity::Fine, message.into(), None)
    }

    pub fn warning(
        subject: &'static str,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::new(
            subject,
            Severity::Warning,
            message.into(),
            Some(advice.into()),
        )
    }

    /// A failure without advice, because the error says what to do.
    pub fn failed(subject: &'static str, cause: Cause, error: &dyn std::error::Error) -> Self {
        Self::new(subject, Severity::Failed(cause), error.to_string(), None)
    }

    pub(super) fn new(
        subject: &'static str,
        severity: Severity,
        message: String,
        advice: Option<String>,
    ) -> Self {
        Self {
            subject,
            severity,
            message,
            advice,
        }
    }
}

impl fmt::Display for Finding {
    /// A line with severity, subject and message; further lines are aligned with the message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.severity {
            Severity::Fine => "ok",
            Severity::Warning => "warn",
            Severity::Failed(_) => "FAIL",
        };
        let mut lines = self.message.lines();
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

/// All results together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    warnings: usize,
    failures: Vec<Cause>,
}

impl Report {
    pub fn add(&mut self, finding: &Finding) {
        match finding.severity {
            Severity::Fine => {}
            Severity::Warning => self.warnings += 1,
            Severity::Failed(cause) => self.failures.push(cause),
        }
    }

    /// The cause that selects the exit code; the browser takes precedence.
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
            (0, 0) => f.write_str("No problems: `cdp-bridge serve` will work."),
            (0, warnings) => write!(
                f,
                "{}: `cdp-bridge serve` will work.",
                of(warnings, "warning")
            ),
            (failures, _) => write!(
                f,
                "{}: fix what is marked FAIL, then run doctor again.",
                of(failures, "failure")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(cause: Cause) -> Finding {
        Finding::new("x", Severity::Failed(cause), "no".to_owned(), None)
    }

    #[test]
    fn a_finding_is_a_line_with_its_advice_below() {
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
        report.add(&failed(Cause::Machine));
        assert_eq!(report.failed(), Some(Cause::Machine));
        report.add(&failed(Cause::Browser));
        report.add(&Finding::warning("x", "", ""));
        assert_eq!(report.failed(), Some(Cause::Browser));
        assert_eq!(
            report.to_string(),
            "2 failures: fix what is marked FAIL, then run doctor again."
        );
    }

    #[test]
    fn warnings_alone_do_not_fail() {
        let mut report = Report::default();
        report.add(&Finding::fine("x", ""));
        assert!(report.to_string().starts_with("No problems"));
        report.add(&Finding::warning("x", "", ""));
        assert_eq!(report.failed(), None);
        assert_eq!(
            report.to_string(),
            "1 warning: `cdp-bridge serve` will work."
        );
    }
}
