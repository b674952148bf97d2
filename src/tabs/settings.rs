//! What the configuration says about tabs.

use std::collections::HashMap;
use std::time::Duration;

use cdp_bridge_protocol::request::Viewport;

use super::downloads::DownloadLimits;
use super::identity::ClientId;

/// What the configuration says about tabs.
#[derive(Debug, Clone)]
pub struct TabSettings {
    /// Size of a page's visible part where a client asks for none.
    pub viewport: Viewport,
    /// The most tabs at a time, of all clients together.
    pub max_tabs: usize,
    /// The most tabs of single clients that may have fewer, until [`SupervisorHandle::allow_tabs`].
    ///
    /// [`SupervisorHandle::allow_tabs`]: super::SupervisorHandle::allow_tabs
    pub max_tabs_of: HashMap<ClientId, usize>,
    /// A tab that gets no request for so long is closed.
    pub idle_timeout: Duration,
    /// A page that owes an answer and gives none for so long hangs.
    pub hang_timeout: Duration,
    /// What becomes of a request for one more tab than a client may have.
    pub when_full: WhenFull,
    /// The most changes that wait on one tab.
    pub max_waiting_changes: usize,
    /// Whether `alert`, `confirm` and `prompt` are answered with OK instead of Cancel.
    pub accept_dialogs: bool,
    /// Whether popups become tabs instead of being closed.
    pub adopt_popups: bool,
    /// Whether tabs live in the browser's default context: only where a lasting profile is wanted.
    pub use_default_context: bool,
    /// The shortest time between the starts of two snapshots of a tab.
    pub snapshot_debounce: Duration,
    /// The shortest time between the starts of two screenshots of a tab.
    pub screenshot_interval: Duration,
    /// The most screenshots that wait on one tab.
    pub screenshot_queue: usize,
    /// What a capture may grow to.
    pub limits: CaptureLimits,
    /// What is kept of a client's downloads.
    pub downloads: DownloadLimits,
    /// The time limit of navigations that no client waits for.
    pub navigate_timeout: Duration,
    /// The time limit of opening a target that no client waits for.
    pub open_timeout: Duration,
}

/// What becomes of a request for one more tab than a client may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// It is refused.
    Refuse,
    /// The tab that the client used least recently is closed.
    CloseLru,
}

/// What a capture may grow to.
#[derive(Debug, Clone, Copy)]
pub struct CaptureLimits {
    /// Elements of a page that are captured at most.
    pub snapshot_nodes: u64,
    /// Bytes of a snapshot.
    pub snapshot_bytes: u64,
    /// Pixels of a picture.
    pub screenshot_pixels: u64,
}
