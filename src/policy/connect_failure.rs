//! Why a connection that a page requested was not made.

use super::{Denied, ProxyFailure};

/// Why a connection could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectFailure {
    /// Blocked by policy.
    Denied(Denied),
    /// A network error, by Chromium's code, such as `net::ERR_CONNECTION_REFUSED`.
    Failed(&'static str),
    /// The session's upstream proxy failed.
    Proxy(ProxyFailure),
}
