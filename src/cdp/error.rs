//! The errors of CDP calls.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use super::command_queue::MethodName;

/// Why a session will not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionEnd {
    /// `Target.detachedFromTarget`: the session is over.
    Detached,
    /// `Inspector.targetCrashed`: the renderer died. The session stays, and a navigation starts another
    /// renderer.
    Crashed,
}

/// Chromium never answers calls that are pending when a renderer crashes or a target is closed, so most
/// of these errors come from the client.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    #[error("{method} was not answered within {}", in_ms(*.after))]
    Timeout { method: MethodName, after: Duration },
    /// Chromium answered with an error.
    #[error("{method} failed: {message} ({code})")]
    Protocol {
        method: MethodName,
        /// The JSON-RPC error code; -32000 for most errors of Chromium.
        code: i64,
        message: Arc<str>,
        /// `error.data` as Chromium sent it.
        data: Option<Arc<RawValue>>,
    },
    /// The session ended while the call was pending, or before it.
    #[error("{method} was not answered: {}", match .end {
        SessionEnd::Detached => "its target was closed or detached",
        SessionEnd::Crashed => "its renderer crashed",
    })]
    SessionEnded { method: MethodName, end: SessionEnd },
    #[error("{method} was not answered: {reason}")]
    Closed {
        method: MethodName,
        /// With the last lines of Chromium's stderr.
        reason: Arc<str>,
    },
    /// The queue of started calls is full.
    #[error("{method} was not sent: too many commands are queued for Chromium")]
    QueueFull { method: MethodName },
    #[error("{method} returned a result of an unexpected shape: {problem}")]
    Shape {
        method: MethodName,
        problem: Arc<str>,
    },
}

fn in_ms(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}

impl CallError {
    /// `-32000 Not attached to an active page`: captures fail like this for some tens of milliseconds
    /// after a navigation, although the page is fine.
    pub fn is_page_not_active(&self) -> bool {
        self.says(&["Not attached to an active page"])
    }

    /// A screenshot failed, most often because the page's surface was just being replaced.
    pub fn is_no_picture(&self) -> bool {
        self.says(&["Unable to capture screenshot"])
    }

    /// The page navigated during the call, which destroyed its execution context.
    pub fn is_context_gone(&self) -> bool {
        self.says(&[
            "Inspected target navigated or closed",
            "Cannot find context with specified id",
            "Could not find object with given id",
            "Execution context was destroyed",
        ])
    }

    /// The execution context did not exist any more, so that nothing was run.
    pub fn is_context_unknown(&self) -> bool {
        self.says(&[
            "Cannot find context with specified id",
            "Cannot find default execution context",
        ])
    }

    /// The session ended during the call or before it.
    pub fn is_session_gone(&self) -> bool {
        matches!(self, Self::SessionEnded { .. })
    }

    /// Chromium answered with an error.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Protocol { .. })
    }

    /// The target, session or context to be closed does not exist any more.
    pub fn is_already_gone(&self) -> bool {
        matches!(
            self,
            Self::SessionEnded {
                end: SessionEnd::Detached,
                ..
            }
        ) || self.says(&[
            "No target with given id",
            "Session with given id not found",
            "Failed to find browser context",
            "Failed to find context",
        ])
    }

    /// Whether Chromium answered with an error that contains one of these texts.
    fn says(&self, texts: &[&str]) -> bool {
        matches!(self, Self::Protocol { message, .. } if texts.iter().any(|text| message.contains(text)))
    }
}
