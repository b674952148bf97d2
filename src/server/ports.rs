//! What the server is given to work with, as traits, so that it stands alone in tests.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::tabs::{ClientId, NewTab, Reply, SupervisorHandle};

/// Judges the URLs that Coordinators ask for.
pub trait UrlPolicy: Send + Sync + 'static {
    /// The URL as it was parsed, if this client may go there.
    fn check(&self, client: &ClientId, url: &str) -> Result<String, NavDenied>;
}

/// A URL that policy refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NavDenied {
    /// Why, and which key to set.
    pub message: String,
    /// The host that was refused.
    pub host: Option<String>,
    /// The scheme that was refused.
    pub scheme: Option<String>,
}

/// Opens tabs.
pub trait OpensTabs: Send + Sync + 'static {
    /// Opens a tab; answered by `tabCreated`. It must not wait.
    fn create(&self, tab: NewTab, reply: Reply);
}

impl OpensTabs for SupervisorHandle {
    fn create(&self, tab: NewTab, reply: Reply) {
        Self::create(self, tab, reply);
    }
}

/// What is known of Chromium.
pub trait BrowserStatus: Send + Sync + 'static {
    /// Does a real round trip. The server gives it a deadline.
    fn probe(&self) -> BoxFuture<'static, Probe>;

    /// Whether Chromium serves, as far as is known without asking it.
    fn is_up(&self) -> bool;

    /// Name and version of the browser; empty while it is down.
    fn version(&self) -> String;
}

/// What a round trip found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probe {
    /// Whether there is a Chromium to talk to.
    pub connected: bool,
    /// Its name and version.
    pub version: String,
    /// Its process, where the bridge started it.
    pub pid: Option<u32>,
    /// How often it was started again.
    pub restarts: u64,
    /// How long the round trip took; none if it failed.
    pub round_trip: Option<Duration>,
    /// Why it failed.
    pub reason: Option<String>,
    /// What an operator should see to though it serves, a sentence each.
    pub concerns: Vec<String>,
}
