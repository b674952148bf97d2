//! Section `server` of the configuration, and everything else that the server is started with.

mod auth;
mod listen;
mod secret;

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use cdp_bridge_protocol::RequestKind;
use cdp_bridge_protocol::event::Limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use auth::{AuthConfig, ClientConfig, ClientLimitsConfig, ClientToken, TokenHash};
pub use listen::{Listen, NotAListenAddress};
pub use secret::Secret;

use super::allowance::ClientLimits;
use crate::flow::FlowConfig;
use crate::policy::EvaluatePolicy;
use crate::tabs::OnDisconnect;
use crate::units::byte_size::{self, ByteSizeText};
use crate::units::duration::{self, DurationText};

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

impl ServerConfig {
    pub(super) fn idempotency(&self) -> Remember {
        Remember {
            window: self.idempotency_window,
            keys: self.idempotency_keys,
        }
    }
}

/// Whether this is an address of the machine to itself, also in its IPv6 spelling.
pub(super) fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// The time limit of each request that carries none of its own.
#[derive(Debug, Clone)]
pub struct Timeouts {
    each: HashMap<RequestKind, Duration>,
    other: Duration,
}

impl Timeouts {
    /// The same limit for every request.
    pub fn all(limit: Duration) -> Self {
        Self {
            each: HashMap::new(),
            other: limit,
        }
    }

    /// Sets the limit of one kind of request.
    #[must_use]
    pub fn with(mut self, kind: RequestKind, limit: Duration) -> Self {
        self.each.insert(kind, limit);
        self
    }

    /// The limit of this kind of request.
    pub fn of(&self, kind: RequestKind) -> Duration {
        self.each.get(&kind).copied().unwrap_or(self.other)
    }
}

/// What is remembered of the changes that clients asked for under an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remember {
    /// How long after the answer.
    pub window: Duration,
    /// The most keys of one client.
    pub keys: usize,
}

/// What one server is started with.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Section `server`.
    pub config: ServerConfig,
    /// Section `flow`.
    pub flow: FlowConfig,
    /// Limits of each connection where no tokens are configured, so that clients cannot be told apart.
    pub limits: ClientLimits,
    /// Whether `/metrics` needs a token too.
    pub protect_metrics: bool,
    pub timeouts: Timeouts,
    /// Whether a new tab is logged out where the request does not say.
    pub logged_out_default: bool,
    pub evaluate: EvaluatePolicy,
    pub on_disconnect: OnDisconnect,
    /// The clients that may connect; with an empty list anybody may.
    pub clients: Vec<ClientToken>,
}

impl ServerSettings {
    /// The limits that `welcome` states to a client with these own limits.
    pub(super) fn limits_with(&self, own: ClientLimits) -> Limits {
        let debounce = self.flow.snapshot_debounce.as_millis();
        Limits {
            max_message_bytes: self.config.max_message_bytes as u64,
            chunk_bytes: self.flow.chunk_bytes as u64,
            max_tabs: own.max_tabs as u64,
            max_inflight: own.max_inflight as u64,
            rate_per_second: (own.rate_per_second > 0).then_some(own.rate_per_second),
            max_connections: Some(own.max_connections as u64),
            snapshot_debounce_ms: u64::try_from(debounce).unwrap_or(u64::MAX),
            screenshot_max_fps: self.flow.screenshot_max_fps,
            screenshot_queue: self.flow.screenshot_queue as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_a_limit_of_its_own_gets_the_common_one() {
        let timeouts =
            Timeouts::all(Duration::from_secs(30)).with(RequestKind::Ping, Duration::from_secs(1));
        assert_eq!(timeouts.of(RequestKind::Ping), Duration::from_secs(1));
        assert_eq!(timeouts.of(RequestKind::Navigate), Duration::from_secs(30));
    }
}
