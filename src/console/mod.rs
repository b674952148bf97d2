//! `cdp-bridge console` and `cdp-bridge health`: the bundled clients.
//!
//! The console is a client like any other: it knows the protocol crate and nothing else of the
//! daemon, so that whatever it can do, every Coordinator can do.
//!
//! | module | holds |
//! | --- | --- |
//! | `options`, `outcome`, `error` | what it is asked, and how it ends |
//! | `address`, `socket`, `tls` | where the bridge is, and a byte stream to it |
//! | `connection`, `received` | the task that owns the WebSocket, and what comes out of it |
//! | `words`, `fields`, `verbs` | from a typed line to a request (pure) |
//! | `ledger` | which requests wait, the last tab (pure) |
//! | `paint`, `text`, `render` | from an event to a line for people (pure) |
//! | `save` | payloads as files |
//! | `session` | the above put together: send, receive, show |
//! | `converse`, `lines`, `complete`, `interactive` | a person, or a pipe, at the prompt |
//! | `script` | `--script`: steps, waits, expectations |
//! | `health` | `cdp-bridge health` |
//! | `run` | the order of it all |

mod address;
mod complete;
mod connection;
mod converse;
mod error;
mod fields;
mod health;
mod interactive;
mod ledger;
mod lines;
mod options;
mod outcome;
mod paint;
mod received;
mod render;
mod run;
mod save;
mod script;
mod session;
mod socket;
#[cfg(test)]
mod testing;
mod text;
mod tls;
mod verbs;
mod words;

pub use address::AddressProblem;
pub use connection::Closing;
pub use error::ConsoleError;
pub use health::health;
pub use options::Options;
pub use outcome::Outcome;
pub use run::run;
pub use script::ScriptError;
