//! The WebSocket door.
//!
//! | module | holds |
//! | --- | --- |
//! | [`handshake`], [`upgrade`] | from an HTTP request to a WebSocket |
//! | [`connection`], [`reader`], [`keepalive`], [`closing`] | one connection, from welcome to close frame |
//! | [`link`], [`links`], `link_guard`, [`resume_token`] | what outlives a connection, and how the next one resumes it |
//! | [`door`] | parses a request, begins the operation, encodes the answer |
//! | [`outbox`], [`send_queue`], [`history`] | messages queued for the socket, and those that may be replayed |
//! | [`hub`] | sends what happens to the links of its client |
//! | [`screencast_subscriptions`], [`console_subscriptions`] | the streams of one link |

pub mod closing;
pub mod connection;
pub mod console_subscriptions;
pub mod door;
pub mod handshake;
pub mod history;
pub mod hub;
pub mod keepalive;
pub mod link;
mod link_guard;
pub mod links;
pub mod outbox;
pub mod reader;
pub mod resume_token;
pub mod screencast_subscriptions;
pub mod send_queue;
pub mod upgrade;
