//! A Chrome DevTools Protocol client.
//!
//! One task ([`connection`]) owns the transport; everybody else holds a clone of [`Browser`] or
//! of [`TargetSession`], both of which are a sender into that task. Sessions are flattened: all of
//! them share the one transport, and each has an inbox of its own.
//!
//! | module | holds |
//! | --- | --- |
//! | [`message`] | a frame taken apart, and a command put together |
//! | [`calls`] | the pending calls and their deadlines, without I/O |
//! | [`routes`] | which session's events go to which inbox, without I/O |
//! | [`transport`] | pipe, WebSocket, memory |
//! | [`connection`] | the task |
//! | [`client`] | the handles |
//! | [`methods`] | the few commands the bridge uses, typed |
//! | [`page_methods`] | those of them that act on what is in a page |
//! | [`console`] | those of a page's console, with its events |
//! | [`events`] | the few events the bridge reads, decoded late and leniently |
//! | [`results`] | results with a payload, which is sliced and not parsed |
//! | [`error`] | why a call failed |

pub mod calls;
pub mod client;
pub mod command_queue;
pub mod connection;
pub mod console;
pub mod error;
pub mod events;
pub mod ids;
mod inbound;
pub mod message;
pub mod methods;
pub mod page_methods;
pub mod raw_route;
pub mod results;
pub mod routes;
pub mod transport;
mod writer;

pub use client::{Browser, TargetSession};
pub use command_queue::MethodName;
pub use connection::connect;
pub use error::{CallError, SessionEnd};
pub use ids::{BrowserContextId, SessionId, TargetId};
pub use raw_route::{RawEvents, RawFrame, RawRouteEnd, RawRouteOptions};
pub use routes::{Attachment, Event, Inbox, RawEvent};
