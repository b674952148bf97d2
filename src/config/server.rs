//! Section `server`: where Coordinators connect, and what one connection may hold.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::byte_size::{self, ByteSizeText};
use super::duration::{self, DurationText};
use super::listen::Listen;

/// Where Coordinators connect, and what one connection may hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// The address of WebSocket and HTTP: "IP:PORT" (port 0 picks a free one), or `"unix:/path"`.
    /// One that other machines can reach needs a client in `auth`.
    pub listen: Listen,
    /// Origins of web pages that may connect, such as `"https://console.example.com"`. Programs that
    /// send no Origin need no entry.
    pub allowed_origins: Vec<String>,
    /// Further names that a request's Host header may have, beside loopback and the bound address.
    pub allowed_hosts: Vec<String>,
    /// How many WebSocket connections may be open at a time: from 1 to 65536.
    #[schemars(range(min = 1, max = 65536))]
    pub max_connections: usize,
    /// The longest message that a client may send: from 1KiB to 256MiB. A longer one closes its
    /// connection with code 1009.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub max_message_bytes: usize,
    /// How much may wait for one client to read it, at least 64KiB; beyond that its connection is
    /// closed with code 4008.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub outbound_bytes: usize,
    /// How long running requests may take to end when the bridge is told to stop: at most 1h.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub drain_timeout: Duration,
    /// How often a WebSocket ping is sent, at least 1s.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub ping_interval: Duration,
    /// A client that answered no ping for this long is dropped. Longer than `ping_interval`.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub ping_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: Listen::default(),
            allowed_origins: Vec::new(),
            allowed_hosts: Vec::new(),
            max_connections: 256,
            max_message_bytes: 1 << 20,
            outbound_bytes: 64 << 20,
            drain_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(20),
            ping_timeout: Duration::from_mins(1),
        }
    }
}
