//! `cdp-bridge console` and `cdp-bridge health`: the bundled clients.
//!
//! The console depends only on the protocol crate and [`client`](crate::client), so that it can do nothing that another
//! Coordinator could not do.
//!
//! | module | holds |
//! | --- | --- |
//! | `options`, `outcome`, `error` | command-line options, result and errors |
//! | `tokenizer`, `fields`, `verbs` | from a typed line to a request (pure) |
//! | `shape`, `explain` | a request's fields from its schema, and `help VERB` (pure) |
//! | `request_tracker` | unanswered requests and open tabs (pure) |
//! | `style`, `text`, `json_view`, `render` | an event as a line of text (pure) |
//! | `picture` | inline images for terminals that support them (pure) |
//! | `save` | payloads as files |
//! | `record` | `--record`: requests written as a script |
//! | `connection` | a connection with what the console knows of it: send, receive, show |
//! | `repl`, `lines`, `complete`, `interactive` | the prompt, and lines from a pipe |
//! | `script` | `--script`: steps, waits, expectations |
//! | `health` | `cdp-bridge health` |
//! | `run` | `cdp-bridge console` from start to end |

mod complete;
mod connection;
mod error;
mod explain;
mod fields;
mod health;
mod interactive;
mod json_view;
mod lines;
mod options;
mod outcome;
mod picture;
mod record;
mod render;
mod repl;
mod request_tracker;
mod run;
mod save;
mod script;
mod shape;
mod style;
mod text;
mod tokenizer;
mod verbs;

pub use error::ConsoleError;
pub use health::health;
pub use options::ConsoleOptions;
pub use outcome::ConsoleOutcome;
pub use picture::Pictures;
pub use run::run;
pub use script::ScriptError;
