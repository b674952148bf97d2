//! How a command ended that could be carried out.

use std::process::ExitCode;

/// What a command came to. The reason of a failure has been written to the output already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "a failed script must become the exit code of the process"]
pub enum Outcome {
    /// Everything was as asked: exit code 0.
    Passed,
    /// A step failed, a request was refused, or the bridge is not well: exit code 1.
    Failed,
}

impl Outcome {
    /// The exit code of the process.
    pub fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        outcome.code().into()
    }
}
