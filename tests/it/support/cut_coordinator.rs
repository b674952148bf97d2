//! A Coordinator whose connection is cut repeatedly, and that resumes its session each time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cdp_bridge_protocol::handshake::resume_subprotocol;
use cdp_bridge_protocol::payload::{Incoming, Joiner, PayloadHead};
use cdp_bridge_protocol::{Event, Message as BridgeMessage, RequestId};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::wait::LONGEST;

/// The events of each tab, in order.
pub(crate) type Stories = BTreeMap<String, Vec<Value>>;

/// How a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The socket is closed without a close frame.
    Drop,
    /// The client stops reading, and the socket stays open.
    HalfOpen,
    /// The next connection is cut too, before its `welcome` is read.
    BeforeWelcome,
}

pub(crate) struct CutCoordinator {
    url: String,
    ws: WebSocketStream<TcpStream>,
    /// Sockets that are still open for the bridge.
    stale: Vec<WebSocketStream<TcpStream>>,
    token: String,
    joiner: Joiner,
    unanswered: BTreeMap<u64, String>,
    next_id: u64,
    /// The answers, by request.
    pub(crate) answers: BTreeMap<u64, Value>,
    pub(crate) stories: Stories,
    pub(crate) lost: u64,
    lost_up_to: u64,
    /// Messages with a cursor.
    pub(crate) heard: u64,
    /// Requests that the bridge had not read and that were sent again.
    pub(crate) sent_again: u64,
}

impl CutCoordinator {
    pub(crate) async fn connect(url: &str) -> Self {
        let mut this = Self {
            ws: open(url, None).await,
            url: url.to_owned(),
            stale: Vec::new(),
            token: String::new(),
            joiner: Joiner::default(),
            unanswered: BTreeMap::new(),
            next_id: 1,
            answers: BTreeMap::new(),
            stories: Stories::new(),
            lost: 0,
            lost_up_to: 0,
            heard: 0,
            sent_again: 0,
        };
        this.hear("the welcome", |this| !this.token.is_empty())
            .await;
        this
    }

    /// Sends a request, and returns its id.
    pub(crate) async fn send(&mut self, request: Value) -> u64 {
        let id = self.send_into_the_void(request);
        let text = self.unanswered[&id].clone();
        self.ws.send(Message::text(text)).await.unwrap();
        id
    }

    /// Sends a request that never arrives, like the last ones before a cut.
    pub(crate) fn send_into_the_void(&mut self, mut request: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        request["requestId"] = json!(id);
        self.unanswered.insert(id, request.to_string());
        id
    }

    /// Receives until the condition holds.
    pub(crate) async fn hear(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let heard = timeout(LONGEST, async {
            while !wanted(self) {
                let message = self.ws.next().await;
                let message = message.expect("the connection is open").unwrap();
                self.take(message);
            }
        });
        assert!(
            heard.await.is_ok(),
            "{what} never came; unanswered: {:?}",
            self.unanswered
        );
    }

    /// Waits for the answers to all requests.
    pub(crate) async fn settle(&mut self) {
        self.hear("an answer", |this| this.unanswered.is_empty())
            .await;
    }

    /// The same where answers may be lost: unanswered requests are sent again after each cut.
    pub(crate) async fn settle_over_cuts(&mut self) {
        for _ in 0..100 {
            if self.unanswered.is_empty() {
                return;
            }
            self.hear_for(Duration::from_millis(500)).await;
            self.cut(Cut::Drop).await;
        }
        panic!("never answered: {:?}", self.unanswered);
    }

    /// Receives for this long.
    pub(crate) async fn hear_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Ok(message) = timeout_at(end, self.ws.next()).await {
            let message = message.expect("the connection is open").unwrap();
            self.take(message);
        }
    }

    /// Cuts the connection, resumes, and sends the requests again that were never read.
    pub(crate) async fn cut(&mut self, cut: Cut) {
        if cut == Cut::BeforeWelcome {
            let resuming = self.resuming().await;
            drop(std::mem::replace(&mut self.ws, resuming));
        }
        let resuming = self.resuming().await;
        let before = std::mem::replace(&mut self.ws, resuming);
        if cut == Cut::HalfOpen {
            self.stale.push(before);
        }
        let mut seen = Vec::new();
        while seen.len() < 2 {
            let message = timeout(LONGEST, self.ws.next()).await.unwrap();
            if let Message::Text(text) = message.expect("it is open").unwrap() {
                seen.push(serde_json::from_str::<Value>(&text).unwrap());
                self.take(Message::Text(text));
            }
        }
        let [welcome, resumed] = &seen[..] else {
            unreachable!("two messages were read")
        };
        assert_eq!(welcome["type"], "welcome");
        assert_eq!(resumed["type"], "resumed", "{resumed}");
        assert!(resumed["next"].as_u64().unwrap() > self.joiner.cursor());
        let in_flight: BTreeSet<u64> = resumed["inFlight"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_u64().unwrap())
            .collect();
        let unread: Vec<String> = self
            .unanswered
            .iter()
            .filter(|(id, _)| !in_flight.contains(id))
            .map(|(_, text)| text.clone())
            .collect();
        for text in unread {
            self.sent_again += 1;
            self.ws.send(Message::text(text)).await.unwrap();
        }
    }

    async fn resuming(&self) -> WebSocketStream<TcpStream> {
        let offer = resume_subprotocol(&self.token, self.joiner.cursor());
        open(&self.url, Some(&offer)).await
    }

    fn take(&mut self, message: Message) {
        let Message::Text(text) = message else {
            assert!(!message.is_close(), "closed: {message}");
            return;
        };
        let before = self.joiner.cursor();
        let incoming = match self.joiner.text(&text) {
            Ok(incoming) => incoming,
            // Without its first part, the rest of a payload is useless.
            Err(_) if self.lost > 0 => Incoming::Part,
            Err(error) => panic!("{error}: {text}"),
        };
        let after = self.joiner.cursor();
        if after != before {
            self.heard += 1;
            let expected = before.max(self.lost_up_to) + 1;
            assert_eq!(after, expected, "a number is left out or doubled: {text}");
        }
        match incoming {
            Incoming::Part => {}
            Incoming::Payload(joined) => {
                let PayloadHead::DomSnapshot(head) = &joined.head else {
                    return self.answered(joined.request_id.as_ref(), &json!("payload"));
                };
                for id in head.coalesced.iter().flatten() {
                    self.answered(Some(id), &json!("coalesced"));
                }
                self.answered(joined.request_id.as_ref(), &json!("payload"));
            }
            Incoming::Message(message) => self.told(&message),
        }
    }

    fn told(&mut self, message: &BridgeMessage) {
        match &message.event {
            Event::Welcome(welcome) => {
                self.token
                    .clone_from(welcome.resume_token.as_ref().unwrap());
                return;
            }
            Event::Gap(gap) => {
                self.lost += gap.to + 1 - gap.from;
                self.lost_up_to = gap.to;
                return;
            }
            _ => {}
        }
        let value: Value = serde_json::from_str(&message.to_json()).unwrap();
        tell(&mut self.stories, &value);
        if message.request_id.is_some() {
            self.answered(message.request_id.as_ref(), &value);
        }
    }

    fn answered(&mut self, id: Option<&RequestId>, answer: &Value) {
        let Some(&RequestId::Number(id)) = id else {
            panic!("an answer without its id: {answer}");
        };
        self.unanswered.remove(&id);
        let before = self.answers.insert(id, answer.clone());
        assert!(
            before.is_none(),
            "{id} was answered twice: {before:?}, {answer}"
        );
    }
}

async fn open(url: &str, resume: Option<&str>) -> WebSocketStream<TcpStream> {
    let mut request = url.into_client_request().unwrap();
    let offered = match resume {
        Some(offer) => format!("cdp-bridge.v1, {offer}"),
        None => "cdp-bridge.v1".to_owned(),
    };
    let value = HeaderValue::from_str(&offered).unwrap();
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", value);
    let address = format!(
        "{}:{}",
        request.uri().host().unwrap(),
        request.uri().port().unwrap()
    );
    let stream = TcpStream::connect(address).await.unwrap();
    let connecting = tokio_tungstenite::client_async(request, stream);
    timeout(LONGEST, connecting).await.unwrap().unwrap().0
}

/// Records an event about a tab that every connection receives.
pub(crate) fn tell(stories: &mut Stories, event: &Value) {
    const TOLD_TO_ALL: [&str; 5] = [
        "tabCreated",
        "navigated",
        "loadEventFired",
        "tabActivated",
        "tabClosed",
    ];
    let is_told = TOLD_TO_ALL.iter().any(|name| event["type"] == *name);
    let Some(tab) = event["id"].as_str().filter(|_| is_told) else {
        return;
    };
    let mut event = event.clone();
    let fields = event.as_object_mut().unwrap();
    fields.remove("requestId");
    fields.remove("cursor");
    stories.entry(tab.to_owned()).or_default().push(event);
}

/// Fails unless the second sequence of events equals the first one, or, where events may be missing, is a
/// subsequence of it.
pub(crate) fn compare(told: &Stories, heard: &Stories, may_miss: bool) {
    for (tab, told) in told {
        let heard = heard.get(tab).map_or(&[][..], Vec::as_slice);
        if !may_miss {
            let at = told
                .iter()
                .zip(heard)
                .position(|(told, heard)| told != heard);
            assert_eq!(
                (at, told.len()),
                (None, heard.len()),
                "{tab}: told {:?}, heard {:?}",
                at.map(|at| &told[at..]),
                at.map(|at| &heard[at..]),
            );
            continue;
        }
        let mut rest = told.iter();
        for event in heard {
            assert!(
                rest.any(|told| told == event),
                "{tab}: {event} was heard twice or too late"
            );
        }
    }
}
