//! The WebSocket protocol held against the server byte by byte (RFC 6455).

mod cases;
mod closing;
mod driver;
mod fragmentation;
mod frames;
mod messages;
mod pings;
mod reserved;
mod sizes;
mod utf8;
