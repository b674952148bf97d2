//! The settings of the server.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use cdp_bridge_protocol::event::Limits;
use sha2::{Digest as _, Sha256};

use crate::operations::ClientId;
use crate::operations::client_quota::ClientLimits;
use crate::server::edge::tls::TlsFiles;

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A TCP address; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A unix socket.
    Unix(PathBuf),
}

impl Listen {
    /// Whether only this machine can reach it.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => is_loopback(address.ip()),
            Self::Unix(_) => true,
        }
    }
}

/// Whether this is an address of the machine to itself, also in its IPv6 spelling.
pub(crate) fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The SHA-256 of a token; the token itself is not kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of this token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// The hash that these 64 hexadecimal digits write.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .chars()
            .map(|digit| {
                digit
                    .to_digit(16)
                    .and_then(|value| u8::try_from(value).ok())
            })
            .collect::<Option<_>>()?;
        let (pairs, rest) = digits.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        rest.is_empty().then_some(bytes)?.try_into().ok().map(Self)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// A client that may connect.
#[derive(Debug, Clone)]
pub struct ClientToken {
    /// Its name; tabs belong to it.
    pub name: ClientId,
    /// The hash of its token.
    pub token: TokenHash,
    /// Its limits, over all of its connections.
    pub limits: ClientLimits,
}

/// Limits of other rooms that `welcome` reports.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WelcomeLimits {
    /// The shortest time between two snapshots of a tab, in milliseconds.
    pub snapshot_debounce_ms: u64,
    /// The most screenshots of a tab in a second.
    pub screenshot_max_fps: f64,
    /// The most screenshots of a tab that wait.
    pub screenshot_queue: u64,
}

/// All settings.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Where to listen.
    pub listen: Listen,
    /// Web origins whose pages may connect, such as `https://app.example`.
    pub allowed_origins: Vec<String>,
    /// Further allowed values of `Host`, with or without a port.
    pub allowed_hosts: Vec<String>,
    /// The most WebSocket connections.
    pub max_connections: usize,
    /// The most connections of one peer address, HTTP and WebSocket together.
    pub max_connections_per_address: usize,
    /// How long the head of a request or a TLS handshake may take, and how long a connection may
    /// be idle before a request.
    pub header_timeout: Duration,
    /// Certificate and key, where the server speaks TLS.
    pub tls: Option<TlsFiles>,
    /// The longest message a client may send.
    pub max_message_bytes: usize,
    /// The most bytes that wait to be written to one connection.
    pub outbound_bytes: usize,
    /// How long a client may take to resume its link after a cut, and how long sent messages are kept for that;
    /// zero disables resuming.
    pub resume_window: Duration,
    /// The most bytes that are kept of one link: sent messages, and those queued while it has no connection.
    pub resume_bytes: usize,
    /// How long running requests may take once the server stops.
    pub drain_timeout: Duration,
    /// How often a client is pinged.
    pub ping_interval: Duration,
    /// How long a client may stay silent.
    pub ping_timeout: Duration,
    /// The longest payload of one message.
    pub chunk_bytes: usize,
    /// The limits of each connection where no tokens are configured, so that clients cannot be told apart.
    pub limits: ClientLimits,
    /// Whether `/metrics` requires a token too.
    pub protect_metrics: bool,
    /// Limits of other rooms that `welcome` reports.
    pub welcome: WelcomeLimits,
    /// Whether a client's tabs are closed with its last link.
    pub close_tabs_on_disconnect: bool,
    /// The clients that may connect; without any, every connection is accepted.
    pub clients: Vec<ClientToken>,
}

impl ServerSettings {
    /// The limits that `welcome` reports to a client with these.
    pub(crate) fn limits_with(&self, own: ClientLimits) -> Limits {
        Limits {
            max_message_bytes: self.max_message_bytes as u64,
            chunk_bytes: self.chunk_bytes as u64,
            max_tabs: own.max_tabs as u64,
            max_inflight: own.max_inflight as u64,
            rate_per_second: (own.rate_per_second > 0).then_some(own.rate_per_second),
            max_connections: Some(own.max_connections as u64),
            snapshot_debounce_ms: self.welcome.snapshot_debounce_ms,
            screenshot_max_fps: self.welcome.screenshot_max_fps,
            screenshot_queue: self.welcome.screenshot_queue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_unix_sockets_are_local_and_other_addresses_are_not() {
        let tcp = |text: &str| Listen::Tcp(text.parse().unwrap());
        for listen in [
            tcp("127.0.0.1:1"),
            tcp("127.9.9.9:1"),
            tcp("[::1]:1"),
            tcp("[::ffff:127.0.0.1]:1"),
            Listen::Unix("/run/x".into()),
        ] {
            assert!(listen.is_local(), "{listen}");
        }
        for listen in [tcp("0.0.0.0:1"), tcp("[::]:1"), tcp("10.0.0.1:1")] {
            assert!(!listen.is_local(), "{listen}");
        }
    }

    #[test]
    fn a_token_shows_in_no_debug_text() {
        let client = ClientToken {
            name: "a".into(),
            token: TokenHash::of("secret"),
            limits: ClientLimits {
                max_tabs: 1,
                max_inflight: 1,
                rate_per_second: 0,
                max_connections: 1,
            },
        };
        assert!(format!("{client:?}").contains("TokenHash(..)"));
    }

    #[test]
    fn a_hash_is_read_from_its_hexadecimal_digits() {
        let hex = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        assert_eq!(TokenHash::from_hex(hex), Some(TokenHash::of("secret")));
        for wrong in ["", "2b", &hex[1..], &hex.replace('2', "x")] {
            assert_eq!(TokenHash::from_hex(wrong), None, "{wrong}");
        }
    }
}
