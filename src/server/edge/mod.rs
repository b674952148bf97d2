//! Checks of sockets and requests before they reach a door.
//!
//! | module | holds |
//! | --- | --- |
//! | [`listener`] | the listening socket |
//! | [`per_ip_limit`] | connections per peer address |
//! | [`tls`] | TLS in front of HTTP |
//! | [`http_connection`], `write_stall` | HTTP on one socket, within its limits |
//! | [`host_origin_check`] | `Host` and `Origin`, against DNS rebinding and other sites' pages |
//! | [`auth`] | the client behind a token, for every door |

pub mod auth;
pub mod host_origin_check;
pub(crate) mod http_connection;
pub mod listener;
pub(crate) mod per_ip_limit;
pub mod tls;
mod write_stall;
