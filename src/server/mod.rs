//! The network side: one port for HTTP and the WebSocket door. It translates; what requests do is the business of
//! [`operations`](crate::operations).
//!
//! | module | holds |
//! | --- | --- |
//! | [`serve`], [`stop`] | binding, accepting, and the order of stopping |
//! | [`edge`] | what a socket and a request pass before a door: TLS, limits, Host, Origin, token |
//! | [`router`] | the paths |
//! | [`ws`] | the WebSocket door |
//! | [`admin`] | `/health`, `/metrics` and the like; replacing clients and certificate |
//! | [`wire`], [`wire_error`] | from facts, answers and failures to messages of the protocol |
//! | [`settings`], [`ports`], [`state`] | what the server is given, and what its connections share |

pub mod admin;
pub mod edge;
pub mod ports;
pub mod router;
pub mod serve;
pub mod settings;
pub mod state;
pub mod stop;
pub mod wire;
pub mod wire_error;
pub mod ws;

#[cfg(test)]
mod tests;

pub use admin::reload::{ReplaceError, Replacement, Replacer};
pub use edge::auth;
pub use edge::tls::TlsError;
pub use ports::{BrowserStatus, Probe};
pub use serve::{BindError, Server};
pub use settings::{
    AuthConfig, ClientConfig, ClientLimitsConfig, ClientToken, Listen, Secret, ServerConfig,
    ServerSettings, TlsConfig, TokenHash,
};
pub use state::Services;
pub use stop::DrainHandle;
pub use ws::hub::Hub;
