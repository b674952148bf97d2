//! The one task that owns a WebSocket to a bridge.

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
use super::closing::Closing;
use super::error::ConnectError;
use super::options::Options;
use super::received::Received;
use super::socket::{self, Stream};

/// How long the upgrade may take.
const UPGRADE_LIMIT: Duration = Duration::from_secs(10);
/// How long a bridge may take to answer the close frame.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);
/// How long the bridge may go on talking after this side's goodbye. It is read on for so long, since
/// the goodbye itself may be lost where a socket is left with something unread.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);
/// How often the bridge is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long it may give none: a peer that is gone without a word is told from a quiet one by this.
const SILENCE_LIMIT: Duration = Duration::from_mins(1);
/// The bridge says how long its parts are only after the upgrade, and a bridge may be configured
/// to send a whole structured snapshot at once: a gibibyte is more than any of them.
const MAX_MESSAGE_BYTES: usize = 1 << 30;
/// Messages that wait in either direction; whoever is behind makes the other side wait.
const QUEUE: usize = 64;

type Socket = WebSocketStream<Box<dyn Stream>>;

/// A connection to a bridge, as it is: text goes in, and whatever comes comes out, in order. Who
/// wants answers to requests takes a [`Bridge`](super::Bridge), which stands on this.
#[derive(Debug)]
pub struct Connection {
    outgoing: mpsc::Sender<String>,
    incoming: mpsc::Receiver<Received>,
    task: JoinHandle<State>,
}

/// What a later connection needs to go on with the session of this one (`docs/resume.md`).
#[derive(Debug)]
pub struct Resume {
    token: String,
    joiner: Joiner,
}

impl Resume {
    /// The last `cursor` that came, or 0.
    pub fn cursor(&self) -> u64 {
        self.joiner.cursor()
    }
}

/// What is known of the session: the newest token, the cursor, and the parts that came.
#[derive(Debug, Default)]
struct State {
    token: Option<String>,
    joiner: Joiner,
}

impl Connection {
    /// Connects and asks for the upgrade.
    pub async fn open(address: &Address, options: &Options) -> Result<Self, ConnectError> {
        Self::resume(address, options, &mut None).await
    }

    /// The same, and offers to go on with a session, which is taken out once there is a connection.
    /// Whether the bridge goes on with it is told after `welcome`, by `resumed` or by an error.
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
        let state = resume.take().map_or_else(State::default, |resume| State {
            token: Some(resume.token),
            joiner: resume.joiner,
        });
        let task = tokio::spawn(serve(socket, to_send, received, state));
        Ok(Self {
            outgoing,
            incoming,
            task,
        })
    }

    /// Sends a text frame. If the connection is over, [`Self::next`] says so and how.
    pub async fn send(&self, text: String) {
        let _ = self.outgoing.send(text).await;
    }

    /// What comes next. May be given up at any time without losing anything.
    pub async fn next(&mut self) -> Received {
        self.incoming
            .recv()
            .await
            .unwrap_or_else(|| Received::Closed(Closing::default()))
    }

    /// Says goodbye, which ends the session too.
    pub async fn close(self) {
        drop((self.outgoing, self.incoming));
        let mut task = self.task;
        if timeout(CLOSE_LIMIT, &mut task).await.is_err() {
            task.abort();
        }
    }

    /// What a later connection can go on with, once [`Self::next`] has said that this one is over;
    /// nothing where the bridge gave no token.
    pub async fn into_resume(self) -> Option<Resume> {
        drop((self.outgoing, self.incoming));
        let mut task = self.task;
        let Ok(ended) = timeout(CLOSE_LIMIT * 2, &mut task).await else {
            task.abort();
            return None;
        };
        let State { token, joiner } = ended.ok()?;
        Some(Resume {
            token: token?,
            joiner,
        })
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
    let offered = match resume {
        Some(resume) => {
            let session = resume_subprotocol(&resume.token, resume.cursor());
            format!("{encoding}, {session}")
        }
        None => encoding.to_owned(),
    };
    let offered = HeaderValue::try_from(offered).map_err(|_| ConnectError::Token)?;
    upgrade
        .headers_mut()
        .insert(SEC_WEBSOCKET_PROTOCOL, offered);
    Ok(upgrade)
}

/// Why there is no WebSocket.
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

/// The beginning of a text that somebody else wrote, without what could move a cursor.
fn one_line(text: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(500).map(printable).collect()
}

/// Owns the socket until either side is done, and gives back what a later connection goes on with.
async fn serve(
    mut socket: Socket,
    mut to_send: mpsc::Receiver<String>,
    received: mpsc::Sender<Received>,
    mut state: State,
) -> State {
    let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        // A place for what comes is taken before the socket is read, so that a full queue stops
        // the reading and nothing else: what is to be sent still gets out.
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
                // Whoever waits to send shall not keep this from being received.
                to_send.close();
                let _ = received.send(Received::Closed(closing)).await;
                return state;
            }
            read = read => read,
            now = pings.tick() => {
                // While nobody takes what came, nothing is read, and silence says nothing.
                if received.capacity() == 0 {
                    heard = now;
                }
                if now.duration_since(heard) < SILENCE_LIMIT {
                    let ping = timeout(SILENCE_LIMIT, socket.send(Frame::Ping(Bytes::new())));
                    // A socket that is broken says so when it is read.
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
                // Polling on lets the answer to the close frame out.
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

/// What a frame means; nothing for parts, pings and pongs (pings are answered by the socket).
fn interpret(state: &mut State, frame: Option<Result<Frame, WsError>>) -> Option<Received> {
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
        Some(Ok(Frame::Close(close))) => Received::Closed(Closing {
            code: close.as_ref().map(|close| close.code.into()),
            reason: close.map_or_else(String::new, |close| close.reason.to_string()),
        }),
        Some(Err(error)) => Received::Closed(broken(&error)),
        None => Received::Closed(Closing::default()),
    })
}

fn whole(state: &mut State, incoming: Incoming) -> Option<Received> {
    match incoming {
        Incoming::Message(message) => {
            note_session(state, &message);
            Some(Received::Message(message))
        }
        Incoming::Payload(joined) => Some(Received::Payload(joined)),
        Incoming::Part => None,
    }
}

/// Each connection has a token of its own, and a session that is no more has left no parts.
fn note_session(state: &mut State, message: &Message) {
    match &message.event {
        Event::Welcome(welcome) => state.token.clone_from(&welcome.resume_token),
        Event::Error(error) if error.code == ErrorCode::ResumeFailed => {
            state.joiner = Joiner::default();
        }
        _ => {}
    }
}

fn silent() -> Closing {
    Closing {
        code: None,
        reason: format!("nothing was heard for {} s", SILENCE_LIMIT.as_secs()),
    }
}

fn broken(error: &WsError) -> Closing {
    Closing {
        code: None,
        reason: error.to_string(),
    }
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
            tokio::spawn(serve(socket, to_send, received, State::default()));
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
                assert_eq!(closing.reason, "nothing was heard for 60 s");
                assert!(!closing.is_final(), "it is come back to");
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
        tokio::spawn(serve(socket, to_send, received, State::default()));
        let waiting = timeout(SILENCE_LIMIT * 2, incoming.recv());
        let Ok(Some(Received::Closed(closing))) = waiting.await else {
            panic!("it is closed");
        };
        assert_eq!(closing.reason, "nothing was heard for 60 s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_bridge_that_does_not_answer_a_goodbye_is_left() {
        for place in [1, 1024] {
            let (near, _far) = tokio::io::duplex(place);
            let near: Box<dyn Stream> = Box::new(near);
            let socket = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
            let (outgoing, to_send) = mpsc::channel(1);
            let (received, _incoming) = mpsc::channel(1);
            let task = tokio::spawn(serve(socket, to_send, received, State::default()));
            drop(outgoing);
            let left = timeout(DRAIN_LIMIT * 2, task).await;
            assert!(left.is_ok(), "with a place for {place} bytes");
        }
    }

    #[tokio::test]
    async fn a_refusal_says_what_to_do() {
        for (status, token, expected) in [
            ("401 Unauthorized", None, "it wants a token"),
            ("401 Unauthorized", Some("x"), "does not know this token"),
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
