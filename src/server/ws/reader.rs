//! Reads the messages of one connection.

use std::sync::Mutex;

use futures::StreamExt as _;
use futures::stream::SplitStream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::lock::lock;
use crate::metrics;
use crate::server::ws::closing::{BINARY, ConnectionEnd, of_error};
use crate::server::ws::door::WebSocketDoor;
use crate::server::ws::keepalive::KeepAlive;

/// Reads until the connection ends; never waits for the writer.
pub(crate) async fn read<S>(
    stream: &mut SplitStream<&mut WebSocketStream<S>>,
    door: &mut WebSocketDoor,
    alive: &Mutex<KeepAlive>,
) -> ConnectionEnd
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let message = match stream.next().await {
            None => return ConnectionEnd::Gone,
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
                door.handle(text.as_str());
            }
            Message::Binary(_) => {
                return ConnectionEnd::Close(BINARY);
            }
            Message::Close(frame) => {
                return ConnectionEnd::ByPeer(frame.map(|frame| frame.code.into()));
            }
            // The library answers pings while it reads.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
        // One read of the socket may yield many messages; the writer must have its turn.
        tokio::task::coop::consume_budget().await;
    }
}
