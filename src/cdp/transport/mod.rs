//! The ways to Chromium: a pipe, a WebSocket, or, for tests, memory.

pub mod memory;
mod pair;
pub mod pipe;
pub mod websocket;

pub use pair::{MAX_FRAME_BYTES, Transport, TransportError};
