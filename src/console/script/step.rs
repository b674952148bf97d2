//! The steps of a script.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use cdp_bridge_protocol::ErrorCode;

use super::condition::Expectation;
use crate::console::verbs::Draft;

/// A parsed script.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::console) struct Script {
    /// The file's name, for messages.
    pub(super) file: String,
    pub(super) steps: Vec<ScriptStep>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct ScriptStep {
    /// The line number, from 1.
    pub(super) line: usize,
    /// The line, with its variables expanded.
    pub(super) text: String,
    pub(super) action: StepAction,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum StepAction {
    /// Sends a request.
    Send(Sending, ExpectedAnswer),
    /// Waits for an event.
    Expect(Expectation),
    /// Sleeps.
    Sleep(Duration),
    /// Sets the time limit of later steps.
    Limit(Duration),
    /// Writes the last payload under this name.
    Save(PathBuf),
    /// Shows a text.
    Print(String),
    /// Sets a variable.
    Let(String, String),
    /// Sets a variable to the value at a path of the last answer, or of the event last expected.
    Keep(String, String),
    /// A line with a variable of `keep`: parsed when it is executed. Contains the variables known so far.
    Late(String, BTreeMap<String, String>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sending {
    /// A request typed as words.
    Request(Draft),
    /// Raw JSON.
    Raw(String),
}

/// The expected answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectedAnswer {
    /// Any event but an error.
    Succeeds,
    /// An error, with this code if one is given.
    Fails(Option<ErrorCode>),
    /// Any: the request runs in the background.
    Background,
}
