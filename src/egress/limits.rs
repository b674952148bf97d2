//! How much goes through a gate, and how long it may take.

use std::time::Duration;

/// The limits of every gate.
#[derive(Debug, Clone, Copy)]
pub struct ProxyLimits {
    /// Connections of one gate at a time. Chromium itself keeps at most 32 to a proxy for
    /// requests, and as many for `WebSocket`s.
    pub connections: usize,
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// How long the head of a request may take, also of the next one on the same connection.
    pub head: Duration,
    /// How long a tunnel may take to say its first word.
    pub first_word: Duration,
    /// How long a name may take to be resolved.
    pub resolve: Duration,
    /// How long all addresses of a host together may take to answer.
    pub connect: Duration,
    /// How long one address may take, while there are others to try.
    pub connect_one: Duration,
    /// How long a connection may be silent in both directions.
    pub idle: Duration,
}

impl Default for ProxyLimits {
    fn default() -> Self {
        Self {
            connections: 256,
            head_bytes: 16 * 1024,
            head: Duration::from_secs(10),
            first_word: Duration::from_secs(30),
            resolve: Duration::from_secs(10),
            connect: Duration::from_secs(10),
            connect_one: Duration::from_secs(3),
            idle: Duration::from_mins(5),
        }
    }
}
