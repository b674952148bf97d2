//! The way out for pages: a forward proxy on loopback that lets through what policy allows.
//!
//! Every browser context is given a gate of its own. A gate speaks HTTP: plain requests in their
//! absolute form, and CONNECT for everything else. It resolves names itself, checks every address
//! and connects to the address it checked, so that a name cannot mean one thing to the check and
//! another to the connection. Nobody but the bridge's own Chromium may use it.
//!
//! | module | holds |
//! | --- | --- |
//! | [`service`] | what all gates share, and how one is opened |
//! | [`proxy_listener`] | one listener, with everything that goes through it |
//! | `connection` | one connection of Chromium's, request by request |
//! | `forward`, `upstream` | plain HTTP, and the connection it is passed on over |
//! | `tunnel` | CONNECT |
//! | [`target`], [`headers`], [`client_hello`] | what a request or a TLS handshake asks for, without I/O |
//! | [`resolve`], `dial` | from a host to a connection with a checked address |
//! | `route` | where a connection leads, and whether policy still lets it |
//! | [`peer_check`], `socket_owner` | whose connection it is |
//! | [`recent_failures`], [`block_reporter`] | what is told of what was refused or failed |
//! | [`limits`], `activity` | how much and how long |

mod activity;
pub mod block_reporter;
pub mod client_hello;
mod connection;
mod dial;
mod forward;
pub mod headers;
pub mod limits;
pub mod peer_check;
pub mod proxy_listener;
pub mod recent_failures;
pub mod resolve;
mod route;
pub mod service;
#[cfg(target_os = "linux")]
mod socket_owner;
pub mod target;
mod tunnel;
mod upstream;

#[cfg(test)]
mod tests;

pub use block_reporter::{BlockReporter, BlockedRequest};
pub use limits::ProxyLimits;
pub use peer_check::PeerCheck;
pub use proxy_listener::ProxyListener;
pub use recent_failures::{ConnectFailure, RecentFailures};
pub use resolve::{Resolve, SystemResolver};
pub use service::{Egress, ProxyConfig};
