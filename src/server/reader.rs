//! What a Coordinator sends.

use std::sync::Mutex;

use cdp_bridge_protocol::handshake::CloseCode;
use futures::StreamExt as _;
use futures::stream::SplitStream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::closing::{End, of_error};
use super::dispatch::Dispatcher;
use super::keepalive::KeepAlive;
use super::lanes::Ending;
use crate::lock::lock;
use crate::metrics;

/// Reads until the connection ends. Nothing here waits for the other direction.
pub(super) async fn read<S>(
    stream: &mut SplitStream<&mut WebSocketStream<S>>,
    dispatcher: &mut Dispatcher,
    alive: &Mutex<KeepAlive>,
) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let message = match stream.next().await {
            None => return End::Gone,
            Some(Err(error)) => {
                tracing::debug!(%error, "a connection cannot be read");
                return of_error(&error);
            }
            Some(Ok(message)) => message,
        };
        lock(alive).heard(Instant::now());
        match message {
            Message::Text(text) => {
                metrics::ws_bytes_in(text.len());
                dispatcher.handle(text.as_str());
            }
            Message::Binary(_) => {
                return End::Close(Ending::new(
                    CloseCode::Unsupported,
                    "requests are text frames, not binary ones",
                ));
            }
            Message::Close(frame) => return End::ByPeer(frame.map(|frame| frame.code.into())),
            // The library answers pings by itself while it reads.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
        // Many messages may come out of one read of the socket; the writer has its turn too.
        tokio::task::coop::consume_budget().await;
    }
}
