//! A Coordinator that makes random requests and checks every answer.

use std::time::Duration;

use cdp_bridge_protocol::event::{Event, Message as Said};
use cdp_bridge_protocol::payload::{Incoming, JoinError, Joiner, PayloadHead};
use cdp_bridge_protocol::{RequestId, handshake};
use fastrand::Rng;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::ledger::Ledger;
use super::requests::{self, Ask};
use super::tally::Tally;

/// A command to a Coordinator.
#[derive(Debug)]
pub(crate) enum Order {
    /// Start to send requests.
    Work,
    /// Drop the connection without a close frame, then reconnect.
    Cut,
    /// Make many requests and read nothing for this long.
    Pause(Duration),
    /// Send hundreds of messages at once.
    Flood,
    /// Stop, close all tabs, and report when no request is open any more.
    Rest(oneshot::Sender<()>),
}

/// The longest pause between two requests.
const LONGEST_PAUSE: u64 = 200;
/// Interval between two checks for leftovers while at rest.
const LOOK: Duration = Duration::from_millis(200);
/// The number of messages in a flood.
const FLOOD: usize = 400;
/// Time limit of the bridge for reading a message and for accepting a connection.
const PATIENCE: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The connection has ended.
struct Over;

/// Whether it makes requests.
enum State {
    Waiting,
    Working,
    Resting(Option<oneshot::Sender<()>>),
}

/// One Coordinator. It reconnects when its connection ends.
pub(crate) struct Coordinator {
    pub(crate) url: String,
    pub(crate) token: &'static str,
    pub(crate) binary: bool,
    /// The address of the pages.
    pub(crate) site: String,
    pub(crate) rng: Rng,
    state: State,
    ledger: Ledger,
    tally: Tally,
    joiner: Joiner,
    /// The known tabs: opened on this or on another connection of the same client.
    tabs: Vec<String>,
    /// Whether a list of tabs has arrived since it was stopped.
    listed: bool,
    next: Instant,
}

impl Coordinator {
    pub(crate) fn new(
        url: String,
        token: &'static str,
        binary: bool,
        site: String,
        rng: Rng,
    ) -> Self {
        Self {
            url,
            token,
            binary,
            site,
            rng,
            state: State::Waiting,
            ledger: Ledger::default(),
            tally: Tally::default(),
            joiner: Joiner::default(),
            tabs: Vec::new(),
            listed: false,
            next: Instant::now(),
        }
    }

    /// Runs until the channel of orders is closed.
    pub(crate) async fn run(mut self, mut orders: mpsc::Receiver<Order>) -> Tally {
        loop {
            let Some(mut socket) = self.connect().await else {
                // A bridge that stops accepts no new connections.
                sleep(LOOK).await;
                if orders.is_closed() {
                    return self.tally;
                }
                continue;
            };
            self.joiner = Joiner::default();
            loop {
                tokio::select! {
                    order = orders.recv() => match order {
                        None => {
                            let _ = socket.close(None).await;
                            return self.tally;
                        }
                        Some(Order::Cut) => break,
                        Some(order) => if self.obey(order, &mut socket).await.is_err() { break; },
                    },
                    message = socket.next() => if self.read(message).is_err() { break; },
                    () = sleep_until(self.next) => if self.act(&mut socket).await.is_err() { break; },
                }
            }
            // Dropped without a close: to the bridge this looks like a machine that went away.
            drop(socket);
            self.ledger.cut(&mut self.tally);
        }
    }

    async fn connect(&mut self) -> Option<Socket> {
        let mut request = self.url.as_str().into_client_request().ok()?;
        let bearer = HeaderValue::from_str(&format!("Bearer {}", self.token)).ok()?;
        let offered = if self.binary {
            handshake::SUBPROTOCOL_BINARY
        } else {
            handshake::SUBPROTOCOL_TEXT
        };
        let headers = request.headers_mut();
        headers.insert("Authorization", bearer);
        let offered = HeaderValue::from_static(offered);
        headers.insert("Sec-WebSocket-Protocol", offered);
        let (socket, _) = timeout(PATIENCE, connect_async(request)).await.ok()?.ok()?;
        self.tally.connects += 1;
        Some(socket)
    }

    async fn obey(&mut self, order: Order, socket: &mut Socket) -> Result<(), Over> {
        match order {
            Order::Work => self.state = State::Working,
            Order::Rest(done) => {
                self.state = State::Resting(Some(done));
                self.listed = false;
                self.next = Instant::now();
            }
            Order::Flood => {
                for number in 0..FLOOD {
                    match number % 4 {
                        0 => {
                            let ping = Message::Ping(Bytes::from_static(b"!"));
                            self.raw(socket, ping).await?;
                        }
                        1 => self.raw(socket, Message::text("{\"type\":")).await?,
                        _ => _ = self.send(socket, requests::alone("ping")).await?,
                    }
                }
            }
            Order::Pause(pause) => {
                for tab in self.tabs.clone() {
                    let body = json!({"type": "getDomSnapshot", "tabId": tab});
                    let ask = Ask {
                        kind: "getDomSnapshot",
                        body,
                        acting: None,
                    };
                    self.send(socket, ask).await?;
                }
                sleep(pause).await;
                self.ledger.not_reading_for(pause);
            }
            Order::Cut => return Err(Over),
        }
        Ok(())
    }

    /// Does what is due; returns the next due time.
    async fn act(&mut self, socket: &mut Socket) -> Result<(), Over> {
        let now = Instant::now();
        self.ledger.overdue(now, &mut self.tally);
        match self.state {
            State::Waiting => self.next = now + LOOK,
            State::Working => {
                let pause = self.rng.u64(..LONGEST_PAUSE);
                self.next = now + Duration::from_millis(pause);
                self.work(socket).await?;
            }
            State::Resting(_) => {
                self.next = now + LOOK;
                self.rest(socket).await?;
            }
        }
        Ok(())
    }

    async fn work(&mut self, socket: &mut Socket) -> Result<(), Over> {
        match self.rng.u8(..16) {
            0..3 if let Some(target) = self.ledger.choice(&mut self.rng) => {
                let id = self.send(socket, requests::cancel(target)).await?;
                self.ledger.cancels(id, target);
            }
            3..6 if let Some(tab) = self.rng.choice(self.tabs.clone()) => {
                for ask in requests::act(&mut self.rng, &tab, &self.site) {
                    self.send(socket, ask).await?;
                }
            }
            _ => {
                let ask = requests::next(&mut self.rng, &self.tabs, &self.site);
                self.send(socket, ask).await?;
            }
        }
        Ok(())
    }

    /// Closes tabs until a new list is empty.
    async fn rest(&mut self, socket: &mut Socket) -> Result<(), Over> {
        if !self.ledger.is_empty() {
            return Ok(());
        }
        if self.listed && self.tabs.is_empty() {
            if let State::Resting(done) = &mut self.state
                && let Some(done) = done.take()
            {
                // A receiver that was dropped has reported its timeout already.
                let _ = done.send(());
            }
            return Ok(());
        }
        for tab in self.tabs.clone() {
            self.send(socket, requests::close(&tab)).await?;
        }
        self.send(socket, requests::alone("listTabs")).await?;
        Ok(())
    }

    /// Returns the id of the request.
    async fn send(&mut self, socket: &mut Socket, ask: Ask) -> Result<u64, Over> {
        let Ask {
            kind,
            mut body,
            acting,
        } = ask;
        let limit = Duration::from_millis(self.rng.u64(1_000..12_000));
        let id = self.ledger.ask(kind, acting, limit, Instant::now());
        body["requestId"] = json!(id);
        body["timeoutMs"] = json!(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
        self.raw(socket, Message::text(body.to_string())).await?;
        Ok(id)
    }

    async fn raw(&mut self, socket: &mut Socket, message: Message) -> Result<(), Over> {
        match timeout(PATIENCE, socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Over),
            Err(_) => {
                self.tally
                    .wrong(|| format!("a message was not taken within {PATIENCE:?}"));
                Err(Over)
            }
        }
    }

    fn read(&mut self, message: Option<Result<Message, Error>>) -> Result<(), Over> {
        let incoming = match message {
            Some(Ok(Message::Text(text))) => self.joiner.text(text.as_str()),
            Some(Ok(Message::Binary(bytes))) => self.joiner.binary(&bytes),
            Some(Ok(Message::Close(frame))) => {
                let code = frame.map_or(0, |frame| frame.code.into());
                *self.tally.closes.entry(code).or_default() += 1;
                return Err(Over);
            }
            Some(Ok(_)) => return Ok(()),
            Some(Err(_)) | None => {
                *self.tally.closes.entry(0).or_default() += 1;
                return Err(Over);
            }
        };
        match incoming {
            Ok(Incoming::Part) => {}
            Ok(Incoming::Message(said)) => self.heard(*said),
            Ok(Incoming::Payload(joined)) => {
                if let PayloadHead::DomSnapshot(head) = &joined.head {
                    for id in head.coalesced.iter().flatten() {
                        self.answer(id, "coalesced");
                    }
                }
                match (&joined.request_id, joined.head.name()) {
                    // A screencast frame is no answer.
                    (_, "frame") => *self.tally.events.entry("frame").or_default() += 1,
                    (Some(id), name) => self.answer(id, name),
                    (None, name) => self.tally.wrong(|| format!("a {name} without a request")),
                }
            }
            Err(error) => self.unreadable(&error),
        }
        Ok(())
    }

    fn unreadable(&mut self, error: &JoinError) {
        self.tally.wrong(|| format!("unreadable: {error}"));
    }

    fn heard(&mut self, said: Said) {
        let Said {
            request_id, event, ..
        } = said;
        self.note_tabs(&event);
        match (&request_id, &event) {
            (Some(id), Event::Error(error)) => {
                let code = error.code.as_str();
                if code == "INTERNAL" {
                    self.tally.wrong(|| format!("INTERNAL: {}", error.message));
                }
                if let (RequestId::Number(id), "CANCELLED") = (id, code) {
                    let input_sent = error.details.as_ref().and_then(|it| it.input_sent);
                    self.ledger.cancelled(*id, input_sent, &mut self.tally);
                }
                self.answer(id, code);
            }
            (Some(id), Event::Done(done)) => {
                if let (RequestId::Number(id), Some(cancelled)) = (id, done.cancelled) {
                    self.ledger.reported(*id, cancelled, &mut self.tally);
                }
                self.answer(id, "done");
            }
            (Some(id), event) => self.answer(id, event.name()),
            (None, event) => *self.tally.events.entry(event.name()).or_default() += 1,
        }
    }

    fn note_tabs(&mut self, event: &Event) {
        let list = |tabs: &[cdp_bridge_protocol::event::TabInfo]| {
            tabs.iter().map(|tab| tab.id.to_string()).collect()
        };
        match event {
            Event::Welcome(welcome) => self.tabs = list(&welcome.tabs),
            Event::Tabs(tabs) => {
                self.tabs = list(&tabs.tabs);
                self.listed = true;
            }
            Event::TabCreated(tab) => {
                let id = tab.id.to_string();
                if !self.tabs.contains(&id) {
                    self.tabs.push(id);
                }
            }
            Event::TabClosed(tab) => {
                let id = tab.id.to_string();
                self.tabs.retain(|known| *known != id);
            }
            _ => {}
        }
    }

    fn answer(&mut self, id: &RequestId, outcome: &str) {
        match id {
            RequestId::Number(id) => {
                self.ledger
                    .answered(*id, outcome, Instant::now(), &mut self.tally);
            }
            other => self
                .tally
                .wrong(|| format!("an answer to {other}, which is no id of ours")),
        }
    }
}
