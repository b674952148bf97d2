//! Transports to Chromium: pipe and WebSocket.

mod pair;
pub mod pipe;
pub mod websocket;

pub use pair::{CdpTransport, MAX_FRAME_BYTES, TransportError};
