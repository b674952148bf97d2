//! Checks of sockets and requests before they reach a door.
//!
//! | module | holds |
//! | --- | --- |
//! | [`listener`] | the listening socket |
//! | [`per_ip_limit`] | connections per peer address |
//! | [`tls`] | TLS in front of HTTP |
//! | [`http_connection`], `write_stall` | HTTP on one socket, within its limits |
//! | [`host_origin_check`] | `Host` and `Origin`, against DNS rebinding and other sites' pages |
//! | [`cors`] | what web pages of other origins may read |
//! | [`envelope`] | the id of a request, and the document of a problem |
//! | [`attempts`] | failed attempts per peer address |
//! | [`auth`], `credentials` | the client behind a token or an API key, for every door |

pub(crate) mod attempts;
pub mod auth;
pub(crate) mod cors;
mod credentials;
pub(crate) mod envelope;
pub mod host_origin_check;
pub(crate) mod http_connection;
pub mod listener;
pub(crate) mod per_ip_limit;
pub mod tls;
mod write_stall;
