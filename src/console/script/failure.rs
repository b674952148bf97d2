//! Why a step failed.

use std::path::PathBuf;
use std::time::Duration;

use super::condition::Expectation;
use super::parse::StepProblem;
use crate::client::Disconnect;
use crate::console::error::ConsoleError;
use crate::console::text::duration;
use crate::console::verbs::{DraftError, NoTabYet};

/// Why a step failed: what was expected, and what was received.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepFailure {
    #[error("no answer within {}", duration(*limit))]
    NoAnswer { limit: Duration },
    #[error("expected success, and the answer was {answer}")]
    Refused { answer: String },
    #[error("expected {expected}, and the answer was {answer}")]
    NotRefused { expected: String, answer: String },
    #[error("expected {expected} within {}, and {came}", duration(*limit))]
    NoEvent {
        expected: Expectation,
        came: String,
        limit: Duration,
    },
    #[error("invalid message from the bridge: {0}")]
    Unreadable(String),
    #[error("the connection was closed: {0}")]
    Closed(Disconnect),
    #[error("nothing to save to {}: no snapshot or screenshot has been received yet", .0.display())]
    NothingToSave(PathBuf),
    #[error("there is no answer and no expected event yet to keep `{0}` of")]
    NothingToKeep(String),
    #[error("there is nothing at `{path}` of {event}")]
    NothingAtPath { path: String, event: String },
    #[error(transparent)]
    ScriptStep(#[from] Box<StepProblem>),
    #[error(transparent)]
    NoTabYet(#[from] NoTabYet),
    #[error(transparent)]
    Draft(#[from] DraftError),
    #[error("{count} requests were not answered within {}", duration(*limit))]
    Unanswered { count: usize, limit: Duration },
}

/// Why a script stops: a step failed, or the console itself did.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    #[error(transparent)]
    Failed(#[from] StepFailure),
    #[error(transparent)]
    Console(#[from] ConsoleError),
}
