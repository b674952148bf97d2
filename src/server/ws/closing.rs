//! The end of a WebSocket: the close frame, and patience for the other side's.

use std::time::Duration;

use cdp_bridge_protocol::handshake::CloseCode;
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::server::ws::send_queue::{ConnectionClose, TOO_SLOW};

/// How long a peer may take to read what was left and to answer the close frame.
pub const CLOSE_WAIT: Duration = Duration::from_secs(3);

/// How long a peer that read too slowly may take for the same: it is told why only if it reads up
/// to the close frame, and what the kernel holds for it may be megabytes.
const SLOW_CLOSE_WAIT: Duration = Duration::from_secs(30);

/// How a connection came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The bridge ends it.
    Close(ConnectionClose),
    /// The bridge ends it because of what it read, after which nothing can be read.
    Broken(ConnectionClose),
    /// The peer sent a close frame, with this code.
    ByPeer(Option<u16>),
    /// The socket is gone.
    Gone,
}

/// How a connection ends whose token is not among the configured ones any more.
pub const REVOKED: ConnectionClose = ConnectionClose::new(
    CloseCode::Policy,
    "the token of this connection is not valid any more",
);

/// How a connection ends whose session another one goes on with.
pub const TAKEN_OVER: ConnectionClose = ConnectionClose::new(
    CloseCode::TakenOver,
    "another connection goes on with this session",
);

impl End {
    /// The label of its counter, where it is the peer's own fault. One that reads too slowly is
    /// counted where its messages are dropped.
    pub(crate) fn fault(self) -> Option<&'static str> {
        match self {
            Self::Close(close) | Self::Broken(close) => match close.code {
                1002 => Some("protocol"),
                1003 => Some("binary"),
                1007 => Some("not_utf8"),
                1009 => Some("too_large"),
                _ => None,
            },
            Self::ByPeer(_) | Self::Gone => None,
        }
    }

    /// Whether the session ends with the connection: the client said goodbye, or may not come
    /// back. After any other end it may go on with the session.
    pub fn is_for_good(self) -> bool {
        match self {
            Self::ByPeer(code) => code.is_none_or(|code| code == CloseCode::Normal.as_u16()),
            Self::Close(close) => close == REVOKED || close.code == CloseCode::GoingAway.as_u16(),
            Self::Broken(_) | Self::Gone => false,
        }
    }
}

/// What an error while reading means.
pub fn of_error(error: &Error) -> End {
    use tokio_tungstenite::tungstenite::error::ProtocolError;

    let broken = |code, reason| End::Broken(ConnectionClose { code, reason });
    match error {
        Error::Capacity(_) => broken(1009, "the message is over limits.maxMessageBytes"),
        Error::Utf8(_) => broken(1007, "a text frame was not UTF-8"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | Error::Io(_)
        | Error::ConnectionClosed
        | Error::AlreadyClosed => End::Gone,
        Error::Protocol(_) => broken(1002, "the frame breaks the WebSocket protocol"),
        _ => broken(1011, "the connection failed"),
    }
}

/// Ends a WebSocket in a bounded time.
pub async fn finish<S>(mut ws: WebSocketStream<S>, end: End)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let patience = if end == End::Close(TOO_SLOW) {
        SLOW_CLOSE_WAIT
    } else {
        CLOSE_WAIT
    };
    let closed = timeout(patience, async {
        match end {
            End::Gone => {}
            // Reading on sends the answer to the peer's close frame.
            End::ByPeer(_) => while let Some(Ok(_)) = ws.next().await {},
            End::Close(close) => {
                if ws.send(frame(close)).await.is_ok() {
                    while let Some(Ok(_)) = ws.next().await {}
                }
            }
            End::Broken(close) => {
                if ws.send(frame(close)).await.is_ok() {
                    discard(ws.into_inner()).await;
                }
            }
        }
    });
    if closed.await.is_err() {
        tracing::debug!("the peer did not finish the closing handshake");
    }
}

/// Reads what the peer still sends. A socket that is closed with unread bytes in it is reset,
/// and the reset would overtake the close frame.
pub(crate) async fn discard<S: AsyncRead + AsyncWrite + Unpin>(mut socket: S) {
    if socket.shutdown().await.is_err() {
        return;
    }
    let mut scratch = [0; 4096];
    while matches!(socket.read(&mut scratch).await, Ok(1..)) {}
}

fn frame(close: ConnectionClose) -> Message {
    Message::Close(Some(CloseFrame {
        code: close.code.into(),
        reason: close.reason.into(),
    }))
}
