//! Reads the messages of one connection.

use std::sync::Mutex;

use bytes::Bytes;
use cdp_bridge_protocol::Request;
use cdp_bridge_protocol::payload::Encoding;
use cdp_bridge_protocol::request::{BadRequest, Oversize};
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
use crate::server::ws::message_limit::{Shortened, ShortenedMessages};

/// How the messages of a connection are read.
#[derive(Debug)]
pub(crate) struct MessageRules {
    pub(crate) encoding: Encoding,
    /// The most bytes of a message.
    pub(crate) max_bytes: usize,
    /// Those that had more.
    pub(crate) shortened: ShortenedMessages,
}

/// Reads until the connection ends; never waits for the writer.
pub(crate) async fn read<S>(
    stream: &mut SplitStream<&mut WebSocketStream<S>>,
    rules: &MessageRules,
    door: &mut WebSocketDoor,
    alive: &Mutex<KeepAlive>,
) -> ConnectionEnd
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut number = 0;
    let mut next_shortened = || {
        let how = rules.shortened.take(number);
        number += 1;
        how
    };
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
                let text = text.as_str();
                match next_shortened() {
                    None => {
                        metrics::ws_bytes_in(text.len());
                        door.handle(|| Request::parse(text));
                    }
                    Some(how) => {
                        let oversize = rules.oversize(how);
                        door.handle(|| Err(BadRequest::too_large(text, how.cut, oversize)));
                    }
                }
            }
            Message::Binary(_) if rules.encoding == Encoding::Text => {
                return ConnectionEnd::Close(BINARY);
            }
            Message::Binary(bytes) => match next_shortened() {
                None => {
                    metrics::ws_bytes_in(bytes.len());
                    door.handle(|| Request::parse_binary(&bytes));
                }
                Some(how) => {
                    let oversize = rules.oversize(how);
                    let head = head_of(&bytes);
                    door.handle(|| Err(BadRequest::too_large(&head, head.len(), oversize)));
                }
            },
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

impl MessageRules {
    /// Counts a message over the limit, and says how large it was.
    fn oversize(&self, how: Shortened) -> Oversize {
        metrics::ws_bytes_in(usize::try_from(how.bytes).unwrap_or(usize::MAX));
        metrics::refused("too_large");
        Oversize {
            bytes: how.bytes,
            max_bytes: self.max_bytes as u64,
        }
    }
}

/// The JSON of a binary message, of which only the beginning may be there.
fn head_of(frame: &Bytes) -> String {
    /// The length in front of it.
    const LENGTH: usize = 4;

    String::from_utf8_lossy(frame.get(LENGTH..).unwrap_or_default()).into_owned()
}
