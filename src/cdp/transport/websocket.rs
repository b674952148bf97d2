//! `--remote-debugging-port`: one WebSocket of text frames.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _, future};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use url::Url;

use super::pair::{CdpTransport, MAX_FRAME_BYTES, TransportError};

/// Connects to a browser's `webSocketDebuggerUrl`.
pub async fn open(url: &Url, limit: Duration) -> Result<CdpTransport, TransportError> {
    // The library's default limit of 16 MiB a frame is too small for real snapshots.
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME_BYTES))
        .max_frame_size(Some(MAX_FRAME_BYTES));
    let connecting = tokio_tungstenite::connect_async_with_config(url.as_str(), Some(config), true);
    let (socket, _) = match timeout(limit, connecting).await {
        Ok(connected) => connected?,
        Err(_) => return Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    };
    let (sink, stream) = socket.split();
    let sink = sink.with(|frame: Bytes| {
        future::ready(
            Utf8Bytes::try_from(frame)
                .map(Message::Text)
                .map_err(|error| TransportError::from(Error::Utf8(error.to_string()))),
        )
    });
    let stream = stream.filter_map(|message| {
        future::ready(match message {
            Ok(Message::Text(text)) => Some(Ok(Bytes::from(text))),
            Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
            Ok(_) => None,
            Err(error) => Some(Err(error.into())),
        })
    });
    Ok(CdpTransport {
        sink: Box::pin(sink),
        stream: Box::pin(stream),
    })
}

impl From<Error> for TransportError {
    fn from(error: Error) -> Self {
        match error {
            Error::ConnectionClosed | Error::AlreadyClosed => Self::HungUp,
            error => Self::WebSocket(Arc::new(error)),
        }
    }
}
