//! The fields of each event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::emulation::Emulation;
use crate::ids::{RequestId, TabId};

/// The first message on every connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// The protocol's version: 1.
    pub protocol: u32,
    /// Name and version of the bridge.
    pub server: String,
    /// Name and version of the browser; empty while it is down.
    pub browser: String,
    /// What holds on this connection.
    pub limits: Limits,
    /// The session that the connection is limited to; absent where it is limited to none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session_id: Option<String>,
    /// The tabs of the client's session, so that a Coordinator that comes back can go on.
    pub tabs: Vec<TabInfo>,
    /// What a later connection presents to go on with this one's session; absent where the
    /// configuration has sessions end with their connections. It replaces the one before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resume_token: Option<String>,
}

/// This connection goes on with an earlier one's session. Comes once, right after `welcome`, and
/// only where the client asked for it. What was not received follows, each message with the next
/// `cursor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resumed {
    /// The `cursor` of the first message that follows.
    pub next: u64,
    /// Requests whose answers are still to come, because they run, or because they were answered
    /// after the last message that was received. One that is neither here nor answered before was
    /// never read by the bridge, unless a `gap` follows.
    pub in_flight: Vec<RequestId>,
}

/// Messages of this session are lost: more came than is kept, or they are too old. `tabs` follows,
/// with the state of the client's tabs now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// The `cursor` of the first message that is lost.
    pub from: u64,
    /// The `cursor` of the last one.
    pub to: u64,
}

/// What holds on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// The longest message a client may send, in bytes.
    pub max_message_bytes: u64,
    /// The most bytes of the client's staged files, and so of one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged_bytes: Option<u64>,
    /// The longest payload of one message, in bytes of its decoded text, or of its base64.
    pub chunk_bytes: u64,
    /// The most tabs of the client at a time.
    pub max_tabs: u64,
    /// The most unanswered requests of the client at a time, over all of its connections.
    pub max_inflight: u64,
    /// The most requests of the client in a second, over all of its connections; without it there is
    /// no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_second: Option<u32>,
    /// The most connections of the client at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<u64>,
    /// The shortest time between two snapshots of a tab, in milliseconds.
    pub snapshot_debounce_ms: u64,
    /// The most screenshots of a tab in a second.
    pub screenshot_max_fps: f64,
    /// The most screenshots of a tab that wait.
    pub screenshot_queue: u64,
}

/// How far a tab is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TabState {
    /// Its target is being set up.
    Creating,
    /// Its page has loaded.
    Ready,
    /// Its page is loading.
    Loading,
    /// Its renderer died.
    Crashed,
    /// It gets a new target.
    Rebuilding,
}

/// One tab, as `tabs` and `welcome` list it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TabInfo {
    /// The tab.
    pub id: TabId,
    /// Where it is.
    pub url: String,
    /// The page's title.
    pub title: String,
    /// Whether it has a browser context of its own.
    pub logged_out: bool,
    /// Whether it is the one tab that was created or activated last.
    pub active: bool,
    /// How far it is.
    pub state: TabState,
    /// What its pages are emulated with; absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub emulation: Option<Box<Emulation>>,
}

/// A tab is there: its target is attached and its domains are enabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TabCreated {
    /// The tab.
    pub id: TabId,
    /// Where it is going.
    pub url: String,
    /// Whether it has a browser context of its own.
    pub logged_out: bool,
    /// The tab that opened it, for a popup.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opener_id: Option<TabId>,
}

/// A tab is in front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TabActivated {
    /// The tab.
    pub id: TabId,
}

/// A tab's main frame has committed a document, or moved within one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Navigated {
    /// The tab.
    pub id: TabId,
    /// Where it is now.
    pub url: String,
    /// The HTTP status of the document, where there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// `true` when only the fragment or the history entry changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub same_document: Option<bool>,
}

/// A page has changed its title or, without loading another document, its URL. Not sent before a page has
/// loaded, and at most twice a second for a tab, with the state by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TabUpdated {
    /// The tab.
    pub id: TabId,
    /// Where it is now, at most 1024 characters.
    pub url: String,
    /// The page's title, at most 1024 characters.
    pub title: String,
}

/// The main frame fired its `load` event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoadEventFired {
    /// The tab.
    pub id: TabId,
    /// When, in milliseconds since the epoch.
    pub ts: u64,
}

/// A tab is in the mode that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedOutModeSet {
    /// The tab.
    pub id: TabId,
    /// Whether it has a browser context of its own.
    pub enabled: bool,
    /// Where it is now.
    pub url: String,
}

/// All tabs of this client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tabs {
    /// The tabs, oldest first.
    pub tabs: Vec<TabInfo>,
}

/// Frames of this tab follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScreencastStarted {
    /// The tab.
    pub id: TabId,
}

/// No frames of this tab follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScreencastStopped {
    /// The tab.
    pub id: TabId,
}

/// Why a tab is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CloseReason {
    /// A client asked for it.
    Requested,
    /// The page closed itself, or Chromium closed it.
    Page,
    /// Its renderer died and could not be replaced.
    Crashed,
    /// It was not used for too long.
    Idle,
    /// Chromium ended.
    BrowserExited,
    /// The bridge is stopping.
    Shutdown,
}

/// A tab is gone; its id is never used again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TabClosed {
    /// The tab.
    pub id: TabId,
    /// Why.
    pub reason: CloseReason,
}

/// A tab's renderer died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TabCrashed {
    /// The tab.
    pub id: TabId,
    /// Where it was.
    pub url: String,
}

/// Why a tab has a new target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RebuildReason {
    /// Its renderer died.
    Crashed,
    /// Its target went away.
    Detached,
    /// Chromium ended and was started again.
    BrowserExited,
    /// The bridge was started again, and has kept the tab.
    Restarted,
}

/// The same tab on a new target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TabRebuilt {
    /// The tab.
    pub id: TabId,
    /// Where it is going.
    pub url: String,
    /// Why.
    pub reason: RebuildReason,
}

/// The allowlist stopped requests of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestBlocked {
    /// The tab, where it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<TabId>,
    /// What was asked for last, without user, password and query.
    pub url: String,
    /// Chromium's name for the kind of resource.
    pub resource_type: String,
    /// The rule that stopped it.
    pub reason: String,
    /// How many requests this event stands for.
    pub count: u64,
}

/// Why a popup was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PopupBlockReason {
    /// `policy.popups` permits none.
    Policy,
    /// The client has as many popups, or tabs, as it may.
    Limit,
    /// The page, or all pages of the client, opened too many in a short time.
    Rate,
}

impl PopupBlockReason {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Limit => "limit",
            Self::Rate => "rate",
        }
    }
}

/// A page opened popups that were closed at once. At most one event a second for each tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PopupBlocked {
    /// The tab that opened them, where it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<TabId>,
    /// The URL of the last one, often still empty.
    pub url: String,
    /// Why the last one was closed.
    pub reason: PopupBlockReason,
    /// How many popups this event stands for.
    pub count: u64,
}

/// Chromium ended or does not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrowserDown {
    /// What is known of the cause.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// How often it was started again so far.
    pub restarts: u64,
}

/// Chromium serves again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrowserUp {
    /// What is known of the cause of the restart.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// How often it was started again so far.
    pub restarts: u64,
}

/// The answer to `ping`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pong {
    /// When, in milliseconds since the epoch.
    pub ts: u64,
}
