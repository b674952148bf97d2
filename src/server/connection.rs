//! One Coordinator's connection. One task owns it; reading, writing and keeping alive are futures
//! of that task which run side by side, so that a peer that reads slowly is still heard, and one
//! that sends much is still answered.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use cdp_bridge_protocol::handshake::CloseCode;
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

use super::auth::Identity;
use super::closing::{self, CLOSE_WAIT, End, REVOKED, TAKEN_OVER};
use super::drain::{Phase, going_away};
use super::keepalive::{Due, KeepAlive};
use super::lanes::{Ending, Next};
use super::outbox::Outbox;
use super::reader::read;
use super::resume_token::ResumeOffer;
use super::session::Session;
use super::sessions::Arrival;
use super::settings::ServerSettings;
use super::shared::Shared;
use crate::lock::lock;
use crate::metrics;

/// Who connected, how payloads travel to them, and which session they want to go on with.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) identity: Identity,
    pub(super) encoding: Encoding,
    pub(super) resume: Option<ResumeOffer>,
    pub(super) arrival: Arrival,
}

/// Small messages leave together; a large one is written through.
const WRITE_BUFFER: usize = 16 * 1024;

/// A WebSocket over a socket on which the opening handshake is done.
pub(super) async fn accept<S>(socket: S, settings: &ServerSettings) -> WebSocketStream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    WebSocketStream::from_raw_socket(socket, Role::Server, Some(config(settings))).await
}

fn config(settings: &ServerSettings) -> WebSocketConfig {
    /// Small, because most connections are idle most of the time.
    const READ_BUFFER: usize = 4 * 1024;

    // The writer hands over one message at a time, so that this is the largest one and what is
    // in front of it. Escaping makes a part of text up to six times as long.
    let largest = settings
        .config
        .outbound_bytes
        .max(settings.flow.chunk_bytes.saturating_mul(6));
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(largest.saturating_mul(2).saturating_add(1 << 20))
        .max_message_size(Some(settings.config.max_message_bytes))
        .max_frame_size(Some(settings.config.max_message_bytes))
}

/// Closes a connection that may not stay.
pub(super) async fn turn_away<S>(socket: S, settings: &ServerSettings, ending: Ending)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    closing::finish(accept(socket, settings).await, End::Close(ending)).await;
}

/// Serves one connection until it ends. Its session may go on without it.
pub(super) async fn run<S>(socket: S, visitor: Visitor, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let session = Session::of(&visitor, &shared).await;
    // A stop that began while the handshake was under way has not seen this connection.
    if shared.drain.phase() >= Phase::Closing {
        session.outbox.close(going_away());
    }
    let client = &visitor.identity.client;
    let id = session.outbox.id().0;
    tracing::info!(%client, connection = id, "connected");
    let mut ws = accept(socket, &shared.settings).await;
    let end = serve(&mut ws, session, &shared).await;
    tracing::info!(%client, connection = id, ?end, "disconnected");
    if let Some(fault) = end.fault() {
        metrics::refused(fault);
    }
    closing::finish(ws, end).await;
}

/// How a connection leaves its session.
enum Leave {
    /// It has come to its end.
    End(End),
    /// Another connection goes on with it, which hears of a cut before the bridge does.
    HandOver(oneshot::Sender<Session>),
}

/// Reads and writes until the connection ends; then hands the session on, or ends that too.
async fn serve<S>(ws: &mut WebSocketStream<S>, mut session: Session, shared: &Shared) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let settings = &shared.settings;
    let _connected = shared.deps.hub.connected();
    let alive = Mutex::new(KeepAlive::new(
        settings.config.ping_interval,
        settings.config.ping_timeout,
        Instant::now(),
    ));
    let leave = {
        let (mut sink, mut stream) = ws.split();
        let Session {
            identity,
            outbox,
            dispatcher,
            asks,
            arrival,
            ..
        } = &mut session;
        // Not biased: whoever is asked first could use up the whole time slice again and again.
        tokio::select! {
            end = read(&mut stream, dispatcher, &alive) => Leave::End(end),
            end = write(&mut sink, outbox) => Leave::End(end),
            end = keep_alive(&alive, outbox) => Leave::End(end),
            end = too_slow(outbox) => Leave::End(end),
            end = forced(shared) => Leave::End(end),
            end = revoked(shared, identity) => Leave::End(end),
            reply = Session::wanted(asks, *arrival) => Leave::HandOver(reply),
        }
    };
    session.outbox.go_away();
    match leave {
        Leave::HandOver(reply) => {
            if let Err(back) = reply.send(session) {
                tokio::spawn(back.wait_for_client());
            }
            End::Close(TAKEN_OVER)
        }
        Leave::End(end) => {
            if session.asks.is_some() && !end.is_for_good() {
                tokio::spawn(session.wait_for_client());
            }
            end
        }
    }
}

/// Writes what waits, in batches while there is more, until the close frame is due.
async fn write<S>(sink: &mut SplitSink<&mut WebSocketStream<S>, Message>, outbox: &Outbox) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let next = if let Some(next) = outbox.try_next() {
            next
        } else {
            if sink.flush().await.is_err() {
                return End::Gone;
            }
            outbox.next().await
        };
        let message = match next {
            Next::Close(ending) => {
                // The sink holds the last message it was fed until it is flushed or fed again,
                // and loses it when it is dropped before the closing handshake.
                return match sink.flush().await {
                    Ok(()) => End::Close(ending),
                    Err(_) => End::Gone,
                };
            }
            Next::Ping => Message::Ping(Bytes::new()),
            Next::Part(part) => frame(part),
            Next::Frame(part, slot) => {
                let message = frame(part);
                metrics::ws_bytes_out(message.len());
                // It has left only when the socket has taken it, because that is what slows a
                // screencast down to what its reader can take.
                if sink.send(message).await.is_err() {
                    return End::Gone;
                }
                slot.mark_left();
                continue;
            }
        };
        let len = message.len();
        if let Err(error) = sink.feed(message).await {
            tracing::debug!(%error, "a connection cannot be written to");
            return End::Gone;
        }
        metrics::ws_bytes_out(len);
        // What comes after a large message is chosen only when the socket has taken all of it, or
        // a pong that was asked for meanwhile would wait for one more. And a socket that takes
        // everything at once would let all parts of a payload go before the reader, which shares
        // this task, had its turn.
        if len > WRITE_BUFFER {
            if sink.flush().await.is_err() {
                return End::Gone;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// A message as a frame of its own, so that text which is known to be UTF-8 is not checked again.
fn frame(part: Part) -> Message {
    let (kind, bytes) = match part {
        Part::Text(bytes) => (Data::Text, bytes),
        Part::Binary(bytes) => (Data::Binary, bytes),
    };
    Message::Frame(Frame::message(bytes, OpCode::Data(kind), true))
}

/// Pings the peer, and gives it up when it stays silent.
async fn keep_alive(alive: &Mutex<KeepAlive>, outbox: &Outbox) -> End {
    loop {
        let due = lock(alive).due(Instant::now());
        match due {
            Due::At(then) => sleep_until(then).await,
            Due::Ping => outbox.ping(),
            Due::Dead => {
                metrics::refused("silent");
                return End::Close(Ending::new(
                    CloseCode::Policy,
                    "no ping was answered for too long",
                ));
            }
        }
    }
}

/// Ends a connection whose peer reads too slowly, also while a write to it is stuck.
async fn too_slow(outbox: &Outbox) -> End {
    End::Close(outbox.overflowed().await)
}

/// Ends a connection whose token is not among the configured ones any more.
async fn revoked(shared: &Shared, identity: &Identity) -> End {
    shared.auth.revoked(identity).await;
    metrics::refused("token_removed");
    End::Close(REVOKED)
}

/// Ends a connection that a stop has waited for long enough.
async fn forced(shared: &Shared) -> End {
    shared.drain.reached(Phase::Closing).await;
    sleep(CLOSE_WAIT).await;
    End::Close(going_away())
}
