//! Why a step failed.

use std::path::PathBuf;
use std::time::Duration;

use super::condition::Expectation;
use super::parse::StepProblem;
use crate::client::Closing;
use crate::console::error::ConsoleError;
use crate::console::text::duration;
use crate::console::verbs::{DraftError, NoTabYet};

/// What was expected, and what came.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("expected an answer within {}, and none came", duration(*limit))]
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
    #[error("the bridge's message makes no sense: {0}")]
    Unreadable(String),
    #[error("the connection ended: {0}")]
    Closed(Closing),
    #[error("there is no payload to save to {}: no snapshot or screenshot has come yet", .0.display())]
    NothingToSave(PathBuf),
    #[error("there is no answer and no expected event yet whose `{0}` could be kept")]
    NothingToKeep(String),
    #[error("there is nothing at `{path}` of {event}")]
    NothingAtPath { path: String, event: String },
    #[error(transparent)]
    Step(#[from] Box<StepProblem>),
    #[error(transparent)]
    NoTabYet(#[from] NoTabYet),
    #[error(transparent)]
    Draft(#[from] DraftError),
    #[error("expected every request to be answered in the end, and {count} were not within {}", duration(*limit))]
    Unanswered { count: usize, limit: Duration },
}

/// Why the playing stops: a step failed, or the console itself cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    #[error(transparent)]
    Failed(#[from] Failure),
    #[error(transparent)]
    Console(#[from] ConsoleError),
}
