//! Transports to Chromium: pipe, WebSocket, and memory for tests.

pub mod memory;
mod pair;
pub mod pipe;
pub mod websocket;

pub use pair::{CdpTransport, MAX_FRAME_BYTES, TransportError};
