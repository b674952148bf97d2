//! `cdp-bridge console` and `cdp-bridge health`: the bundled clients.
//!
//! The console is a client like any other: it knows the protocol crate and [`client`](crate::client),
//! and nothing else of the daemon, so that whatever it can do, every Coordinator can do.
//!
//! | module | holds |
//! | --- | --- |
//! | `options`, `outcome`, `error` | what it is asked, and how it ends |
//! | `words`, `fields`, `verbs` | from a typed line to a request (pure) |
//! | `shape`, `explain` | what the schema says of a request, and `help VERB` (pure) |
//! | `ledger` | which requests wait, the last tab (pure) |
//! | `paint`, `text`, `fold`, `render` | from an event to a line for people (pure) |
//! | `picture` | pictures in the terminal itself (pure) |
//! | `save` | payloads as files |
//! | `record` | a session as a script |
//! | `session` | the above put together: send, receive, show |
//! | `converse`, `lines`, `complete`, `interactive` | a person, or a pipe, at the prompt |
//! | `script` | `--script`: steps, waits, expectations |
//! | `health` | `cdp-bridge health` |
//! | `run` | the order of it all |

mod complete;
mod converse;
mod error;
mod explain;
mod fields;
mod fold;
mod health;
mod interactive;
mod ledger;
mod lines;
mod options;
mod outcome;
mod paint;
mod picture;
mod record;
mod render;
mod run;
mod save;
mod script;
mod session;
mod shape;
mod text;
mod verbs;
mod words;

pub use error::ConsoleError;
pub use health::health;
pub use options::Options;
pub use outcome::Outcome;
pub use picture::Pictures;
pub use run::run;
pub use script::ScriptError;
