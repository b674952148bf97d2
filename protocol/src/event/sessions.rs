//! Values of sessions that a client creates.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ErrorCode;
use crate::ids::TabId;
use crate::request::Viewport;
use crate::typed_text::TypedText;

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

/// A session. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// Its id; `default` for the client's implicit session, which is there as long as the bridge runs.
    pub session_id: String,
    /// Whether it is the implicit session; absent if not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub implicit: Option<bool>,
    /// How far it is in its life.
    pub status: SessionStatus,
    /// Why it has ended, once it has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end_reason: Option<EndReason>,
    /// When it was created.
    pub created_at: u64,
    /// When it ends at the latest; absent for the implicit session.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<u64>,
    /// When it ends if it is not used and no heartbeat comes; absent for the implicit session.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub idle_expires_at: Option<u64>,
    /// When it was used last; now, while it is running.
    pub last_activity_at: u64,
    /// When nothing of it was left, once that is so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub destroyed_at: Option<u64>,
    /// The client's name for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_id: Option<String>,
    /// Texts of the client.
    pub metadata: BTreeMap<String, String>,
    /// The size of its pages, where it sets one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub viewport: Option<Viewport>,
    /// Whether it began without cookies and storage. Its tabs share one browser context either way; `loggedOut` of a tab says
    /// whether that tab has one apart from them.
    pub logged_out: bool,
    /// What is open in it.
    pub connections: SessionConnectionCounts,
    /// What it has used.
    pub usage: SessionUsageCounts,
    /// How long it lives; absent for the implicit session.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limits: Option<SessionLimitsInfo>,
}

/// The connections that are open in a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionConnectionCounts {
    /// With the JSON protocol.
    pub json: u64,
    /// With CDP.
    pub cdp: u64,
    /// That only watch.
    pub watch: u64,
}

/// What a session has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionUsageCounts {
    /// Tabs that were opened, by requests and by pages.
    pub pages: u64,
    /// Requests.
    pub requests: u64,
    /// CDP messages, both ways.
    pub cdp_messages: u64,
    /// Bytes between its pages and the network, both ways.
    pub egress_bytes: u64,
    /// Requests of its pages that policy stopped.
    pub blocked_requests: u64,
}

/// How long a session lives, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionLimitsInfo {
    /// At most.
    pub max_duration_ms: u64,
    /// Without being used.
    pub idle_timeout_ms: u64,
    /// Without a heartbeat; absent if it needs none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub heartbeat_timeout_ms: Option<u64>,
}

/// A session of the client is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionCreated {
    /// The session.
    pub session: Box<SessionInfo>,
    /// Whether it was there already, under the same `externalId`; absent if it is new.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub existing: Option<bool>,
    /// The page of its `startUrl`, if it has one and is new.
    pub pages: Vec<StartedPage>,
    /// The token with which it can be used from elsewhere. Secret; absent where the bridge makes none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<TypedText>,
    /// This protocol, with this session's tabs only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ws_url: Option<String>,
    /// Events as a stream over HTTP.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub events_url: Option<String>,
    /// For CDP clients.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connect_url: Option<String>,
}

/// The page of a session's `startUrl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartedPage {
    /// Its tab; absent if none was opened.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<TabId>,
    /// Its URL as it was asked for.
    pub url: String,
    /// Why it is not loaded; absent if it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<StartedPageError>,
}

/// Why the page of a session's `startUrl` is not loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartedPageError {
    /// What went wrong, for a program.
    pub code: ErrorCode,
    /// What went wrong and what to do, for a person.
    pub message: String,
}

/// A session as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DescribedSession {
    /// The session.
    pub session: Box<SessionInfo>,
}

/// The client's sessions, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedSessions {
    /// Those of this part of the list.
    pub sessions: Vec<SessionInfo>,
    /// For the `cursor` of the next request; absent at the end of the list.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_cursor: Option<String>,
    /// How many there are.
    pub counts: SessionCountsInfo,
}

/// How many sessions a client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionCountsInfo {
    /// Those that count against the limit: all that a list without `status` shows, without the implicit one.
    pub live: u64,
    /// Requests that wait for a place.
    pub queued: u64,
    /// The most there may be.
    pub limit: u64,
}
