//! The face towards Coordinators: WebSocket and HTTP on one port.
//!
//! | module | holds |
//! | --- | --- |
//! | [`settings`] | what the server is told, and [`ports`], what it is given to work with |
//! | [`serve`], [`listener`] | binding, accepting, and the order of stopping |
//! | [`router`], [`admin`], [`health`] | the HTTP side |
//! | `tls`, `peers`, `http` | what a socket goes through before its first request |
//! | [`edge`], [`auth`], [`handshake`], [`upgrade`] | who may come in, and how a WebSocket begins |
//! | [`connection`], [`reader`], [`keepalive`], [`closing`] | one Coordinator's connection, from welcome to close |
//! | [`dispatch`], `answer`, [`inflight`], [`wire_error`] | from a request to its one answer |
//! | [`allowance`], [`rate`] | how much one client may use, over all of its connections |
//! | [`hub`], [`outbox`], [`lanes`] | from an event or an answer to the socket |
//! | [`drain`] | how far the server is with stopping |
//! | [`reload`] | clients and certificate, replaced while it runs |

pub mod admin;
pub mod allowance;
mod answer;
pub mod auth;
pub mod closing;
pub mod connection;
pub mod dispatch;
pub mod drain;
pub mod edge;
pub mod handshake;
pub mod health;
mod http;
pub mod hub;
pub mod inflight;
pub mod keepalive;
pub mod lanes;
pub mod listener;
pub mod outbox;
mod peers;
pub mod ports;
pub mod rate;
pub mod reader;
pub mod reload;
pub mod router;
pub mod serve;
pub mod settings;
pub mod shared;
pub mod tls;
pub mod upgrade;
pub mod watching;
pub mod wire_error;

#[cfg(test)]
mod tests;

pub use allowance::ClientLimits;
pub use drain::DrainHandle;
pub use hub::Hub;
pub use ports::{BrowserStatus, NavDenied, OpensTabs, Probe, UrlPolicy};
pub use reload::{ReplaceError, Replacement, Replacer};
pub use serve::{BindError, Server};
pub use settings::{ClientToken, Listen, ServerSettings, Timeouts, TokenHash, WelcomeLimits};
pub use shared::Deps;
pub use tls::{TlsError, TlsFiles};
