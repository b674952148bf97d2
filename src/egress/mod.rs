//! Egress control: forward proxies on loopback that only connect where policy allows.
//!
//! Every browser context has a proxy of its own. It accepts plain HTTP requests in absolute form,
//! and CONNECT for everything else. It resolves names itself, checks each address and connects to
//! the address that it checked, so that DNS cannot give one address to the check and another to the
//! connection. Only the daemon's own Chromium may use it.
//!
//! | module | contents |
//! | --- | --- |
//! | `service` | opens proxies; what they share |
//! | `proxy_listener` | the listener of one proxy |
//! | `connection` | one connection from Chromium |
//! | `forward`, `server_connection` | plain HTTP, and the kept-alive connection to the server |
//! | `tunnel` | CONNECT |
//! | [`target`], [`headers`], [`client_hello`] | parsers: request target, headers, TLS server name (public for fuzzing) |
//! | `resolve`, `own_address`, `dial` | DNS, address check and connect |
//! | `outgoing` | connections of the daemon itself, to servers that clients name |
//! | `upstream_dial`, `proxy_handshake`, `proxy_tls` | the same through the upstream proxy of a session |
//! | [`connect_response`], [`socks5`] | what upstream proxies answer (public for fuzzing) |
//! | `route` | re-checks open connections when policy changes |
//! | `peer_check`, `peer_lookups`, `socket_owner` | which process a connection comes from |
//! | `recent_failures`, `block_reporter` | why connections failed, and reports of blocked requests |
//! | `limits`, `activity` | limits, timeouts, idle detection |

mod activity;
mod block_reporter;
pub mod client_hello;
pub mod connect_response;
mod connection;
mod dial;
mod forward;
pub mod headers;
mod limits;
mod lookups;
mod outgoing;
mod own_address;
mod peer_check;
#[cfg(target_os = "linux")]
mod peer_lookups;
mod proxy_handshake;
mod proxy_listener;
mod proxy_tls;
mod recent_failures;
mod resolve;
mod route;
mod server_connection;
mod service;
#[cfg(target_os = "linux")]
mod socket_owner;
pub mod socks5;
pub mod target;
mod tunnel;
mod upstream_dial;

#[cfg(test)]
mod tests;

pub use block_reporter::{BlockReporter, BlockedRequest};
pub use limits::ProxyLimits;
pub use outgoing::{OutgoingDialer, OutgoingError, OutgoingStream};
pub use peer_check::PeerCheck;
pub use proxy_listener::ProxyListener;
pub use recent_failures::RecentFailures;
pub use resolve::{Resolve, SystemResolver};
pub use service::{Egress, ProxyConfig};
