//! A Chrome DevTools Protocol client.
//!
//! One task (`connection`) owns the transport. [`Browser`] and [`TargetSession`] are cloneable handles
//! with a sender to that task. Sessions are flattened: all of them share the transport, and each has
//! its own inbox.
//!
//! | module | holds |
//! | --- | --- |
//! | [`message`] | parsing frames and serializing commands |
//! | `calls` | the pending calls and their deadlines, without I/O |
//! | `command_queue` | the bounded queue from the handles to the task |
//! | [`routes`] | which session's events go to which inbox, without I/O |
//! | `raw_route` | events as received, for subscribers that need them untyped, without I/O |
//! | [`transport`] | pipe, WebSocket |
//! | `connection` | the task; `inbound` is what it does with a frame |
//! | [`client`] | the handles |
//! | [`methods`] | the commands that the bridge uses, typed |
//! | `objects` | how objects that Chromium sends are defined |
//! | [`page_methods`] | commands that act on the content of a page |
//! | [`emulation_methods`] | commands for what pages see of the device, the place, the user and the network |
//! | [`cookie_methods`] | commands for the cookies of a browser context |
//! | [`print_methods`] | commands that print a page |
//! | [`listener_methods`] | commands that find the event listeners of a page |
//! | [`console`] | commands and events of a page's console |
//! | [`events`] | the events that the bridge uses, decoded late and leniently |
//! | [`json`] | parsing JSON with text of a page |
//! | [`results`] | results with large payloads, which are sliced and not parsed |
//! | `error` | why a call failed |

mod calls;
pub mod client;
mod command_queue;
mod connection;
pub mod console;
pub mod cookie_methods;
pub mod emulation_methods;
mod error;
pub mod events;
pub mod ids;
mod inbound;
pub mod json;
pub mod listener_methods;
pub mod message;
pub mod methods;
mod objects;
pub mod page_methods;
pub mod print_methods;
mod raw_route;
pub mod results;
pub mod routes;
pub mod transport;
mod writer;

pub use client::{Browser, TargetSession};
pub use command_queue::MethodName;
pub use connection::connect;
pub use error::{CallError, SessionEnd};
pub use ids::{BrowserContextId, SessionId, TargetId};
pub use raw_route::{RawFrame, RawRoute, RawRouteEnd, RawRouteOptions};
pub use routes::{Attachment, Inbox, RawEvent, SessionEvent};
