//! Section `server`: where Coordinators connect, and what one connection may hold.

use std::path::PathBuf;
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
    /// How many connections one peer address may have open at a time, HTTP and WebSocket together:
    /// from 1 to 65536. One more is answered 429. A proxy in front of the bridge is one address.
    #[schemars(range(min = 1, max = 65536))]
    pub max_connections_per_address: usize,
    /// How long the head of a request may take to arrive (it is answered 408 then), a TLS handshake
    /// too, and how long an HTTP connection may be idle: from 1s to 10min.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub header_timeout: Duration,
    /// Certificate (with those of its authorities after it) and private key, in PEM: the bridge then
    /// speaks HTTPS and WSS, and nothing else. Not set: plain HTTP. SIGHUP reads the files again.
    #[schemars(extend("examples" = [{ "certificate": "/etc/cdp-bridge/cert.pem", "key": "/etc/cdp-bridge/key.pem" }]))]
    pub tls: Option<TlsConfig>,
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
    /// How long a client whose connection was cut may take to come back and go on with its session,
    /// at most 1h; what it missed meanwhile is kept. 0s: sessions end with their connections.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub resume_window: Duration,
    /// How much is kept of one session for that, from 64KiB to 1GiB: what was written within
    /// `resume_window`, and what comes while the client is away. What is more is told as a `gap`.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub resume_bytes: usize,
    /// How long the answer to a request with an `idempotencyKey` is remembered: from 1s to 24h.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub idempotency_window: Duration,
    /// How many such keys of one client are remembered, from 1 to 1000000; one more is refused with
    /// `LIMIT_EXCEEDED`. Each costs about half a KiB.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub idempotency_keys: usize,
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

/// What the server proves itself with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// File with the certificate, and after it those between it and its authority.
    pub certificate: PathBuf,
    /// File with the certificate's private key.
    pub key: PathBuf,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: Listen::default(),
            allowed_origins: Vec::new(),
            allowed_hosts: Vec::new(),
            max_connections: 256,
            max_connections_per_address: 512,
            header_timeout: Duration::from_secs(10),
            tls: None,
            max_message_bytes: 1 << 20,
            outbound_bytes: 64 << 20,
            resume_window: Duration::from_secs(30),
            resume_bytes: 4 << 20,
            idempotency_window: Duration::from_mins(5),
            idempotency_keys: 8192,
            drain_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(20),
            ping_timeout: Duration::from_mins(1),
        }
    }
}
