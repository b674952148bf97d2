//! Limits and timeouts of a proxy.

use std::time::Duration;

/// The limits of each proxy.
#[derive(Debug, Clone, Copy)]
pub struct ProxyLimits {
    /// Open connections. Chromium keeps at most 32 to a proxy for requests, and as many for
    /// `WebSocket`s.
    pub max_connections: usize,
    /// Open connections through the proxies of all clients. One client has at most three quarters of them.
    pub max_connections_of_all: usize,
    /// Pages have long URLs and many cookies; how many of them are too many is up to the server.
    pub max_header_bytes: usize,
    pub max_headers: usize,
    /// For the headers of each request, the next one on an open connection included.
    pub header_timeout: Duration,
    /// For the first bytes in a tunnel, which are checked.
    pub first_bytes_timeout: Duration,
    /// For DNS.
    pub resolve_timeout: Duration,
    /// For all addresses of a host together.
    pub connect_timeout: Duration,
    /// For one address, while there are others to try.
    pub connect_one_timeout: Duration,
    /// For an upstream proxy: to be connected to and to answer, with all addresses of a server together.
    pub upstream_timeout: Duration,
    /// For a connection with no bytes in either direction.
    pub idle_timeout: Duration,
}

impl Default for ProxyLimits {
    fn default() -> Self {
        Self {
            max_connections: 256,
            max_connections_of_all: 4096,
            // As Chromium has it for responses.
            max_header_bytes: 256 * 1024,
            max_headers: 256,
            header_timeout: Duration::from_secs(10),
            first_bytes_timeout: Duration::from_secs(30),
            resolve_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(10),
            connect_one_timeout: Duration::from_secs(3),
            // Under the time limit of a navigation, so that its error names the proxy.
            upstream_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_mins(5),
        }
    }
}
