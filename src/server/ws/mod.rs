//! The WebSocket door.
//!
//! | module | holds |
//! | --- | --- |
//! | [`handshake`], [`upgrade`] | from an HTTP request to a WebSocket |
//! | [`connection`], [`reader`], [`keepalive`], [`closing`] | one connection, from welcome to close frame |
//! | [`message_limit`], [`limited_socket`], `utf8_tail` | shortens messages over the limit, so that they can be answered |
//! | [`link`], [`links`], [`resume_token`] | the resumable state of a connection, and how the next connection resumes it |
//! | [`door`] | parses a request, begins the operation, encodes the answer |
//! | [`outbox`], [`send_queue`], [`history`] | messages that are queued for the socket, and those that may be replayed |
//! | [`client_send_budget`] | what may be queued for all links of a client |
//! | [`hub`] | the listener of the event bus: sends events to the links of their scope |
//! | [`screencast_subscriptions`], [`console_subscriptions`] | the streams of one link |

pub mod client_send_budget;
pub mod closing;
pub mod connection;
pub mod console_subscriptions;
pub mod door;
pub mod handshake;
pub mod history;
pub mod hub;
pub mod keepalive;
pub mod limited_socket;
pub mod link;
mod link_streams;
pub mod links;
pub mod message_limit;
pub mod outbox;
pub mod reader;
pub mod resume_token;
pub mod screencast_subscriptions;
pub mod send_queue;
pub mod upgrade;
mod utf8_tail;
