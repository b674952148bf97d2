//! Section `server` of the configuration, and everything else that the server is started with.

mod auth;
mod listen;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::event::Limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use auth::{
    AuthConfig, ClientConfig, ClientKey, ClientLimitsConfig, ClientToken, Credentials, TokenHash,
};
pub use listen::{Listen, NotAListenAddress};

use crate::flow::FlowConfig;
use crate::operations::IdempotencyConfig;
use crate::operations::client_quota::ClientLimits;
use crate::tokens::TokenKeys;
use crate::units::byte_size::{self, ByteSizeText};
use crate::units::duration::{self, DurationText};

/// Where clients connect, and what one connection may use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address for WebSocket and HTTP: "IP:PORT" (port 0 picks a free one), or `"unix:/path"`. An
    /// address that other machines can reach requires a client in `auth`.
    pub listen: Listen,
    /// Origins of web pages that may connect, such as `"https://console.example.com"`. Programs that
    /// send no Origin header need no entry.
    pub allowed_origins: Vec<String>,
    /// Further accepted values of the Host header, besides loopback names and the bound address.
    pub allowed_hosts: Vec<String>,
    /// Limit on open WebSocket connections: from 1 to 65536.
    #[schemars(range(min = 1, max = 65536))]
    pub max_connections: usize,
    /// Limit on open connections per peer address, HTTP and WebSocket together: from 1 to 65536.
    /// Further ones are answered 429. Half of them may be without a token; then the oldest of these is
    /// closed for a new one. A proxy in front of the bridge counts as one address.
    #[schemars(range(min = 1, max = 65536))]
    pub max_connections_per_address: usize,
    /// Time limit for receiving the head of a request (answered 408 then) and for a TLS handshake, and
    /// idle limit of an HTTP connection: from 1s to 10min.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub header_timeout: Duration,
    /// Certificate chain and private key, in PEM: the bridge then serves HTTPS and WSS only. Not set:
    /// plain HTTP. SIGHUP reads the files again.
    #[schemars(extend("examples" = [{ "certificate": "/etc/cdp-bridge/cert.pem", "key": "/etc/cdp-bridge/key.pem" }]))]
    pub tls: Option<TlsConfig>,
    /// The largest message accepted from a client: from 1KiB to 256MiB. A larger one is answered with
    /// `TOO_LARGE`; one of more than 64 times as much closes the connection with code 1009.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub max_message_bytes: usize,
    /// Limit on the bytes queued for one connection, at least 64KiB; beyond it the connection is
    /// closed with code 4008.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub outbound_bytes: usize,
    /// Limit on the bytes queued for all connections of one client, at least 64KiB; the larger of this and
    /// `outbound_bytes` holds. Beyond it, those of its connections that have more than an equal part of it
    /// are closed with code 4008.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub outbound_bytes_of_client: usize,
    /// How long a client may take to resume after its connection was lost, at most 1h; messages to it
    /// are kept meanwhile. 0s: connections cannot be resumed.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub resume_window: Duration,
    /// Limit on the bytes kept for one client for that, from 64KiB to 1GiB: messages sent within
    /// `resume_window`, and messages while the client is away. What exceeds it is reported as a `gap`.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub resume_bytes: usize,
    /// How long the answer to a request with an `idempotencyKey` is kept: from 1s to 24h.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub idempotency_window: Duration,
    /// Limit on the kept keys of one client, from 1 to 1000000; requests with further keys are refused
    /// with `LIMIT_EXCEEDED`. Each key costs about half a KiB.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub idempotency_keys: usize,
    /// How long running requests may take to finish when the bridge stops: at most 1h.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub drain_timeout: Duration,
    /// Interval between WebSocket pings, at least 1s.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub ping_interval: Duration,
    /// A client that answers no ping for this long is disconnected. Longer than `ping_interval`.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub ping_timeout: Duration,
}

/// The server's certificate and key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// File with the certificate, followed by its intermediate certificates.
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
            outbound_bytes_of_client: 256 << 20,
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
    pub(crate) fn idempotency(&self) -> IdempotencyConfig {
        IdempotencyConfig {
            window: self.idempotency_window,
            keys: self.idempotency_keys,
        }
    }
}

/// Whether this is an address of the machine to itself, also in its IPv6 spelling.
pub(crate) fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// What one server is started with.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Section `server`.
    pub config: ServerConfig,
    /// Section `flow`.
    pub flow: FlowConfig,
    /// Limits where no tokens are configured: of each connection, since they alone tell clients apart then.
    pub limits: ClientLimits,
    /// Whether `/metrics` needs a token too.
    pub protect_metrics: bool,
    /// Whether requests about a session need its token beside the client's.
    pub require_session_token: bool,
    /// What signs the tokens of sessions.
    pub token_keys: Arc<TokenKeys>,
    /// What clients may prove themselves with; without any, every client may connect.
    pub credentials: Credentials,
}

impl ServerSettings {
    /// The limits that `welcome` states to a client with these own limits.
    pub(super) fn limits_with(&self, own: ClientLimits) -> Limits {
        let staging = self
            .flow
            .staged_file_bytes
            .min(self.flow.staged_file_bytes_of_all);
        let debounce = self.flow.snapshot_debounce.as_millis();
        Limits {
            max_message_bytes: self.config.max_message_bytes as u64,
            staged_bytes: Some(staging as u64),
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
