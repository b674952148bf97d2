//! The state of Chromium, as a trait, so that tests need none.

use std::fmt::Debug;
use std::time::Duration;

use futures::future::BoxFuture;

/// The state of Chromium.
pub trait BrowserStatus: Debug + Send + Sync + 'static {
    /// Does a real round trip; the caller sets a time limit.
    fn probe(&self) -> BoxFuture<'static, Probe>;

    /// Whether Chromium is up, as last observed.
    fn is_up(&self) -> bool;

    /// Name and version of the browser; empty while it is down.
    fn version(&self) -> String;
}

/// The result of a round trip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probe {
    /// Whether there is a Chromium to talk to.
    pub connected: bool,
    /// Its name and version.
    pub version: String,
    /// Its process, where the bridge started it.
    pub pid: Option<u32>,
    /// How often it was restarted.
    pub restarts: u64,
    /// Its duration; none if it failed.
    pub round_trip: Option<Duration>,
    /// Why it failed.
    pub reason: Option<String>,
    /// Warnings for the operator, a sentence each.
    pub concerns: Vec<String>,
}
