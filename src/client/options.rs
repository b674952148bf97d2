//! How to connect.

use std::path::PathBuf;
use std::time::Duration;

/// What a connection is given beside the address.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// The token that the bridge wants, if it wants one. Never shown.
    pub token: Option<String>,
    /// Whether payloads travel as binary frames, which saves a third of the bytes of pictures.
    pub binary: bool,
    /// The certificate (PEM) of the one authority to trust; without it, those that the system trusts.
    pub authority: Option<PathBuf>,
    /// For how long [`Bridge`](super::Bridge) tries to go on with its session after a cut; zero ends
    /// with the first cut. A bridge keeps sessions for 30 s by default (`server.resume_window`).
    pub resume_for: Duration,
    /// How many events may wait for each reader of [`Bridge::events`](super::Bridge::events).
    pub waiting_events: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token: None,
            binary: true,
            authority: None,
            resume_for: Duration::from_secs(30),
            waiting_events: 1024,
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Options")
            .field("token", &self.token.as_ref().map(|_| "[redacted]"))
            .field("binary", &self.binary)
            .field("authority", &self.authority)
            .field("resume_for", &self.resume_for)
            .field("waiting_events", &self.waiting_events)
            .finish()
    }
}
