//! A WebSocket to a bridge, owned by one task.

use std::time::Duration;

use bytes::Bytes;
use cdp_bridge_protocol::handshake::{SUBPROTOCOL_BINARY, SUBPROTOCOL_TEXT, resume_subprotocol};
use cdp_bridge_protocol::payload::{Incoming, JoinError, Joiner};
use cdp_bridge_protocol::{ErrorCode, Event, Message};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request as Upgrade;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message as Frame};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::address::Address;
use super::disconnect::Disconnect;
use super::error::ConnectError;
use super::options::Options;
use super::received::Received;
use super::socket::{self, Stream};

/// Time limit of the upgrade.
const UPGRADE_LIMIT: Duration = Duration::from_secs(10);
/// Time limit for the reply to a close frame.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);
/// How long to read on after this side's close frame: closing a socket with unread data sends RST, which may discard the
/// close frame before it arrives.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);
/// Interval of pings.
const PING_EVERY: Duration = Duration::from_secs(20);
/// Longest time without a message or pong; detects a peer that vanished without closing.
const SILENCE_LIMIT: Duration = Duration::from_mins(1);
/// Largest message. The bridge announces its chunk size only after the upgrade and may be configured to send a whole
/// snapshot in one message; a gibibyte is more than any of them.
const MAX_MESSAGE_BYTES: usize = 1 << 30;
/// Capacity of the queues to and from the task, which give back-pressure in either direction.
const QUEUE: usize = 64;

type Socket = WebSocketStream<Box<dyn Stream>>;

/// A connection without request tracking: sends text, and receives messages in order. [`Bridge`](super::Bridge) matches
/// answers to requests on top of it.
#[derive(Debug)]
pub struct Connection {
    outgoing: mpsc::Sender<String>,
    incoming: mpsc::Receiver<Received>,
    task: JoinHandle<Resume>,
}

/// The session's state, which a later connection needs to resume it (`docs/resume.md`).
#[derive(Debug, Default)]
pub struct Resume {
    /// The newest resume token; `None` if the bridge issued none.
    token: Option<String>,
    /// The cursor, and parts of incomplete payloads.
    joiner: Joiner,
}

impl Resume {
    /// The last `cursor` received, or 0.
    pub fn cursor(&self) -> u64 {
        self.joiner.cursor()
    }
}

impl Connection {
    /// Connects and upgrades to a WebSocket.
    pub async fn open(address: &Address, options: &Options) -> Result<Self, ConnectError> {
        Self::resume(address, options, &mut None).await
    }

    /// Connects and offers to resume a session, which is taken out of `resume` once the connection is open. After `welcome`
    /// the bridge says by `resumed` or an error whether it does.
    pub async fn resume(
        address: &Address,
        options: &Options,
        resume: &mut Option<Resume>,
    ) -> Result<Self, ConnectError> {
        let upgrade = upgrade(address, options, resume.as_ref())?;
        let token_given = options.token.is_some();
        let stream = socket::open(address, options.authority.as_deref()).await?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let answer = client_async_with_config(upgrade, stream, Some(config));
        let (socket, _) = timeout(UPGRADE_LIMIT, answer)
            .await
            .map_err(|_| ConnectError::NoAnswer {
                address: address.to_string(),
                limit: UPGRADE_LIMIT,
            })?
            .map_err(|error| refusal(address, token_given, error))?;

        let (outgoing, to_send) = mpsc::channel(QUEUE);
        let (received, incoming) = mpsc::channel(QUEUE);
        let state = resume.take().unwrap_or_default();
        let task = tokio::spawn(serve(socket, to_send, received, state));
        Ok(Self {
            outgoing,
            incoming,
            task,
        })
    }

    /// Queues a text frame. If the connection has ended, [`Self::next`] returns why.
    pub async fn send(&self, text: String) {
        let _ = self.outgoing.send(text).await;
    }

    /// Receives the next message. Cancel-safe.
    pub async fn next(&mut self) -> Received {
        self.incoming
            .recv()
            .await
            .unwrap_or_else(|| Received::Closed(Disconnect::default()))
    }

    /// Sends a close frame, which also ends the session, and waits for the task.
    pub async fn close(self) {
        drop((self.outgoing, self.incoming));
        let mut task = self.task;
        if timeout(CLOSE_LIMIT, &mut task).await.is_err() {
            task.abort();
        }
    }

    /// The session to resume, once [`Self::next`] has returned [`Received::Closed`]; `None` if the bridge issued no resume
    /// token.
    pub async fn into_resume(self) -> Option<Resume> {
        drop((self.outgoing, self.incoming));
        let mut task = self.task;
        let Ok(ended) = timeout(CLOSE_LIMIT * 2, &mut task).await else {
            task.abort();
            return None;
        };
        ended.ok().filter(|resume| resume.token.is_some())
    }
}

fn upgrade(
    address: &Address,
    options: &Options,
    resume: Option<&Resume>,
) -> Result<Upgrade, ConnectError> {
    let mut upgrade = address
        .websocket()
        .into_client_request()
        .map_err(|error| refusal(address, options.token.is_some(), error))?;
    if let Some(token) = &options.token {
        let mut value =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| ConnectError::Token)?;
        value.set_sensitive(true);
        upgrade.headers_mut().insert(AUTHORIZATION, value);
    }
    let encoding = if options.binary {
        SUBPROTOCOL_BINARY
    } else {
        SUBPROTOCOL_TEXT
    };
    let session = resume.and_then(|resume| {
        let token = resume.token.as_deref()?;
        Some(resume_subprotocol(token, resume.cursor()))
    });
    let offered = match session {
        Some(session) => format!("{encoding}, {session}"),
        None => encoding.to_owned(),
    };
    let offered = HeaderValue::try_from(offered).map_err(|_| ConnectError::Token)?;
    upgrade
        .headers_mut()
        .insert(SEC_WEBSOCKET_PROTOCOL, offered);
    Ok(upgrade)
}

/// Maps a failed handshake to its cause.
fn refusal(address: &Address, token_given: bool, error: WsError) -> ConnectError {
    let address = address.to_string();
    match error {
        WsError::Http(answer) if answer.status() == 401 => ConnectError::Unauthorized {
            address,
            token_given,
        },
        WsError::Http(answer) => ConnectError::Refused {
            address,
            status: answer.status().as_u16(),
            body: answer
                .body()
                .as_deref()
                .map(|body| one_line(&String::from_utf8_lossy(body)))
                .unwrap_or_default(),
        },
        source => ConnectError::NotABridge {
            address,
            source: Box::new(source),
        },
    }
}

/// The beginning of a response body, without control characters.
fn one_line(text: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(500).map(printable).collect()
}

/// Owns the socket until either side closes it, and returns the state for a later connection.
async fn serve(
    mut socket: Socket,
    mut to_send: mpsc::Receiver<String>,
    received: mpsc::Sender<Received>,
    mut state: Resume,
) -> Resume {
    let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        // Capacity is reserved before the socket is read, so that a full queue stops reading but not sending.
        let read = async {
            let place = received.reserve().await;
            (place, socket.next().await)
        };
        let (place, frame) = tokio::select! {
            biased;
            text = to_send.recv() => {
                let Some(text) = text else { break };
                let sending = timeout(SILENCE_LIMIT, socket.send(Frame::text(text)));
                let closing = match sending.await {
                    Ok(Ok(())) => continue,
                    Ok(Err(error)) => broken(&error),
                    Err(_) => silent(),
                };
                // Senders must not block this message.
                to_send.close();
                let _ = received.send(Received::Closed(closing)).await;
                return state;
            }
            read = read => read,
            now = pings.tick() => {
                // While the queue is full nothing is read, so silence does not mean that the peer is gone.
                if received.capacity() == 0 {
                    heard = now;
                }
                if now.duration_since(heard) < SILENCE_LIMIT {
                    let ping = timeout(SILENCE_LIMIT, socket.send(Frame::Ping(Bytes::new())));
                    // A broken socket is reported by the next read.
                    if ping.await.is_ok() {
                        continue;
                    }
                }
                to_send.close();
                let _ = received.send(Received::Closed(silent())).await;
                return state;
            }
        };
        heard = Instant::now();
        let Ok(place) = place else { break };
        match interpret(&mut state, frame) {
            Some(closed @ Received::Closed(_)) => {
                place.send(closed);
                // tungstenite sends the reply to the close frame while it is polled.
                let _ = timeout(CLOSE_LIMIT, socket.next()).await;
                return state;
            }
            Some(received) => place.send(received),
            None => {}
        }
    }
    let goodbye = async {
        if socket.close(None).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    let _ = timeout(DRAIN_LIMIT, goodbye).await;
    state
}

/// Decodes a frame; `None` for incomplete payloads, pings and pongs (tungstenite answers pings).
fn interpret(state: &mut Resume, frame: Option<Result<Frame, WsError>>) -> Option<Received> {
    Some(match frame {
        Some(Ok(Frame::Text(text))) => match state.joiner.text(&text) {
            Ok(incoming) => whole(state, incoming)?,
            Err(JoinError::Message(error)) => match serde_json::from_str(&text) {
                Ok(Value::Object(fields)) if fields.contains_key("type") => Received::Other(fields),
                _ => Received::Unreadable(error.to_string()),
            },
            Err(error) => Received::Unreadable(error.to_string()),
        },
        Some(Ok(Frame::Binary(bytes))) => match state.joiner.binary(&bytes) {
            Ok(incoming) => whole(state, incoming)?,
            Err(error) => Received::Unreadable(error.to_string()),
        },
        Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => return None,
        Some(Ok(Frame::Close(close))) => Received::Closed(Disconnect {
            code: close.as_ref().map(|close| close.code.into()),
            reason: close.map_or_else(String::new, |close| close.reason.to_string()),
        }),
        Some(Err(error)) => Received::Closed(broken(&error)),
        None => Received::Closed(Disconnect::default()),
    })
}

fn whole(state: &mut Resume, incoming: Incoming) -> Option<Received> {
    match incoming {
        Incoming::Message(message) => {
            note_session(state, &message);
            Some(Received::Message(message))
        }
        Incoming::Payload(joined) => Some(Received::Payload(joined)),
        Incoming::Part => None,
    }
}

/// Each connection has a new resume token; if the old session could not be resumed, its incomplete payloads are dropped.
fn note_session(state: &mut Resume, message: &Message) {
    match &message.event {
        Event::Welcome(welcome) => state.token.clone_from(&welcome.resume_token),
        Event::Error(error) if error.code == ErrorCode::ResumeFailed => {
            state.joiner = Joiner::default();
        }
        _ => {}
    }
}

fn silent() -> Disconnect {
    let limit = SILENCE_LIMIT.as_secs();
    Disconnect::without_code(format!("no message and no pong for {limit} s"))
}

fn broken(error: &WsError) -> Disconnect {
    Disconnect::without_code(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::{FakeBridge, Reply};
    use tokio_tungstenite::tungstenite::protocol::Role;

    async fn open(bridge: &FakeBridge, binary: bool) -> Connection {
        let address = Address::parse(&bridge.address).unwrap();
        let options = Options {
            binary,
            ..Options::default()
        };
        Connection::open(&address, &options).await.unwrap()
    }

    #[tokio::test]
    async fn the_welcome_comes_first_and_answers_follow() {
        let bridge = FakeBridge::answering(|request| {
            vec![Reply::json(format!(
                r#"{{"type":"pong","requestId":{},"ts":5}}"#,
                request["requestId"]
            ))]
        })
        .await;
        let mut connection = open(&bridge, false).await;
        assert_eq!(connection.next().await.name(), "welcome");
        connection
            .send(r#"{"type":"ping","requestId":7}"#.to_owned())
            .await;
        let Received::Message(message) = connection.next().await else {
            panic!("it is a message");
        };
        assert_eq!(message.request_id, Some(7.into()));
        assert!(matches!(message.event, Event::Pong(_)));
        connection.close().await;
    }

    #[tokio::test]
    async fn parts_are_joined_in_text_and_in_binary_mode() {
        for binary in [false, true] {
            let bridge = FakeBridge::answering(move |request| {
                Reply::picture(&request, b"a picture of some bytes", 8, binary)
            })
            .await;
            let mut connection = open(&bridge, binary).await;
            connection.next().await;
            connection
                .send(r#"{"type":"getScreenshot","requestId":"a","tabId":"t1"}"#.to_owned())
                .await;
            let Received::Payload(joined) = connection.next().await else {
                panic!("it is a payload");
            };
            assert_eq!(joined.payload, b"a picture of some bytes");
        }
    }

    #[tokio::test]
    async fn what_this_version_does_not_know_is_passed_on() {
        let bridge = FakeBridge::answering(|_| {
            vec![
                Reply::json(r#"{"type":"tabGlowing","requestId":1}"#.to_owned()),
                Reply::json("nonsense".to_owned()),
            ]
        })
        .await;
        let mut connection = open(&bridge, false).await;
        connection.next().await;
        connection.send("{}".to_owned()).await;
        let other = connection.next().await;
        assert_eq!(
            (other.name(), other.request_id()),
            ("tabGlowing", Some(1.into()))
        );
        assert!(matches!(connection.next().await, Received::Unreadable(_)));
    }

    #[tokio::test]
    async fn the_close_code_is_explained() {
        let bridge = FakeBridge::answering(|_| vec![Reply::Close(1001)]).await;
        let mut connection = open(&bridge, false).await;
        connection.next().await;
        connection.send("{}".to_owned()).await;
        let Received::Closed(closing) = connection.next().await else {
            panic!("it is closed");
        };
        assert_eq!(closing.to_string(), "1001, the bridge is stopping");
        assert!(
            matches!(connection.next().await, Received::Closed(_)),
            "and stays so"
        );
    }

    #[tokio::test]
    async fn nobody_there_says_how_to_start_a_bridge() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let address = Address::parse(&address).unwrap();
        let error = Connection::open(&address, &Options::default())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("cdp-bridge serve"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_bridge_that_is_gone_without_a_word_is_noticed_and_a_quiet_one_is_kept() {
        for is_there in [true, false] {
            let (near, far) = tokio::io::duplex(1024);
            let near: Box<dyn Stream> = Box::new(near);
            let socket = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
            let mut far = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
            let (_outgoing, to_send) = mpsc::channel(1);
            let (received, mut incoming) = mpsc::channel(1);
            tokio::spawn(serve(socket, to_send, received, Resume::default()));
            if is_there {
                // Reading is what answers pings.
                tokio::spawn(async move { while let Some(Ok(_)) = far.next().await {} });
                let waiting = timeout(SILENCE_LIMIT * 10, incoming.recv());
                assert!(waiting.await.is_err(), "it goes on");
            } else {
                let waiting = timeout(SILENCE_LIMIT * 2, incoming.recv());
                let Ok(Some(Received::Closed(closing))) = waiting.await else {
                    panic!("it is closed");
                };
                assert_eq!(closing.reason, "no message and no pong for 60 s");
                assert!(!closing.is_final(), "the client reconnects");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bridge_that_stops_reading_is_noticed_although_no_ping_gets_out() {
        // There is no place for a whole ping.
        let (near, _far) = tokio::io::duplex(1);
        let near: Box<dyn Stream> = Box::new(near);
        let socket = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
        let (_outgoing, to_send) = mpsc::channel(1);
        let (received, mut incoming) = mpsc::channel(1);
        tokio::spawn(serve(socket, to_send, received, Resume::default()));
        let waiting = timeout(SILENCE_LIMIT * 2, incoming.recv());
        let Ok(Some(Received::Closed(closing))) = waiting.await else {
            panic!("it is closed");
        };
        assert_eq!(closing.reason, "no message and no pong for 60 s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_bridge_that_does_not_answer_a_goodbye_is_left() {
        for place in [1, 1024] {
            let (near, _far) = tokio::io::duplex(place);
            let near: Box<dyn Stream> = Box::new(near);
            let socket = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
            let (outgoing, to_send) = mpsc::channel(1);
            let (received, _incoming) = mpsc::channel(1);
            let task = tokio::spawn(serve(socket, to_send, received, Resume::default()));
            drop(outgoing);
            let left = timeout(DRAIN_LIMIT * 2, task).await;
            assert!(left.is_ok(), "with a place for {place} bytes");
        }
    }

    #[tokio::test]
    async fn a_refusal_says_what_to_do() {
        for (status, token, expected) in [
            ("401 Unauthorized", None, "a token is required"),
            ("401 Unauthorized", Some("x"), "unknown token"),
            ("403 Forbidden", None, "HTTP 403: no such luck"),
        ] {
            let address = FakeBridge::http(status, "no such luck").await;
            let address = Address::parse(&address).unwrap();
            let options = Options {
                token: token.map(str::to_owned),
                ..Options::default()
            };
            let error = Connection::open(&address, &options).await.unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[tokio::test]
    async fn a_token_with_a_line_break_is_refused_before_it_is_sent() {
        let address = Address::parse("127.0.0.1:1").unwrap();
        let options = Options {
            token: Some("a\nb".to_owned()),
            ..Options::default()
        };
        let error = Connection::open(&address, &options).await.unwrap_err();
        assert!(matches!(error, ConnectError::Token));
        assert!(!error.to_string().contains('a') || !error.to_string().contains("a\nb"));
    }
}
