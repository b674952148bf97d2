//! The steps of a script.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use cdp_bridge_protocol::ErrorCode;

use super::condition::Expectation;
use crate::console::verbs::Draft;

/// A script that was read.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::console) struct Script {
    /// Its file, for messages.
    pub(super) file: String,
    pub(super) steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    /// Its line, from 1.
    pub(super) line: usize,
    /// As it was written, with its variables filled in.
    pub(super) text: String,
    pub(super) action: Action,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    /// Sends a request.
    Send(Sending, Mode),
    /// Waits for an event.
    Expect(Expectation),
    /// Waits.
    Sleep(Duration),
    /// Sets how long a step may take.
    Limit(Duration),
    /// Writes the last payload under this name.
    Save(PathBuf),
    /// Shows a text.
    Print(String),
    /// Gives a variable a value.
    Let(String, String),
    /// Gives a variable what stands at a path of the last answer, or of the event last expected.
    Keep(String, String),
    /// A line with a variable that only the playing knows: read when it is its turn, with these
    /// other variables.
    Late(String, BTreeMap<String, String>),
}

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sending {
    /// A request typed as words.
    Request(Draft),
    /// Text as it is.
    Raw(String),
}

/// What is expected of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// That it is no error.
    Succeeds,
    /// That it is an error, of this code if one is named.
    Fails(Option<ErrorCode>),
    /// Nothing.
    Background,
}
