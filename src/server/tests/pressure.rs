//! Large payloads, slow readers and silent peers.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::DomSnapshotHead;
use cdp_bridge_protocol::handshake::CloseCode;
use cdp_bridge_protocol::payload::{
    Encoding, EscapedText, Incoming, Joiner, Payload, PayloadFields, PayloadHead,
};
use cdp_bridge_protocol::request::SnapshotFormat;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::harness::{Bridge, Client, publish, settings};
use crate::operations::sessions::HoldKind;
use crate::server::settings::ServerSettings;
use crate::server::state::ServerState;
use crate::server::ws::closing::ConnectionClose;
use crate::server::ws::connection::{NewConnection, serve_connection};
use crate::tabs::{
    AnswerKind, CallId, CallerId, Capture, Fact, FactKind, Registry, Shot, TabMessage,
};

/// A picture whose base64 has so many bytes.
fn picture(bytes: usize) -> AnswerKind {
    AnswerKind::Payload {
        fields: PayloadFields::Screenshot {
            mime: "image/png".to_owned(),
            width: 1,
            height: 1,
        },
        payload: Payload::Base64("QUJD".repeat(bytes / 3).into()),
        superseded: Vec::new(),
    }
}

async fn screenshot(bridge: &Bridge, client: &mut Client, bytes: usize) {
    let mut tab = bridge.tab("default", 1);
    client
        .send(r#"{"type":"getScreenshot","requestId":"s","tabId":"t1","format":"png"}"#)
        .await;
    let Some(TabMessage::Capture(Capture::Screenshot(Shot { quality: 70, .. }), reply)) =
        tab.recv().await
    else {
        panic!("a picture is wanted")
    };
    reply.answer(TabId::new(1), picture(bytes));
}

#[tokio::test]
async fn a_large_picture_arrives_in_numbered_parts_that_decode_alone() {
    let bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    screenshot(&bridge, &mut client, 3000).await;
    let mut data = String::new();
    for seq in 0..4 {
        let part = client.event().await;
        assert_eq!(part["type"], "screenshot");
        assert_eq!((&part["seq"], &part["total"]), (&json!(seq), &json!(4)));
        assert_eq!(part["requestId"], "s");
        let text = part["data"].as_str().unwrap();
        assert!(text.len() <= 1024 && text.len() % 4 == 0);
        data.push_str(text);
    }
    assert_eq!(data, "QUJD".repeat(1000));
}

#[tokio::test]
async fn in_binary_mode_a_picture_comes_as_its_own_bytes_and_answers_stay_text() {
    let bridge = Bridge::start().await;
    let mut client = bridge
        .connect_with(&["Sec-WebSocket-Protocol: cdp-bridge.v1.binary"])
        .await;
    screenshot(&bridge, &mut client, 3000).await;
    let mut bytes = Vec::new();
    for seq in 0..3 {
        let Message::Binary(frame) = client.next().await else {
            panic!("a payload is a binary frame")
        };
        let len = u32::from_be_bytes(frame[..4].try_into().unwrap()) as usize;
        let head: serde_json::Value = serde_json::from_slice(&frame[4..4 + len]).unwrap();
        assert_eq!(
            (&head["type"], &head["seq"]),
            (&json!("screenshot"), &json!(seq))
        );
        assert!(head.get("data").is_none());
        bytes.extend_from_slice(&frame[4 + len..]);
    }
    assert_eq!(bytes, b"ABC".repeat(1000));
    assert_eq!(client.ask(r#"{"type":"ping"}"#).await["type"], "pong");
}

#[tokio::test]
async fn a_large_snapshot_on_its_way_delays_a_ping_by_less_than_one_more_part() {
    // The way holds less than a part, so that what is ahead of a pong is the bridge's doing.
    let mut settings = settings();
    settings.flow.chunk_bytes = 256 * 1024;
    let (mut ws, state) = in_memory_with(settings).await;
    ws.next().await.unwrap().unwrap();
    let head = PayloadHead::DomSnapshot(DomSnapshotHead {
        id: TabId::new(1),
        url: "http://a.test/".to_owned(),
        format: SnapshotFormat::Html,
        seq: 0,
        total: 0,
        coalesced: None,
    });
    let payload = Payload::Text(EscapedText::from_text(&"x".repeat(5_700_000)));
    state.hub.each(|outbox| {
        outbox.push_payload(head.clone(), None, &payload).unwrap();
    });
    let (mut parts, mut delays) = (0, Vec::new());
    let mut asked_at = None;
    while delays.len() < 10 {
        let Message::Text(text) = ws.next().await.unwrap().unwrap() else {
            panic!("text mode")
        };
        if text.starts_with(r#"{"type":"pong""#) {
            delays.push(parts - asked_at.take().unwrap());
        } else {
            parts += 1;
        }
        if asked_at.is_none() {
            ws.send(Message::text(r#"{"type":"ping"}"#)).await.unwrap();
            asked_at = Some(parts);
        }
    }
    // The part that is being written when the ping arrives cannot be interrupted.
    assert!(delays.iter().all(|parts| *parts <= 1), "{delays:?}");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_as_too_slow_and_others_are_served() {
    let bridge = Bridge::start().await;
    let mut slow = bridge.connect().await;
    let mut quick = bridge.greeted(&[]).await;
    let welcome = quick.event().await;
    let token = welcome["resumeToken"].as_str().unwrap();
    let (caller, _) = token.split_once('-').unwrap();
    let call = CallId {
        caller: CallerId(caller.parse().unwrap()),
        number: 1,
    };
    // More than the kernel's buffers and the bound of the queue together.
    for _ in 0..400_000 {
        bridge.publish(FactKind::Loaded { at_ms: 1 }, Some(call));
        if bridge.hub.connections() < 2 {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(quick.ask(r#"{"type":"ping"}"#).await["type"], "pong");
    assert_eq!(slow.closed().await, 4008);
}

#[tokio::test(start_paused = true)]
async fn connections_of_a_client_that_are_not_read_share_a_budget() {
    let mut settings = settings();
    settings.config.resume_window = Duration::ZERO;
    settings.config.outbound_bytes_of_client = 1 << 20;
    let (first, state) = in_memory_with(settings).await;
    let others = [join(&state).await, join(&state).await];
    while state.hub.connections() < 3 {
        tokio::task::yield_now().await;
    }
    let head = PayloadHead::DomSnapshot(DomSnapshotHead {
        id: TabId::new(1),
        url: "http://a.test/".to_owned(),
        format: SnapshotFormat::Html,
        seq: 0,
        total: 0,
        coalesced: None,
    });
    // Less than a connection may hold, and together more than the client may.
    let payload = Payload::Text(EscapedText::from_text(&"x".repeat(600_000)));
    state.hub.each(|outbox| {
        outbox.push_payload(head.clone(), None, &payload).unwrap();
    });
    let start = Instant::now();
    while state.hub.connections() > 1 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // One that answers no ping would be dropped later.
    assert!(start.elapsed() < Duration::from_secs(30));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(state.hub.connections(), 1, "the first one had room");
    drop((first, others));
}

/// A connection over memory, whose clock can be paused.
async fn in_memory() -> (WebSocketStream<tokio::io::DuplexStream>, Arc<ServerState>) {
    in_memory_with(settings()).await
}

async fn in_memory_with(
    settings: ServerSettings,
) -> (WebSocketStream<tokio::io::DuplexStream>, Arc<ServerState>) {
    let state = Arc::new(ServerState::new(
        settings,
        None,
        super::harness::services(Registry::default()),
    ));
    let ws = join(&state).await;
    (ws, state)
}

async fn join(state: &Arc<ServerState>) -> WebSocketStream<tokio::io::DuplexStream> {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let anybody = state.auth.authenticate(&axum::http::HeaderMap::new());
    let visitor = NewConnection {
        principal: anybody.unwrap(),
        encoding: Encoding::Text,
        resume: None,
        seq: state.next_connection_seq(),
    };
    let operations = state.operations();
    let hold = operations.hold_session(&visitor.principal.scope, HoldKind::Json);
    let hold = hold.unwrap();
    tokio::spawn(serve_connection(theirs, visitor, hold, Arc::clone(state)));
    WebSocketStream::from_raw_socket(ours, Role::Client, None).await
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_no_ping_is_dropped_after_its_time() {
    let (ws, state) = in_memory().await;
    let start = Instant::now();
    // It is there, but reads nothing and so answers nothing.
    while state.hub.connections() > 0 || start.elapsed() < Duration::from_secs(1) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let took = start.elapsed();
    assert!((60..=61).contains(&took.as_secs()), "{took:?}");
    let codes: Vec<u16> = ws
        .filter_map(async |message| match message {
            Ok(Message::Close(Some(frame))) => Some(u16::from(frame.code)),
            _ => None,
        })
        .collect()
        .await;
    assert_eq!(codes, [1008]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_stops_in_the_middle_of_a_message_is_dropped_after_its_time() {
    let (mut ws, state) = in_memory().await;
    let start = Instant::now();
    // The head of a text of a hundred bytes, and then a byte now and then: that is no message.
    let half = [0x81, 0x80 + 100, 0, 0, 0, 0];
    ws.get_mut().write_all(&half).await.unwrap();
    while state.hub.connections() > 0 || start.elapsed() < Duration::from_secs(1) {
        let _ = ws.get_mut().write_all(b" ").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let took = start.elapsed();
    assert!((60..=62).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_stays() {
    let (mut ws, state) = in_memory().await;
    let mut pings = 0;
    let start = Instant::now();
    while start.elapsed() < Duration::from_mins(5) {
        // Reading answers the pings.
        if let Message::Ping(_) = ws.next().await.unwrap().unwrap() {
            pings += 1;
        }
    }
    assert_eq!((pings, state.hub.connections()), (15, 1));
}

#[tokio::test]
async fn what_was_said_just_before_the_end_arrives() {
    let (mut ws, state) = in_memory().await;
    ws.next().await.unwrap().unwrap();
    for restarts in 0..3 {
        let reason = None;
        let up = FactKind::BrowserUp { reason, restarts };
        publish(&state.hub, Fact::of_browser(up));
    }
    let close = ConnectionClose::new(CloseCode::GoingAway, "");
    state.hub.each(|outbox| outbox.close(close));
    let said: Vec<_> = ws.map(|message| message.unwrap()).collect().await;
    assert!(
        matches!(
            said[..],
            [
                Message::Text(_),
                Message::Text(_),
                Message::Text(_),
                Message::Close(_)
            ]
        ),
        "{said:?}"
    );
}

#[tokio::test]
async fn parts_are_joined_again_by_the_protocols_own_joiner() {
    let bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    screenshot(&bridge, &mut client, 9000).await;
    let mut joiner = Joiner::default();
    let picture = loop {
        let Message::Text(text) = client.next().await else {
            panic!("text mode")
        };
        if let Incoming::Payload(whole) = joiner.text(&text).unwrap() {
            break whole;
        }
    };
    assert_eq!(picture.payload, b"ABC".repeat(3000));
}
