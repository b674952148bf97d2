//! The end of a WebSocket: the closing handshake, within a time limit.

use std::time::Duration;

use cdp_bridge_protocol::handshake::CloseCode;
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::operations::drain::CLOSE_LIMIT;
use crate::operations::sessions::EndReason;
use crate::server::state::NotAdmitted;

/// How long a peer may take to read the rest and to answer the close frame. When the bridge stops, it has that time
/// once for what is still queued, and once for the closing handshake.
pub const CLOSE_WAIT: Duration = Duration::from_secs(CLOSE_LIMIT.as_secs() / 2);

/// The same for a peer that read too slowly: it learns the reason only when it reads up to the close frame,
/// behind what may be megabytes in the kernel's buffers.
const SLOW_CLOSE_WAIT: Duration = Duration::from_secs(30);

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionEnd {
    /// The bridge closes it.
    Close(ConnectionClose),
    /// The bridge closes it because of what it read; nothing more can be read.
    Broken(ConnectionClose),
    /// The peer sent a close frame, with this code.
    ByPeer(Option<u16>),
    /// The socket is closed or broken.
    Gone,
}

/// Code and reason of a close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionClose {
    /// The close code.
    pub code: u16,
    /// A short reason, for people.
    pub reason: &'static str,
}

impl ConnectionClose {
    /// A close frame with one of the protocol's codes.
    pub const fn new(code: CloseCode, reason: &'static str) -> Self {
        Self {
            code: code as u16,
            reason,
        }
    }
}

/// Closes a connection because the bridge stops.
pub const GOING_AWAY: ConnectionClose =
    ConnectionClose::new(CloseCode::GoingAway, "the bridge is stopping");

/// Closes a connection whose peer reads too slowly.
pub const TOO_SLOW: ConnectionClose = ConnectionClose::new(
    CloseCode::TooSlow,
    "too slow: more is queued than server.outbound_bytes or server.outbound_bytes_of_client",
);

/// Closes a connection whose peer answers no ping.
pub const SILENT: ConnectionClose =
    ConnectionClose::new(CloseCode::Policy, "ping timeout (server.ping_timeout)");

/// Closes a connection that sent a binary frame.
pub const BINARY: ConnectionClose = ConnectionClose::new(
    CloseCode::Unsupported,
    "requests are text frames, not binary ones",
);

/// Closes a connection whose token was removed from the configuration.
pub const REVOKED: ConnectionClose = ConnectionClose::new(
    CloseCode::Policy,
    "the token of this connection is no longer valid",
);

/// Closes a connection whose link another connection resumed.
pub const TAKEN_OVER: ConnectionClose = ConnectionClose::new(
    CloseCode::TakenOver,
    "another connection resumed this session",
);

/// Closes a connection whose session has ended.
pub const fn session_ended(reason: EndReason) -> ConnectionClose {
    let text = match reason {
        EndReason::Requested => "session ended: requested",
        EndReason::Expired => "session ended: expired",
        EndReason::Idle => "session ended: idle",
        EndReason::Terminated => "session ended: terminated",
        EndReason::Shutdown => "session ended: shutdown",
        EndReason::BrowserLost => "session ended: browserLost",
        EndReason::Failed => "session ended: failed",
    };
    ConnectionClose::new(CloseCode::SessionEnded, text)
}

impl From<NotAdmitted> for ConnectionClose {
    fn from(error: NotAdmitted) -> Self {
        match error {
            NotAdmitted::Stopping => GOING_AWAY,
            NotAdmitted::ClientLimit => Self::new(
                CloseCode::TryAgainLater,
                "the connection limit of this client is reached",
            ),
            NotAdmitted::Limit => Self::new(
                CloseCode::TryAgainLater,
                "the connection limit is reached (server.max_connections)",
            ),
        }
    }
}

impl ConnectionEnd {
    /// The label of its counter, where it is the peer's fault. A peer that reads too slowly is counted where its
    /// messages are dropped.
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

    /// Whether the link ends with the connection: the client closed it normally, or may not resume it. After any
    /// other end it may.
    pub fn is_for_good(self) -> bool {
        match self {
            Self::ByPeer(code) => code.is_none_or(|code| code == CloseCode::Normal.as_u16()),
            Self::Close(close) => {
                close == REVOKED
                    || close.code == CloseCode::GoingAway.as_u16()
                    || close.code == CloseCode::SessionEnded.as_u16()
            }
            Self::Broken(_) | Self::Gone => false,
        }
    }
}

/// How to end a connection after this read error.
pub fn of_error(error: &Error) -> ConnectionEnd {
    use tokio_tungstenite::tungstenite::error::ProtocolError;

    let broken = |code, reason| ConnectionEnd::Broken(ConnectionClose { code, reason });
    match error {
        Error::Capacity(_) => broken(1009, "the message is over 64 times limits.maxMessageBytes"),
        Error::Utf8(_) => broken(1007, "a text frame was not UTF-8"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | Error::Io(_)
        | Error::ConnectionClosed
        | Error::AlreadyClosed => ConnectionEnd::Gone,
        Error::Protocol(_) => broken(1002, "the frame breaks the WebSocket protocol"),
        _ => broken(1011, "the connection failed"),
    }
}

/// Closes a WebSocket within a time limit.
pub async fn finish<S>(mut ws: WebSocketStream<S>, end: ConnectionEnd)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let patience = if end == ConnectionEnd::Close(TOO_SLOW) {
        SLOW_CLOSE_WAIT
    } else {
        CLOSE_WAIT
    };
    let closed = timeout(patience, async {
        match end {
            ConnectionEnd::Gone => {}
            // Reading on sends the answer to the peer's close frame.
            ConnectionEnd::ByPeer(_) => while let Some(Ok(_)) = ws.next().await {},
            ConnectionEnd::Close(close) => {
                if ws.send(frame(close)).await.is_ok() {
                    while let Some(Ok(_)) = ws.next().await {}
                }
            }
            ConnectionEnd::Broken(close) => {
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

/// Reads what the peer still sends. Closing a socket with unread bytes resets it, and the reset would overtake
/// the close frame.
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
