//! The doors: HTTP and WebSocket on one port. They translate between messages and [`operations`](crate::operations), which
//! carry out the requests.
//!
//! | module | holds |
//! | --- | --- |
//! | [`serve`] | binding and accepting |
//! | [`edge`] | checks before a door: TLS, limits, Host, Origin, token |
//! | [`router`] | the paths |
//! | [`ws`] | the WebSocket door |
//! | [`sse`] | server-sent events |
//! | [`rest`] | the REST door |
//! | [`problem`], [`http_status`] | errors of HTTP |
//! | [`admin`] | `/health`, `/metrics` and so on; replacing clients and certificate |
//! | [`wire`], [`wire_error`], [`wire_session`], [`wire_history`] | facts, answers and errors as messages of the protocol |
//! | [`session_tokens`] | the tokens of sessions |
//! | [`settings`], [`ports`], [`state`] | settings and dependencies; what connections share, and how they are admitted |

pub mod admin;
pub mod edge;
pub mod http_status;
pub mod ports;
pub mod problem;
pub mod rest;
pub mod router;
pub mod serve;
pub mod session_tokens;
pub mod settings;
pub mod sse;
pub mod state;
pub mod wire;
pub mod wire_error;
pub mod wire_history;
pub mod wire_session;
pub mod ws;

#[cfg(test)]
mod tests;

pub use admin::reload::{ReplaceError, Replacement, Replacer};
pub use edge::auth;
pub use edge::tls::TlsError;
pub use ports::{BrowserStatus, Probe};
pub use serve::{BindError, Server};
pub use settings::{
    AuthConfig, ClientConfig, ClientKey, ClientLimitsConfig, ClientToken, Credentials, Listen,
    ServerConfig, ServerSettings, TlsConfig, TokenHash,
};
pub use state::Services;
