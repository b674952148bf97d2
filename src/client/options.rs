//! Options of a connection.

use std::path::PathBuf;
use std::time::Duration;

/// Options of a connection.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// The bearer token, if the bridge requires one. Left out of `Debug` output.
    pub token: Option<String>,
    /// Whether to negotiate binary frames for payloads, which saves the third that base64 adds to pictures.
    pub binary: bool,
    /// The CA certificate (PEM) to trust instead of the system's.
    pub authority: Option<PathBuf>,
    /// How long [`Bridge`](super::Bridge) tries to resume its session when the connection is lost; zero disables it. A bridge
    /// keeps sessions for 30 s by default (`server.resume_window`).
    pub resume_for: Duration,
    /// Capacity of the event queue of each subscriber ([`Bridge::events`](super::Bridge::events)), in events.
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
