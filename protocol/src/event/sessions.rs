//! Values of sessions that a client creates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a session is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionStatus {
    /// It is being made; its `startUrl` may still be loading.
    Initializing,
    /// No request is being carried out in it, and no connection is open in it.
    Ready,
    /// A request is being carried out in it, or a connection is open in it.
    Running,
    /// A person has control of it.
    Takeover,
    /// It has ended: it takes no more work, and what it holds is being released.
    Completed,
    /// It could not be made.
    Error,
    /// Nothing of it is left but its record.
    Destroyed,
}

impl SessionStatus {
    /// Every status, in the order of a session's life.
    pub const ALL: [Self; 7] = [
        Self::Initializing,
        Self::Ready,
        Self::Running,
        Self::Takeover,
        Self::Completed,
        Self::Error,
        Self::Destroyed,
    ];

    /// The status as it stands on the wire and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Takeover => "takeover",
            Self::Completed => "completed",
            Self::Error => "error",
            Self::Destroyed => "destroyed",
        }
    }
}

/// Why a session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EndReason {
    /// Its client ended it.
    Requested,
    /// It reached its `expiresAt`.
    Expired,
    /// It was not used until its `idleExpiresAt`, or a heartbeat was missed.
    Idle,
    /// Its client ended it together with others.
    Terminated,
    /// The bridge stopped.
    Shutdown,
    /// Chromium ended and is not started any more.
    BrowserLost,
    /// It could not be made.
    Failed,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::Expired,
        Self::Idle,
        Self::Terminated,
        Self::Shutdown,
        Self::BrowserLost,
        Self::Failed,
    ];

    /// The reason as it stands on the wire and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Expired => "expired",
            Self::Idle => "idle",
            Self::Terminated => "terminated",
            Self::Shutdown => "shutdown",
            Self::BrowserLost => "browserLost",
            Self::Failed => "failed",
        }
    }
}

/// A session of the client has begun, or has ended. Sent to the connections of the session, and to those of its client
/// that are limited to no session. `ready` and `running`, which alternate with each request, are not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionStateChanged {
    /// The session.
    pub session_id: String,
    /// What it is now.
    pub status: SessionStatus,
    /// Why it has ended, once it has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end_reason: Option<EndReason>,
}
