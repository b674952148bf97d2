//! Why a call to Chromium failed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use super::command_queue::MethodName;

/// Why a session cannot answer any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionEnd {
    /// The target went away (`Target.detachedFromTarget`). The session is over.
    Detached,
    /// The renderer died (`Inspector.targetCrashed`). The session lives on: a navigation heals it.
    Crashed,
}

/// One call that has no result. Chromium itself never answers the calls that were pending when
/// a renderer crashed or a target was closed, so most of these are the client's own words.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// No answer in time.
    #[error("{method} was not answered within {}", in_ms(*.after))]
    Timeout {
        /// The CDP method.
        method: MethodName,
        /// The time limit.
        after: Duration,
    },
    /// Chromium answered with an error.
    #[error("{method} failed: {message} ({code})")]
    Protocol {
        /// The CDP method.
        method: MethodName,
        /// JSON-RPC's error code; Chromium uses -32000 for most.
        code: i64,
        /// Chromium's words.
        message: Arc<str>,
        /// JSON-RPC's `error.data`.
        data: Option<Arc<RawValue>>,
    },
    /// The session ended while the call was pending, or before it.
    #[error("{method} was not answered: {}", match .end {
        SessionEnd::Detached => "its target went away",
        SessionEnd::Crashed => "its renderer died",
    })]
    SessionEnded {
        /// The CDP method.
        method: MethodName,
        /// How.
        end: SessionEnd,
    },
    /// The transport ended.
    #[error("{method} was not answered: {reason}")]
    Closed {
        /// The CDP method.
        method: MethodName,
        /// What is known of the cause, with Chromium's last words.
        reason: Arc<str>,
    },
    /// A started call found no place in the queue.
    #[error("{method} was not sent: too many commands are queued for Chromium")]
    QueueFull {
        /// The CDP method.
        method: MethodName,
    },
    /// The answer does not have the shape that the method promises.
    #[error("{method} was answered in an unexpected shape: {problem}")]
    Shape {
        /// The CDP method.
        method: MethodName,
        /// What did not fit.
        problem: Arc<str>,
    },
}

fn in_ms(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}

impl CallError {
    /// `-32000 Not attached to an active page`: for some tens of milliseconds after a navigation
    /// captures fail like this; the page is fine (faults section 0, finding 5).
    pub fn is_page_not_active(&self) -> bool {
        matches!(self, Self::Protocol { message, .. } if message.contains("Not attached to an active page"))
    }

    /// There was nothing to take a picture of, most often because the page's surface was just
    /// being replaced.
    pub fn is_no_picture(&self) -> bool {
        matches!(self, Self::Protocol { message, .. } if message.contains("Unable to capture screenshot"))
    }

    /// The page navigated away underneath the call, so that its execution context is gone.
    pub fn is_context_gone(&self) -> bool {
        matches!(self, Self::Protocol { message, .. }
            if message.contains("Inspected target navigated or closed")
                || message.contains("Cannot find context with specified id")
                || message.contains("Could not find object with given id")
                || message.contains("Execution context was destroyed"))
    }

    /// The execution context was gone before the call, so that nothing of it has run.
    pub fn is_context_unknown(&self) -> bool {
        matches!(self, Self::Protocol { message, .. }
            if message.contains("Cannot find context with specified id")
                || message.contains("Cannot find default execution context"))
    }

    /// The session is over, or was before the call.
    pub fn is_session_gone(&self) -> bool {
        matches!(self, Self::SessionEnded { .. })
    }

    /// Chromium answered, but not with a result.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Protocol { .. })
    }

    /// What was to be closed or disposed of does not exist any more.
    pub fn is_already_gone(&self) -> bool {
        match self {
            Self::SessionEnded {
                end: SessionEnd::Detached,
                ..
            } => true,
            Self::Protocol { message, .. } => {
                message.contains("No target with given id")
                    || message.contains("Session with given id not found")
                    || message.contains("Failed to find browser context")
                    || message.contains("Failed to find context")
            }
            _ => false,
        }
    }
}
