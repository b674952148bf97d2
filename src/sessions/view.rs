//! What others may know of a session.

use std::collections::BTreeMap;

use cdp_bridge_protocol::request::Viewport;

use super::{EndReason, SessionId, SessionStatus};
use crate::tabs::{ClientId, Scope};

/// A session as its client sees it. Times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionView {
    pub id: SessionId,
    pub client: ClientId,
    /// Whether it is the client's implicit session, which never expires and cannot be ended.
    pub implicit: bool,
    pub status: SessionStatus,
    /// Once it has ended.
    pub end_reason: Option<EndReason>,
    pub created_at_ms: u64,
    /// `None` for the implicit session.
    pub expires_at_ms: Option<u64>,
    /// When it ends if it is not used and no heartbeat comes. `None` for the implicit session.
    pub idle_expires_at_ms: Option<u64>,
    pub last_activity_at_ms: u64,
    /// When nothing of it was left.
    pub destroyed_at_ms: Option<u64>,
    pub metadata: BTreeMap<String, String>,
    pub external_id: Option<String>,
    /// The size of its tabs, where it sets one.
    pub viewport: Option<Viewport>,
    pub logged_out: bool,
    pub connections: SessionConnections,
    pub usage: SessionUsage,
    /// `None` for the implicit session.
    pub limits: Option<SessionDurations>,
}

impl SessionView {
    /// The owner of its tabs.
    pub fn scope(&self) -> Scope {
        Scope {
            client: self.client.clone(),
            session: self.id.into(),
        }
    }
}

/// The kind of a connection that is open in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldKind {
    /// The JSON protocol on a WebSocket.
    Json,
    /// CDP.
    Cdp,
    /// One that only watches. It does not hold the idle clock.
    Watch,
}

/// The connections that are open in a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionConnections {
    pub json: usize,
    pub cdp: usize,
    pub watch: usize,
}

/// What a session has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionUsage {
    /// Tabs that were opened, by requests and by pages.
    pub pages: u64,
    pub requests: u64,
    pub cdp_messages: u64,
    /// Bytes between its pages and the network, both ways.
    pub egress_bytes: u64,
    pub blocked_requests: u64,
}

/// The durations that a session was created with or given later, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionDurations {
    pub max_duration_ms: u64,
    pub idle_timeout_ms: u64,
    pub heartbeat_timeout_ms: Option<u64>,
}
