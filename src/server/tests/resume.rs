//! Connections that are cut, and those that go on with their sessions.

use std::time::Duration;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::{CloseReason, ConsoleLevel, ConsoleSource};
use cdp_bridge_protocol::handshake::resume_subprotocol;
use cdp_bridge_protocol::payload::{EscapedText, Payload, PayloadFields};
use cdp_bridge_protocol::request::SnapshotFormat;
use futures::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::harness::{Bridge, Client, answer, frame, publish, soon, with_tokens};
use crate::tabs::fact::ConsoleLine;
use crate::tabs::{AnswerKind, Audience, CallId, Fact, FactKind, OnDisconnect, Reply, TabMessage};

/// A Coordinator that remembers what it takes to come back.
struct Coordinator<'a> {
    bridge: &'a Bridge,
    headers: Vec<String>,
    client: Client,
    token: String,
    cursor: u64,
}

impl<'a> Coordinator<'a> {
    async fn new(bridge: &'a Bridge) -> Self {
        Self::with(bridge, &[]).await
    }

    async fn with(bridge: &'a Bridge, headers: &[&str]) -> Self {
        let mut client = bridge.greeted(headers).await;
        let welcome = client.event().await;
        Self {
            bridge,
            headers: headers.iter().map(ToString::to_string).collect(),
            client,
            token: token(&welcome),
            cursor: 0,
        }
    }

    /// The next message of the session.
    async fn next(&mut self) -> Value {
        let message = self.client.event().await;
        if let Some(cursor) = message["cursor"].as_u64() {
            assert_eq!(cursor, self.cursor + 1, "{message}");
            self.cursor = cursor;
        }
        message
    }

    /// The connection is cut, without a word.
    async fn cut(&mut self) {
        let before = self.bridge.hub.connections();
        self.client.ws.get_mut().shutdown().await;
        soon("the cut to be noticed", async {
            while self.bridge.hub.connections() >= before {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Connects again, and gives the second message.
    async fn come_back(&mut self) -> Value {
        let offer = resume_subprotocol(&self.token, self.cursor);
        let offer = format!("Sec-WebSocket-Protocol: cdp-bridge.v1, {offer}");
        let mut headers: Vec<&str> = self.headers.iter().map(String::as_str).collect();
        headers.push(&offer);
        self.client = self.bridge.greeted(&headers).await;
        let welcome = self.client.event().await;
        assert_eq!(welcome["type"], "welcome");
        self.token = token(&welcome);
        self.client.event().await
    }
}

trait Shutdown {
    async fn shutdown(&mut self);
}

impl Shutdown for tokio::net::TcpStream {
    async fn shutdown(&mut self) {
        tokio::io::AsyncWriteExt::shutdown(self).await.unwrap();
    }
}

fn token(welcome: &Value) -> String {
    welcome["resumeToken"].as_str().unwrap().to_owned()
}

fn loaded(bridge: &Bridge, at_ms: u64) {
    bridge.publish(FactKind::Loaded { at_ms }, None);
}

async fn activate(coordinator: &mut Coordinator<'_>, id: &str) {
    let request = json!({ "type": "activateTab", "requestId": id, "tabId": "t1" });
    coordinator.client.send(&request.to_string()).await;
}

async fn wanted(tab: &mut tokio::sync::mpsc::Receiver<TabMessage>) -> Reply {
    let message = soon("a request", tab.recv()).await.unwrap();
    message.into_reply().unwrap()
}

fn snapshot(superseded: Vec<CallId>) -> AnswerKind {
    AnswerKind::Payload {
        fields: PayloadFields::DomSnapshot {
            url: "http://a.test/".to_owned(),
            format: SnapshotFormat::Html,
        },
        payload: Payload::Text(EscapedText::from_text(&"x".repeat(9 * 1024))),
        superseded,
    }
}

fn done(reply: Reply) {
    answer(reply, 1, FactKind::TabActivated);
}

#[tokio::test]
async fn a_client_that_comes_back_hears_what_it_missed_and_its_answers() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut coordinator = Coordinator::new(&bridge).await;
    loaded(&bridge, 1);
    assert_eq!(coordinator.next().await["ts"], 1);
    for id in ["a", "b"] {
        activate(&mut coordinator, id).await;
    }
    let (a, b) = (wanted(&mut tab).await, wanted(&mut tab).await);
    coordinator.cut().await;
    loaded(&bridge, 2);
    done(a);
    loaded(&bridge, 3);

    let resumed = coordinator.come_back().await;
    let expected = json!({ "type": "resumed", "next": 2, "inFlight": ["a", "b"] });
    assert_eq!(resumed, expected);
    assert_eq!(coordinator.next().await["ts"], 2);
    assert_eq!(coordinator.next().await["requestId"], "a");
    assert_eq!(coordinator.next().await["ts"], 3);
    done(b);
    assert_eq!(coordinator.next().await["requestId"], "b");
    let pong = coordinator.client.ask(r#"{"type":"ping"}"#).await;
    assert_eq!(
        (&pong["type"], &pong["cursor"]),
        (&json!("pong"), &json!(6))
    );
}

#[tokio::test]
async fn what_was_written_but_never_received_is_written_again() {
    let bridge = Bridge::start().await;
    let mut coordinator = Coordinator::new(&bridge).await;
    for ts in 1..=5 {
        loaded(&bridge, ts);
    }
    for ts in 1..=5 {
        assert_eq!(coordinator.next().await["ts"], ts);
    }
    // As if the last three had been lost in transit.
    coordinator.cursor = 2;
    for _ in 0..2 {
        let resumed = coordinator.come_back().await;
        assert_eq!(
            (&resumed["type"], &resumed["next"]),
            (&json!("resumed"), &json!(3))
        );
        assert_eq!(coordinator.next().await["ts"], 3);
        coordinator.cursor = 2;
    }
}

#[tokio::test]
async fn a_payload_goes_on_with_the_part_after_the_last_one_received() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut coordinator = Coordinator::new(&bridge).await;
    let request = |id| json!({ "type": "getDomSnapshot", "requestId": id, "tabId": "t1" });
    coordinator.client.send(&request("older").to_string()).await;
    let older = wanted(&mut tab).await;
    coordinator.client.send(&request("s").to_string()).await;
    let newest = wanted(&mut tab).await;
    let superseded = vec![older.call];
    older.answer(TabId::new(1), AnswerKind::Superseded);
    newest.answer(TabId::new(1), snapshot(superseded));
    for seq in 0..4 {
        assert_eq!(coordinator.next().await["seq"], seq);
    }
    coordinator.cut().await;
    let resumed = coordinator.come_back().await;
    assert_eq!(resumed["inFlight"], json!(["older", "s"]));
    for seq in 4..9 {
        assert_eq!(coordinator.next().await["seq"], seq);
    }
    loaded(&bridge, 1);
    assert_eq!(coordinator.next().await["ts"], 1);
}

#[tokio::test]
async fn more_than_is_kept_is_a_gap_and_the_tabs_as_they_are_now() {
    let bridge = Bridge::with(|settings| settings.config.resume_bytes = 2000).await;
    let _tab = bridge.tab("default", 1);
    let mut coordinator = Coordinator::new(&bridge).await;
    coordinator.cut().await;
    for ts in 1..=100 {
        loaded(&bridge, ts);
    }
    let resumed = coordinator.come_back().await;
    let gap = coordinator.next().await;
    assert_eq!((&gap["type"], &gap["from"]), (&json!("gap"), &json!(1)));
    let to = gap["to"].as_u64().unwrap();
    assert!((80..100).contains(&to), "{gap}");
    assert_eq!(resumed["next"], to + 1);
    let tabs = coordinator.next().await;
    assert_eq!(
        (&tabs["type"], &tabs["tabs"][0]["id"]),
        (&json!("tabs"), &json!("t1"))
    );
    coordinator.cursor = to;
    for ts in to + 1..=100 {
        assert_eq!(coordinator.next().await["ts"], ts);
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_be_kept_is_an_error_and_costs_nothing_else() {
    let bridge = Bridge::with(|settings| settings.config.resume_bytes = 4000).await;
    let mut tab = bridge.tab("default", 1);
    let mut coordinator = Coordinator::new(&bridge).await;
    let request = json!({ "type": "getDomSnapshot", "requestId": "s", "tabId": "t1" });
    coordinator.client.send(&request.to_string()).await;
    let reply = wanted(&mut tab).await;
    coordinator.cut().await;
    loaded(&bridge, 1);
    reply.answer(TabId::new(1), snapshot(Vec::new()));
    assert_eq!(coordinator.come_back().await["inFlight"], json!(["s"]));
    assert_eq!(coordinator.next().await["ts"], 1);
    let error = coordinator.next().await;
    assert_eq!(
        (&error["code"], &error["requestId"], &error["retryable"]),
        (&json!("DROPPED"), &json!("s"), &json!(true))
    );
}

#[tokio::test]
async fn a_connection_that_only_looks_open_gives_way_to_the_one_that_resumes() {
    let bridge = Bridge::start().await;
    let mut coordinator = Coordinator::new(&bridge).await;
    loaded(&bridge, 1);
    coordinator.next().await;
    let stale = coordinator.bridge.greeted(&[]).await;
    let mut stale = std::mem::replace(&mut coordinator.client, stale);
    assert_eq!(coordinator.come_back().await["type"], "resumed");
    assert_eq!(stale.closed().await, 4009);
    loaded(&bridge, 2);
    assert_eq!(coordinator.next().await["ts"], 2);
}

#[tokio::test]
async fn a_client_that_never_got_its_newest_token_comes_back_with_the_one_before() {
    let bridge = Bridge::start().await;
    let mut coordinator = Coordinator::new(&bridge).await;
    let mut old = coordinator.token.clone();
    for _ in 0..3 {
        coordinator.cut().await;
        coordinator.token.clone_from(&old);
        assert_eq!(coordinator.come_back().await["type"], "resumed");
        // Cut off before the welcome arrived.
    }
    // Once a newer one has been presented, the older ones are worth nothing.
    coordinator.cut().await;
    assert_eq!(coordinator.come_back().await["type"], "resumed");
    std::mem::swap(&mut coordinator.token, &mut old);
    coordinator.cut().await;
    assert_eq!(coordinator.come_back().await["code"], "RESUME_FAILED");
}

#[tokio::test]
async fn a_session_is_neither_another_clients_nor_another_encodings_nor_guessed() {
    let bridge = Bridge::with(with_tokens).await;
    let mut a = Coordinator::with(&bridge, &["Authorization: Bearer alpha"]).await;
    let offer = resume_subprotocol(&a.token, 0);
    // One digit of the secret is another.
    let (known, last) = a.token.split_at(a.token.len() - 1);
    let other = if last == "0" { "1" } else { "0" };
    let guessed = resume_subprotocol(&format!("{known}{other}"), 0);
    let ahead = resume_subprotocol(&a.token, 7);
    for (who, offers) in [
        ("beta", format!("cdp-bridge.v1, {offer}")),
        ("alpha", format!("cdp-bridge.v1.binary, {offer}")),
        ("alpha", format!("cdp-bridge.v1, {ahead}")),
        ("alpha", format!("cdp-bridge.v1, {guessed}")),
    ] {
        let who = format!("Authorization: Bearer {who}");
        let offers = format!("Sec-WebSocket-Protocol: {offers}");
        let mut client = bridge.greeted(&[&who, &offers]).await;
        assert_eq!(client.event().await["type"], "welcome");
        assert_eq!(client.event().await["code"], "RESUME_FAILED", "{offers}");
        assert_eq!(client.ask(r#"{"type":"ping"}"#).await["cursor"], 1);
    }
    // And none of that has disturbed it.
    assert_eq!(a.client.ask(r#"{"type":"ping"}"#).await["cursor"], 1);
}

#[tokio::test]
async fn an_offer_that_cannot_be_read_is_a_bad_handshake() {
    let bridge = Bridge::start().await;
    for offer in [
        "cdp-bridge.resume.",
        "cdp-bridge.resume.x.0",
        "cdp-bridge.resume.1-0.0",
    ] {
        let offer = format!("Sec-WebSocket-Protocol: cdp-bridge.v1, {offer}");
        let answer = bridge.upgrade(&[&offer]).await;
        assert_eq!(answer.status, 400);
        assert!(
            answer.body.contains("welcome.resumeToken"),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_client_that_says_goodbye_has_no_session_to_come_back_to() {
    let bridge = Bridge::start().await;
    let mut coordinator = Coordinator::new(&bridge).await;
    coordinator
        .client
        .ws
        .send(Message::Close(None))
        .await
        .unwrap();
    coordinator.client.closed().await;
    assert_eq!(coordinator.come_back().await["code"], "RESUME_FAILED");
}

#[tokio::test]
async fn without_a_window_there_are_neither_tokens_nor_cursors() {
    let bridge = Bridge::with(|settings| settings.config.resume_window = Duration::ZERO).await;
    let mut client = bridge.greeted(&[]).await;
    let welcome = client.event().await;
    assert!(welcome.get("resumeToken").is_none());
    let pong = client.ask(r#"{"type":"ping"}"#).await;
    assert!(pong.get("cursor").is_none());
}

#[tokio::test]
async fn tabs_close_with_their_client_only_when_it_has_not_come_back_in_time() {
    let bridge = Bridge::with_operations(
        |settings| settings.config.resume_window = Duration::from_millis(300),
        |operations| operations.on_disconnect = OnDisconnect::Close,
    )
    .await;
    let mut tab = bridge.tab("default", 1);
    let mut coordinator = Coordinator::new(&bridge).await;
    coordinator.cut().await;
    assert_eq!(coordinator.come_back().await["type"], "resumed");
    assert!(tab.try_recv().is_err());
    coordinator.cut().await;
    let message = soon("the tab's end", tab.recv()).await.unwrap();
    assert!(matches!(
        message,
        TabMessage::Close(CloseReason::Requested, None)
    ));
    assert_eq!(coordinator.come_back().await["code"], "RESUME_FAILED");
}

#[tokio::test]
async fn a_slow_reader_comes_back_to_what_is_kept_and_a_gap() {
    let bridge = Bridge::with(|settings| {
        settings.config.outbound_bytes = 64 * 1024;
        settings.config.resume_bytes = 8 * 1024;
    })
    .await;
    let mut coordinator = Coordinator::new(&bridge).await;
    let mut said = 0;
    // More than the kernel's buffers and the bound of the queue together.
    soon("too much", async {
        while bridge.hub.connections() > 0 {
            for _ in 0..100 {
                said += 1;
                loaded(&bridge, said);
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    let resumed = coordinator.come_back().await;
    let gap = coordinator.next().await;
    assert_eq!(
        (&resumed["type"], &gap["type"]),
        (&json!("resumed"), &json!("gap"))
    );
    coordinator.cursor = gap["to"].as_u64().unwrap();
    assert_eq!(coordinator.next().await["type"], "tabs");
    for ts in coordinator.cursor + 1..=said {
        assert_eq!(coordinator.next().await["ts"], ts);
    }
    assert!(said - gap["to"].as_u64().unwrap() < 100);
}

#[tokio::test]
async fn of_more_sessions_than_may_wait_the_one_that_has_waited_longest_is_over() {
    let bridge = Bridge::with(|settings| settings.config.max_connections = 2).await;
    let mut first = Coordinator::new(&bridge).await;
    first.cut().await;
    let mut others = Vec::new();
    for _ in 0..2 {
        let mut other = Coordinator::new(&bridge).await;
        other.cut().await;
        others.push(other);
    }
    assert_eq!(first.come_back().await["code"], "RESUME_FAILED");
    for other in &mut others {
        assert_eq!(other.come_back().await["type"], "resumed");
        other.cut().await;
    }
}

#[tokio::test]
async fn a_stop_waits_for_no_client_that_is_away() {
    let mut bridge = Bridge::start().await;
    {
        let mut coordinator = Coordinator::new(&bridge).await;
        coordinator.cut().await;
    }
    bridge.stop.take().unwrap().send(()).unwrap();
    soon("the server's end", &mut bridge.running).await.unwrap();
}

#[tokio::test]
async fn a_session_whose_token_is_removed_while_its_client_is_away_is_over() {
    let bridge = Bridge::with(with_tokens).await;
    let mut coordinator = Coordinator::with(&bridge, &["Authorization: Bearer alpha"]).await;
    coordinator.cut().await;
    let clients = vec![super::harness::client_token("a", "next")];
    let replacement = bridge.replacer.prepare(clients, None).unwrap();
    replacement.put_in_force();
    soon("the session's end", async {
        while bridge.hub.has(&"a".into()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    coordinator.headers = vec!["Authorization: Bearer next".to_owned()];
    assert_eq!(coordinator.come_back().await["code"], "RESUME_FAILED");
}

#[tokio::test]
async fn a_session_is_not_resumed_with_another_api_key_of_its_client() {
    let (first, second) = (
        super::harness::api_key("a", "json"),
        super::harness::api_key("a", "json"),
    );
    let keys = vec![first.1, second.1];
    let bridge = Bridge::with(|settings| settings.credentials.keys = keys).await;
    let bearer = |key: &str| format!("Authorization: Bearer {key}");
    let mut coordinator = Coordinator::with(&bridge, &[&bearer(&first.0)]).await;
    coordinator.cut().await;
    coordinator.headers = vec![bearer(&second.0)];
    assert_eq!(coordinator.come_back().await["code"], "RESUME_FAILED");
}

#[tokio::test]
async fn requests_go_on_while_their_client_is_away_and_their_ids_stay_taken() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut coordinator = Coordinator::new(&bridge).await;
    activate(&mut coordinator, "a").await;
    let running = wanted(&mut tab).await;
    coordinator.cut().await;
    assert_eq!(coordinator.come_back().await["inFlight"], json!(["a"]));
    activate(&mut coordinator, "a").await;
    assert_eq!(coordinator.next().await["code"], "BAD_REQUEST");
    let reason = CloseReason::Page;
    bridge.publish(FactKind::TabClosed { reason }, Some(running.call));
    done(running);
    let answer = coordinator.next().await;
    assert_eq!(
        (&answer["type"], &answer["requestId"]),
        (&json!("tabActivated"), &json!("a")),
        "an event that excludes the requesting connection is not replayed to it after a cut either"
    );
}

#[tokio::test]
async fn a_screencast_stands_still_while_its_watcher_is_away_and_goes_on_with_the_newest_frame() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut coordinator = Coordinator::new(&bridge).await;
    let request = json!({ "type": "startScreencast", "requestId": 1, "tabId": "t1" });
    coordinator.client.send(&request.to_string()).await;
    let Some(TabMessage::Watch(_, watcher, reply)) = tab.recv().await else {
        panic!("the tab is asked for a screencast");
    };
    reply.answer(TabId::new(1), AnswerKind::ScreencastStarted);
    assert_eq!(coordinator.next().await["type"], "screencastStarted");
    coordinator.cut().await;
    assert!(!watcher.slot.put(frame(1)));
    assert!(watcher.slot.put(frame(2)), "the older one gives way");
    assert_eq!(coordinator.come_back().await["type"], "resumed");
    let shown = coordinator.next().await;
    assert_eq!(
        (&shown["type"], &shown["frameNo"]),
        (&json!("frame"), &json!(2))
    );
    assert!(shown.get("cursor").is_none());
    coordinator.client.ws.close(None).await.unwrap();
    soon("the end of the screencast", async {
        while !watcher.slot.is_closed() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_subscription_outlives_its_connection_and_ends_with_its_session() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut coordinator = Coordinator::new(&bridge).await;
    let request = |id: u64, events: &[&str]| {
        json!({ "type": "subscribe", "requestId": id, "tabId": "t1", "events": events }).to_string()
    };
    coordinator
        .client
        .send(&request(1, &["consoleMessage"]))
        .await;
    let Some(TabMessage::Subscribe(subscriber, reply)) = tab.recv().await else {
        panic!("the tab is asked for its console");
    };
    reply.answer(TabId::new(1), AnswerKind::Subscribed);
    assert_eq!(coordinator.next().await["type"], "done");
    coordinator.cut().await;
    assert!(!subscriber.is_gone());
    let say = |text: &str| {
        let line = FactKind::ConsoleMessage(ConsoleLine {
            level: ConsoleLevel::Log,
            source: ConsoleSource::Console,
            text: text.to_owned(),
            truncated: false,
            url: None,
            line: None,
            column: None,
            at_ms: 1,
            omitted: 0,
        });
        let scope = "default".into();
        let fact = Fact {
            audience: Audience::Subscribers("default".into(), vec![subscriber.caller]),
            ..Fact::of_tab(&scope, TabId::new(1), line)
        };
        publish(&bridge.hub, fact);
    };
    say("away");
    assert_eq!(coordinator.come_back().await["type"], "resumed");
    assert_eq!(coordinator.next().await["text"], "away");
    coordinator.client.send(&request(2, &[])).await;
    let Some(TabMessage::Unsubscribe(reply)) = tab.recv().await else {
        panic!("the tab is notified that the subscription has ended");
    };
    assert_eq!(reply.call.caller, subscriber.caller);
    reply.answer(TabId::new(1), AnswerKind::Subscribed);
    assert_eq!(coordinator.next().await["type"], "done");
    coordinator.client.ws.close(None).await.unwrap();
    soon("the end of the subscription", async {
        while !subscriber.is_gone() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
