//! One WebSocket connection. One task owns it; reading, writing and keep-alive are concurrent futures of that
//! task, so that a peer that reads slowly is still read from, and one that sends much is still answered.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use cdp_bridge_protocol::payload::{Encoding, Part};
use futures::stream::SplitSink;
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::lock::lock;
use crate::metrics;
use crate::operations::drain::DrainPhase;
use crate::operations::{Principal, SessionHold};
use crate::server::settings::ServerSettings;
use crate::server::state::ServerState;
use crate::server::ws::closing::{
    self, CLOSE_WAIT, ConnectionClose, ConnectionEnd, GOING_AWAY, REVOKED, SILENT, TAKEN_OVER,
};
use crate::server::ws::keepalive::{KeepAlive, KeepAliveAction};
use crate::server::ws::limited_socket::LimitedSocket;
use crate::server::ws::link::Link;
use crate::server::ws::links::ConnectionSeq;
use crate::server::ws::message_limit::{MessageLimiter, ShortenedMessages, longest_output};
use crate::server::ws::outbox::Outbox;
use crate::server::ws::reader::{MessageRules, read};
use crate::server::ws::resume_token::ResumeOffer;
use crate::server::ws::send_queue::Outgoing;

/// The result of a handshake: the client, how its payloads are encoded, and what it wants to resume.
#[derive(Debug, Clone)]
pub(crate) struct NewConnection {
    pub(crate) principal: Principal,
    pub(crate) encoding: Encoding,
    pub(crate) resume: Option<ResumeOffer>,
    pub(crate) seq: ConnectionSeq,
}

/// Smaller messages are batched; a larger one is written through.
const WRITE_BUFFER: usize = 16 * 1024;

/// A WebSocket over a socket on which the opening handshake is done, and those of its messages that are shortened.
async fn accept<S>(
    socket: S,
    settings: &ServerSettings,
) -> (WebSocketStream<LimitedSocket<S>>, ShortenedMessages)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let shortened = ShortenedMessages::default();
    let limiter = MessageLimiter::new(settings.config.max_message_bytes, shortened.clone());
    let socket = LimitedSocket::new(socket, limiter);
    let ws = WebSocketStream::from_raw_socket(socket, Role::Server, Some(config(settings))).await;
    (ws, shortened)
}

fn config(settings: &ServerSettings) -> WebSocketConfig {
    /// Small, because most connections are idle most of the time.
    const READ_BUFFER: usize = 4 * 1024;

    // The writer feeds one message at a time, so that the buffer holds the largest one and what is in front of
    // it. Escaping makes a part of text up to six times as long.
    let largest = settings
        .config
        .outbound_bytes
        .max(settings.flow.chunk_bytes.saturating_mul(6));
    let longest = Some(longest_output(settings.config.max_message_bytes));
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(largest.saturating_mul(2).saturating_add(1 << 20))
        .max_message_size(longest)
        .max_frame_size(longest)
}

/// Closes a connection that is not admitted.
pub(crate) async fn refuse_connection<S>(
    socket: S,
    settings: &ServerSettings,
    close: ConnectionClose,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (ws, _) = accept(socket, settings).await;
    closing::finish(ws, ConnectionEnd::Close(close)).await;
}

/// Serves one connection until it ends. Its link may outlive it.
pub(crate) async fn serve_connection<S>(
    socket: S,
    connection: NewConnection,
    hold: SessionHold,
    state: Arc<ServerState>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let link = Link::of(&connection, &state).await;
    let client = &connection.principal.scope.client;
    let id = link.outbox.id().0;
    tracing::info!(%client, connection = id, "connected");
    let (mut ws, shortened) = accept(socket, &state.settings).await;
    let rules = MessageRules {
        encoding: connection.encoding,
        max_bytes: state.settings.config.max_message_bytes,
        shortened,
    };
    let end = serve(&mut ws, &rules, link, &hold, &state).await;
    tracing::info!(%client, connection = id, ?end, "disconnected");
    if let Some(fault) = end.fault() {
        metrics::refused(fault);
    }
    closing::finish(ws, end).await;
    drop(hold);
}

/// Why a connection detaches from its link.
enum Leave {
    /// It has ended.
    End(ConnectionEnd),
    /// Another connection resumes the link: its client noticed a cut before the bridge did.
    HandOver(oneshot::Sender<Link>),
}

/// Reads and writes until the connection ends; then hands the link over, keeps it for its client, or ends it.
async fn serve<S>(
    ws: &mut WebSocketStream<S>,
    rules: &MessageRules,
    mut link: Link,
    hold: &SessionHold,
    state: &ServerState,
) -> ConnectionEnd
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let settings = &state.settings;
    let _connected = state.hub.connected();
    let alive = Mutex::new(KeepAlive::new(
        settings.config.ping_interval,
        settings.config.ping_timeout,
        Instant::now(),
    ));
    let leave = {
        let (mut sink, mut stream) = ws.split();
        let Link {
            principal,
            outbox,
            door,
            requests,
            seq,
            ..
        } = &mut link;
        // Not biased: the first branch could use up the whole time slice every time.
        tokio::select! {
            end = read(&mut stream, rules, door, &alive) => Leave::End(end),
            end = write(&mut sink, outbox) => Leave::End(end),
            end = keep_alive(&alive, outbox) => Leave::End(end),
            end = too_slow(outbox) => Leave::End(end),
            end = stopping(state, outbox) => Leave::End(end),
            end = revoked(principal) => Leave::End(end),
            end = session_ended(hold, outbox) => Leave::End(end),
            reply = Link::handed_over(requests, *seq) => Leave::HandOver(reply),
        }
    };
    link.outbox.go_away();
    match leave {
        Leave::HandOver(reply) => {
            if let Err(back) = reply.send(link) {
                tokio::spawn(back.wait_for_client());
            }
            ConnectionEnd::Close(TAKEN_OVER)
        }
        Leave::End(end) => {
            if link.requests.is_some() && !end.is_for_good() {
                tokio::spawn(link.wait_for_client());
            }
            end
        }
    }
}

/// Writes queued messages, in batches while there are more, until the close frame is due.
async fn write<S>(
    sink: &mut SplitSink<&mut WebSocketStream<S>, Message>,
    outbox: &Outbox,
) -> ConnectionEnd
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let next = if let Some(next) = outbox.try_next() {
            next
        } else {
            if sink.flush().await.is_err() {
                return ConnectionEnd::Gone;
            }
            outbox.next().await
        };
        let message = match next {
            Outgoing::Close(close) => {
                // The sink buffers the last message until it is flushed or fed again, and drops it if the
                // closing handshake comes first.
                return match sink.flush().await {
                    Ok(()) => ConnectionEnd::Close(close),
                    Err(_) => ConnectionEnd::Gone,
                };
            }
            Outgoing::Ping => Message::Ping(Bytes::new()),
            Outgoing::Part(part) => frame(part),
            Outgoing::Frame(part, slot) => {
                let message = frame(part);
                metrics::ws_bytes_out(message.len());
                // It counts as sent only when the socket has taken it: that slows a screencast down to what
                // its reader can take.
                if sink.send(message).await.is_err() {
                    return ConnectionEnd::Gone;
                }
                slot.mark_left();
                continue;
            }
        };
        let len = message.len();
        if let Err(error) = sink.feed(message).await {
            tracing::debug!(%error, "a connection cannot be written to");
            return ConnectionEnd::Gone;
        }
        metrics::ws_bytes_out(len);
        // The message after a large one is chosen only when the socket has taken all of it, or a pong that
        // became due meanwhile would wait for one more. And with a socket that takes everything at once, all
        // parts of a payload would go before the reader, which shares this task, had its turn.
        if len > WRITE_BUFFER {
            if sink.flush().await.is_err() {
                return ConnectionEnd::Gone;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Built as a frame, because a text message would be checked for UTF-8 again.
fn frame(part: Part) -> Message {
    let (kind, bytes) = match part {
        Part::Text(bytes) => (Data::Text, bytes),
        Part::Binary(bytes) => (Data::Binary, bytes),
    };
    Message::Frame(Frame::message(bytes, OpCode::Data(kind), true))
}

/// Pings the peer; ends the connection when it stays silent.
async fn keep_alive(alive: &Mutex<KeepAlive>, outbox: &Outbox) -> ConnectionEnd {
    loop {
        let due = lock(alive).due(Instant::now());
        match due {
            KeepAliveAction::At(then) => sleep_until(then).await,
            KeepAliveAction::Ping => outbox.ping(),
            KeepAliveAction::Dead => {
                metrics::refused("silent");
                return ConnectionEnd::Close(SILENT);
            }
        }
    }
}

/// Ends a connection whose peer reads too slowly, also while a write is blocked.
async fn too_slow(outbox: &Outbox) -> ConnectionEnd {
    ConnectionEnd::Close(outbox.overflowed().await)
}

/// Ends a connection whose token was removed from the configuration.
async fn revoked(principal: &Principal) -> ConnectionEnd {
    principal.revoked().await;
    metrics::refused("token_removed");
    ConnectionEnd::Close(REVOKED)
}

/// Closes a connection whose session has ended, behind everything that is queued; ends it if that takes too long.
async fn session_ended(hold: &SessionHold, outbox: &Outbox) -> ConnectionEnd {
    let close = closing::session_ended(hold.ended().await);
    outbox.close(close);
    sleep(CLOSE_WAIT).await;
    ConnectionEnd::Close(close)
}

/// Closes a connection when the bridge stops, behind everything that is queued; ends it if that takes too long.
async fn stopping(state: &ServerState, outbox: &Outbox) -> ConnectionEnd {
    state.drain().reached(DrainPhase::Closing).await;
    outbox.close(GOING_AWAY);
    sleep(CLOSE_WAIT).await;
    ConnectionEnd::Close(GOING_AWAY)
}
