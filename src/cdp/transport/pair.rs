//! A transport: a sink and a stream of frames.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Sink, Stream};

/// The largest frame that is read. Chromium has no limit, so the bridge needs one.
pub const MAX_FRAME_BYTES: usize = 512 * 1024 * 1024;

/// A frame is one JSON message.
pub struct CdpTransport {
    /// Towards Chromium.
    pub sink: Pin<Box<dyn Sink<Bytes, Error = TransportError> + Send>>,
    /// From Chromium; it ends when Chromium closes the connection.
    pub stream: Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>,
}

impl std::fmt::Debug for CdpTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CdpTransport")
    }
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    #[error("the connection to Chromium failed: {0}")]
    Io(#[source] Arc<std::io::Error>),
    #[error("the WebSocket to Chromium failed: {0}")]
    WebSocket(#[source] Arc<tokio_tungstenite::tungstenite::Error>),
    #[error("Chromium closed the connection")]
    HungUp,
}

impl From<std::io::Error> for TransportError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}
