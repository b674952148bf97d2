//! Section `tabs` of the configuration, and everything else that the tabs are started with.

use std::collections::HashMap;
use std::time::Duration;

use cdp_bridge_protocol::request::Viewport;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::downloads::DownloadLimits;
use super::identity::ClientId;
use crate::flow::FlowConfig;
use crate::policy::{AuthPolicy, DialogPolicy, PopupPolicy};
use crate::units::duration::{self, DurationText};

/// How many tabs there may be, and how long they live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TabsConfig {
    /// Limit on the open tabs of all clients: from 1 to 10000.
    #[schemars(range(min = 1, max = 10000))]
    pub max: usize,
    /// A tab without requests for this long is closed, at least 1s.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub idle_timeout: Duration,
    /// How long a page may leave a call unanswered, from 1s to 10min. Then its script is terminated;
    /// after the same time again, the tab gets a new page.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub hang_timeout: Duration,
    /// What `createTab` does at a client's limit: "refuse", or `"close_lru"` (closes the client's own
    /// least recently used tab).
    pub when_full: WhenFull,
    /// What happens to a client's tabs when its last connection ends: "keep" (until `idle_timeout`) or
    /// "close".
    pub on_disconnect: OnDisconnect,
}

impl Default for TabsConfig {
    fn default() -> Self {
        Self {
            max: 64,
            idle_timeout: Duration::from_mins(30),
            hang_timeout: Duration::from_secs(15),
            when_full: WhenFull::Refuse,
            on_disconnect: OnDisconnect::Keep,
        }
    }
}

/// What `createTab` does at a client's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// It is refused.
    #[default]
    Refuse,
    /// It closes the client's own least recently used tab.
    CloseLru,
}

/// What happens to a client's tabs when its last connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnDisconnect {
    /// They stay open until they are idle for too long.
    #[default]
    Keep,
    /// They are closed.
    Close,
}

/// How the clients share the places of `tabs.max`.
#[derive(Debug, Clone, Default)]
pub struct TabShares {
    /// The most tabs of each client. Without clients there is only one, which may have all.
    pub max_of: HashMap<ClientId, usize>,
    /// The places that are kept for each client until it uses them.
    pub guaranteed: usize,
}

/// What the tabs of one bridge are started with.
#[derive(Debug, Clone)]
pub struct TabSettings {
    /// Section `tabs`.
    pub config: TabsConfig,
    /// Section `flow`.
    pub flow: FlowConfig,
    pub dialogs: DialogPolicy,
    pub http_auth: AuthPolicy,
    /// How long a client may take to answer a dialog or a password.
    pub answer_timeout: Duration,
    pub popups: PopupPolicy,
    /// Size of a page's visible part where a client asks for none.
    pub viewport: Viewport,
    /// Until [`SupervisorHandle::share_tabs`].
    ///
    /// [`SupervisorHandle::share_tabs`]: super::SupervisorHandle::share_tabs
    pub shares: TabShares,
    /// The most commands that wait on one tab.
    pub max_waiting_changes: usize,
    /// Whether tabs live in the browser's default context: only with a profile that is kept.
    pub use_default_context: bool,
    /// The time limit of navigations that no client waits for.
    pub navigate_timeout: Duration,
    /// The time limit of opening a target that no client waits for.
    pub open_timeout: Duration,
}

impl TabSettings {
    pub(super) fn capture_limits(&self) -> CaptureLimits {
        CaptureLimits {
            snapshot_nodes: u64::from(self.flow.max_snapshot_nodes),
            snapshot_bytes: self.flow.max_snapshot_bytes as u64,
            screenshot_pixels: self.flow.max_screenshot_pixels,
            pdf_bytes: self.flow.max_pdf_bytes,
        }
    }

    pub(super) fn download_limits(&self) -> DownloadLimits {
        DownloadLimits {
            largest: self.flow.max_download_bytes as u64,
            most: self.flow.kept_downloads,
            bytes: self.flow.kept_download_bytes as u64,
        }
    }
}

/// The largest snapshot, screenshot and PDF that are made.
#[derive(Debug, Clone, Copy)]
pub struct CaptureLimits {
    /// Elements of a page.
    pub snapshot_nodes: u64,
    pub snapshot_bytes: u64,
    pub screenshot_pixels: u64,
    pub pdf_bytes: usize,
}
