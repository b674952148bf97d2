//! The result of a console command that ran to its end.

use std::process::ExitCode;

/// The result of a command. The reason of a failure has been written to the output already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "a failed script must become the exit code of the process"]
pub enum ConsoleOutcome {
    /// Everything succeeded: exit code 0.
    Passed,
    /// A step failed, a request was answered by an error, or the bridge is unhealthy: exit code 1.
    Failed,
}

impl ConsoleOutcome {
    /// The exit code of the process.
    pub fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
        }
    }
}

impl From<ConsoleOutcome> for ExitCode {
    fn from(outcome: ConsoleOutcome) -> Self {
        outcome.code().into()
    }
}
