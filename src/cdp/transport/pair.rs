//! A transport is a sink and a stream of frames.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Sink, Stream};

/// The largest frame that is read. Chromium sets no limit of its own, so the bridge must.
pub const MAX_FRAME_BYTES: usize = 512 * 1024 * 1024;

/// Both directions of a connection to Chromium. A frame is one JSON message.
pub struct Transport {
    /// Towards Chromium.
    pub sink: Pin<Box<dyn Sink<Bytes, Error = TransportError> + Send>>,
    /// From Chromium; it ends when Chromium hangs up.
    pub stream: Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transport")
    }
}

/// The connection to Chromium broke.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// A system call failed.
    #[error("the connection to Chromium broke: {0}")]
    Io(#[source] Arc<std::io::Error>),
    /// The WebSocket broke.
    #[error("the WebSocket to Chromium broke: {0}")]
    WebSocket(#[source] Arc<tokio_tungstenite::tungstenite::Error>),
    /// A frame was larger than the bridge reads.
    #[error("Chromium sent a frame of more than {MAX_FRAME_BYTES} bytes")]
    FrameTooLarge,
    /// The other end is gone.
    #[error("Chromium hung up")]
    HungUp,
}

impl From<std::io::Error> for TransportError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}
