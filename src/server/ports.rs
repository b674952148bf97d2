//! What the server is given to work with, as traits, so that it stands alone in tests.

use std::time::Duration;

use futures::future::BoxFuture;

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
