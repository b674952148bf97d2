//! A Coordinator: sends requests, records everything it receives, and waits for messages.

use std::sync::{Arc, Mutex, PoisonError};

use cdp_bridge_protocol::event::Message as Event;
use cdp_bridge_protocol::handshake::{SUBPROTOCOL_BINARY, SUBPROTOCOL_TEXT};
use cdp_bridge_protocol::payload::{BinaryFrame, Incoming, Joiner};
use futures::{Sink, SinkExt as _, Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Bytes, Message};

use super::received::Received;
use super::wait::{LONGEST, until_some};

/// How payloads are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Text,
    Binary,
}

/// A connected Coordinator.
pub(crate) struct Client {
    outgoing: mpsc::Sender<Message>,
    log: Arc<Mutex<Vec<Received>>>,
    changes: watch::Receiver<usize>,
    next_id: std::sync::atomic::AtomicU64,
}

impl Client {
    /// Connects; `welcome` is left in the log.
    pub(crate) async fn connect(url: &str, mode: Mode) -> Self {
        Self::try_connect(url, mode, &[])
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// Connects with additional headers; the connection may be rejected.
    pub(crate) async fn try_connect(
        url: &str,
        mode: Mode,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tungstenite::Error> {
        let request = handshake(url, mode, headers);
        let address = format!(
            "{}:{}",
            request.uri().host().unwrap(),
            request.uri().port().unwrap()
        );
        let stream = TcpStream::connect(address).await?;
        Self::over(stream, request).await
    }

    /// Connects over a unix socket.
    pub(crate) async fn connect_unix(path: &std::path::Path) -> Self {
        let stream = UnixStream::connect(path).await.unwrap();
        let request = handshake("ws://localhost/ws", Mode::Text, &[]);
        Self::over(stream, request).await.unwrap()
    }

    async fn over<S>(stream: S, request: Request<()>) -> Result<Self, tungstenite::Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let connecting = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        let (socket, _) = timeout(LONGEST, connecting).await.unwrap()?;
        let (outgoing, queue) = mpsc::channel(64);
        let log = Arc::new(Mutex::new(Vec::new()));
        let (count, changes) = watch::channel(0);
        let (sink, stream) = socket.split();
        tokio::spawn(write(sink, queue));
        tokio::spawn(read(stream, Arc::clone(&log), count));
        Ok(Self {
            outgoing,
            log,
            changes,
            next_id: 1.into(),
        })
    }

    /// Sends a request with a new id, which is returned.
    pub(crate) async fn request(&self, mut body: Value) -> Value {
        let number = self
            .next_id
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let id = body
            .as_object_mut()
            .unwrap()
            .entry("requestId")
            .or_insert_with(|| json!(format!("r{number}")))
            .clone();
        self.send_text(&body.to_string()).await;
        id
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn ask(&self, body: Value) -> Received {
        let id = self.request(body).await;
        self.answer(&id).await
    }

    /// Waits for the answer to a request.
    pub(crate) async fn answer(&self, id: &Value) -> Received {
        self.take(&format!("the answer to {id}"), |it| it["requestId"] == *id)
            .await
    }

    /// Waits for the next event with this name that answers no request.
    pub(crate) async fn event(&self, kind: &str) -> Received {
        self.take(kind, |it| it.is(kind) && !it.was_asked()).await
    }

    /// Waits for the next event with this name about this tab that answers no request.
    pub(crate) async fn tab_event(&self, kind: &str, tab: &str) -> Received {
        self.take(&format!("{kind} of {tab}"), |it| {
            it.is(kind) && it.id() == tab && !it.was_asked()
        })
        .await
    }

    /// Waits for the first message, past or future, that matches and was not returned before.
    pub(crate) async fn take(&self, what: &str, fits: impl Fn(&Received) -> bool) -> Received {
        let mut changes = self.changes.clone();
        let wait = async {
            loop {
                changes.mark_unchanged();
                if let Some(found) = self.take_now(&fits) {
                    return found;
                }
                if changes.changed().await.is_err() {
                    return self.take_now(&fits).unwrap_or_else(|| {
                        panic!(
                            "the connection ended before {what}; received:\n{}",
                            self.story()
                        )
                    });
                }
            }
        };
        timeout(LONGEST, wait)
            .await
            .unwrap_or_else(|_| panic!("timed out waiting for {what}; received:\n{}", self.story()))
    }

    /// The first message that matches, if it has arrived.
    pub(crate) fn take_now(&self, fits: impl Fn(&Received) -> bool) -> Option<Received> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let found = log.iter_mut().find(|it| !it.taken && fits(it))?;
        found.taken = true;
        Some(found.clone())
    }

    /// Forgets all messages that were returned before.
    pub(crate) fn forget(&self) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.retain(|it| !it.taken);
    }

    /// All messages so far.
    pub(crate) fn log(&self) -> Vec<Received> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The names of the events about a tab, in order.
    pub(crate) fn story_of(&self, tab: &str) -> Vec<String> {
        let log = self.log();
        let about = log.iter().filter(|it| it.id() == tab);
        about.map(|it| it.kind().to_owned()).collect()
    }

    /// All messages, one per line.
    pub(crate) fn story(&self) -> String {
        let lines: Vec<_> = self.log().iter().map(ToString::to_string).collect();
        lines.join("\n")
    }

    pub(crate) async fn send_text(&self, text: &str) {
        self.send(Message::text(text)).await;
    }

    pub(crate) async fn send(&self, message: Message) {
        self.outgoing.send(message).await.unwrap_or_else(|_| {
            panic!("the connection has ended; received:\n{}", self.story());
        });
    }

    /// Waits for the end of the connection and returns its close code.
    pub(crate) async fn closed(&self) -> u64 {
        let close = self.take("a close", |it| it.is("close")).await;
        close["code"]
            .as_u64()
            .unwrap_or_else(|| panic!("a code in {close}"))
    }

    /// Closes the connection, and waits until the bridge has closed it too.
    pub(crate) async fn leave(&self) {
        let code = CloseCode::Normal;
        let reason = "".into();
        self.send(Message::Close(Some(CloseFrame { code, reason })))
            .await;
        self.closed().await;
    }

    // Requests that nearly every test makes.

    /// Opens a tab and waits for its first page.
    pub(crate) async fn open(&self, url: &str) -> String {
        self.open_with(json!({"url": url})).await
    }

    /// Opens a tab with these fields and waits until its first page has loaded.
    pub(crate) async fn open_with(&self, mut fields: Value) -> String {
        fields["type"] = json!("createTab");
        let blank = fields["url"]
            .as_str()
            .is_none_or(|url| url == "about:blank");
        let tab = self.ask(fields).await.expect("tabCreated").id().to_owned();
        self.tab_event("navigated", &tab).await;
        if !blank {
            self.tab_event("loadEventFired", &tab).await;
        }
        tab
    }

    /// Navigates and waits until the page has loaded.
    pub(crate) async fn go(&self, tab: &str, url: &str) -> Received {
        let navigated = self.navigate(tab, url).await.expect("navigated");
        self.tab_event("loadEventFired", tab).await;
        navigated
    }

    pub(crate) async fn navigate(&self, tab: &str, url: &str) -> Received {
        self.ask(json!({"type": "navigate", "tabId": tab, "url": url}))
            .await
    }

    pub(crate) async fn html(&self, tab: &str) -> String {
        let snapshot = self
            .ask(json!({"type": "getDomSnapshot", "tabId": tab}))
            .await;
        snapshot.expect("domSnapshot").text().to_owned()
    }

    pub(crate) async fn screenshot(&self, tab: &str, format: &str, full_page: bool) -> Received {
        let request =
            json!({"type": "getScreenshot", "tabId": tab, "format": format, "fullPage": full_page});
        self.ask(request).await.expect("screenshot")
    }

    pub(crate) async fn close(&self, tab: &str) -> Received {
        self.ask(json!({"type": "closeTab", "tabId": tab}))
            .await
            .expect("tabClosed")
    }

    pub(crate) async fn ping(&self) -> Received {
        self.ask(json!({"type": "ping"})).await.expect("pong")
    }

    /// Waits until the tab is ready with this title: Chromium reports both shortly after `load`.
    pub(crate) async fn settled(&self, tab: &str, title: &str) -> Value {
        let what = format!("{tab} is ready and called {title}");
        let (info, _) = until_some(&what, async || {
            let info = self.tab_info(tab).await?;
            (info["state"] == "ready" && info["title"] == title).then_some(info)
        })
        .await;
        info
    }

    /// The entry of this tab in `listTabs`.
    pub(crate) async fn tab_info(&self, tab: &str) -> Option<Value> {
        let tabs = self.ask(json!({"type": "listTabs"})).await.expect("tabs");
        let tabs = tabs["tabs"].as_array().unwrap();
        tabs.iter().find(|info| info["id"] == tab).cloned()
    }
}

fn handshake(url: &str, mode: Mode, headers: &[(&'static str, &str)]) -> Request<()> {
    let mut request = url.into_client_request().unwrap();
    let offered = match mode {
        Mode::Text => SUBPROTOCOL_TEXT,
        Mode::Binary => SUBPROTOCOL_BINARY,
    };
    let all = request.headers_mut();
    all.insert("Sec-WebSocket-Protocol", HeaderValue::from_static(offered));
    for (name, value) in headers {
        all.insert(*name, HeaderValue::from_str(value).unwrap());
    }
    request
}

async fn write(mut sink: impl Sink<Message> + Unpin, mut queue: mpsc::Receiver<Message>) {
    while let Some(message) = queue.recv().await {
        if sink.send(message).await.is_err() {
            return;
        }
    }
    let _ = sink.close().await;
}

async fn read<S>(mut stream: S, log: Arc<Mutex<Vec<Received>>>, changed: watch::Sender<usize>)
where
    S: Stream<Item = Result<Message, tungstenite::Error>> + Unpin,
{
    let mut reader = Reader::default();
    let mut closed = false;
    while let Some(message) = stream.next().await {
        let received = match message {
            Ok(Message::Text(text)) => reader.text(text.as_str()),
            Ok(Message::Binary(bytes)) => reader.binary(&bytes),
            Ok(Message::Close(frame)) => {
                closed = true;
                let code = frame.as_ref().map(|frame| u16::from(frame.code));
                let reason = frame.map(|frame| frame.reason.as_str().to_owned());
                Some(Received::of(
                    json!({"type": "close", "code": code, "reason": reason}),
                ))
            }
            Ok(_) => None,
            Err(_) if closed => break,
            Err(error) => {
                let reason = error.to_string();
                Some(Received::of(json!({"type": "broken", "reason": reason})))
            }
        };
        if let Some(received) = received {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push(received);
            changed.send_replace(log.len());
        }
    }
}

/// Joins payloads, and checks every message against the protocol's types.
#[derive(Default)]
struct Reader {
    joiner: Joiner,
    /// The sizes of the parts of incomplete payloads.
    parts: Vec<(Value, Vec<usize>)>,
}

impl Reader {
    fn text(&mut self, text: &str) -> Option<Received> {
        let mut head: Value = serde_json::from_str(text).unwrap();
        let again: Value = serde_json::from_str(&Event::parse(text).unwrap().to_json()).unwrap();
        assert_eq!(
            head, again,
            "a message has no fields beside those of the protocol"
        );
        let incoming = self.joiner.text(text).unwrap();
        let fields = head.as_object_mut().unwrap();
        let payload = ["snapshot", "data", "content"]
            .iter()
            .find_map(|field| fields.remove(*field));
        let size = payload.map(|payload| payload.as_str().unwrap().len());
        self.finish(head, size, incoming)
    }

    fn binary(&mut self, bytes: &Bytes) -> Option<Received> {
        let frame = BinaryFrame::decode(bytes).unwrap();
        let head = serde_json::from_str(&frame.head).unwrap();
        let incoming = self.joiner.binary(bytes).unwrap();
        self.finish(head, Some(frame.payload.len()), incoming)
    }

    fn finish(&mut self, head: Value, size: Option<usize>, incoming: Incoming) -> Option<Received> {
        let Some(size) = size else {
            return Some(Received::of(head));
        };
        let id = head["requestId"].clone();
        let at = self.parts.iter().position(|(known, _)| *known == id);
        let at = at.unwrap_or_else(|| {
            self.parts.push((id, Vec::new()));
            self.parts.len() - 1
        });
        self.parts[at].1.push(size);
        let Incoming::Payload(joined) = incoming else {
            return None;
        };
        let (_, parts) = self.parts.swap_remove(at);
        Some(Received {
            payload: Some(joined.payload),
            parts,
            ..Received::of(head)
        })
    }
}
