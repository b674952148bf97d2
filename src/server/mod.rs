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
//! | [`session`], [`sessions`], `presence`, [`resume_token`], [`history`] | what outlives a connection, and how the next one finds it |
//! | [`dispatch`], `answer`, [`inflight`], [`wire_error`] | from a request to its one answer |
//! | [`allowance`], [`rate`] | how much one client may use, over all of its connections |
//! | `once`, [`idempotency`] | changes that are made once however often they are asked for |
//! | [`hub`], [`outbox`], [`lanes`] | from an event or an answer to the socket |
//! | [`watching`], [`listening`] | the screencasts and consoles that one session is told of |
//! | [`drain`] | how far the server is with stopping |
//! | [`reload`] | clients and certificate, replaced while it runs |

pub mod admin;
pub mod allowance;
mod answer;
pub mod auth;
pub mod closing;
pub mod connection;
pub mod connection_id;
pub mod dispatch;
pub mod drain;
pub mod edge;
pub mod handshake;
pub mod health;
pub mod history;
mod http;
pub mod hub;
pub mod idempotency;
pub mod inflight;
pub mod keepalive;
pub mod lanes;
pub mod listener;
pub mod listening;
mod once;
pub mod outbox;
mod page_request;
mod peers;
pub mod ports;
mod presence;
pub mod rate;
pub mod reader;
pub mod reload;
pub mod resume_token;
pub mod router;
pub mod serve;
pub mod session;
pub mod sessions;
pub mod settings;
pub mod shared;
pub mod tls;
pub mod upgrade;
pub mod watching;
pub mod wire;
pub mod wire_error;

#[cfg(test)]
mod tests;

pub use allowance::ClientLimits;
pub use drain::DrainHandle;
pub use hub::Hub;
pub use ports::{BrowserStatus, NavDenied, OpensTabs, Probe, UrlPolicy};
pub use reload::{ReplaceError, Replacement, Replacer};
pub use serve::{BindError, Server};
pub use settings::{
    AuthConfig, ClientConfig, ClientLimitsConfig, ClientToken, Listen, Remember, Secret,
    ServerConfig, ServerSettings, Timeouts, TlsConfig, TokenHash,
};
pub use shared::Deps;
pub use tls::TlsError;
