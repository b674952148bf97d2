//! Messages over the limit are answered, and the connection goes on.

use cdp_bridge_protocol::payload::BinaryFrame;
use futures::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::harness::{Bridge, Client, LIMITS};
use crate::operations::ClientLimits;

/// What a message of the test's bridge may have.
const LIMIT: usize = 4096;

/// A request of so many bytes.
fn request_of(id: &Value, bytes: usize) -> String {
    let request = |value: &str| {
        json!({"type": "fill", "requestId": id, "tabId": "t1", "selector": "a", "value": value})
            .to_string()
    };
    let rest = bytes - request("").len();
    request(&"é".repeat(rest / 2 + 1)[..rest / 2 * 2])
}

async fn pong(client: &mut Client) {
    assert_eq!(client.ask(r#"{"type":"ping"}"#).await["type"], "pong");
}

#[tokio::test]
async fn a_message_over_the_limit_is_answered_by_its_id_with_both_sizes() {
    let bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    for bytes in [LIMIT + 2, 20_000, LIMIT * 64 - 1] {
        let text = request_of(&json!("it"), bytes);
        let error = client.ask(&text).await;
        assert_eq!(
            (&error["code"], &error["requestId"]),
            (&json!("TOO_LARGE"), &json!("it"))
        );
        assert_eq!(error["retryable"], false);
        assert_eq!(
            error["details"],
            json!({"bytes": text.len(), "maxBytes": LIMIT})
        );
        pong(&mut client).await;
    }
    // Wherever the id stands, but in the middle.
    let long = "é".repeat(2 * LIMIT);
    for text in [
        format!(r#"{{"type":"fill","value":"{long}","requestId":"it"}}"#),
        format!(
            r#"{{"type":"upload","files":[{{"data":"{long}"}},{{"data":"{long}"}}],"tabId":"t1","requestId":"it"}}"#
        ),
    ] {
        assert_eq!(client.ask(&text).await["requestId"], "it");
    }
    let middle = format!(r#"{{"a":"{long}","requestId":1,"b":"{long}"}}"#);
    let error = client.ask(&middle).await;
    assert_eq!(
        (&error["code"], &error["requestId"]),
        (&json!("TOO_LARGE"), &Value::Null)
    );
    pong(&mut client).await;
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_messages() {
    let bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    let mut expected = Vec::new();
    for id in 0..30 {
        let is_long = id % 3 == 0;
        let text = if is_long {
            request_of(&json!(id), LIMIT * (1 + id) + 100)
        } else {
            json!({"type": "ping", "requestId": id}).to_string()
        };
        client.send(&text).await;
        expected.push((id, is_long));
    }
    for (id, is_long) in expected {
        let answer = client.event().await;
        assert_eq!(answer["requestId"], id);
        assert_eq!(answer["type"], if is_long { "error" } else { "pong" });
    }
}

#[tokio::test]
async fn messages_over_the_limit_count_against_the_rate() {
    let limits = ClientLimits {
        rate_per_second: 2,
        ..LIMITS
    };
    let bridge = Bridge::with(|settings| settings.limits = limits).await;
    let mut client = bridge.connect().await;
    for id in 0..2 {
        client.send(&request_of(&json!(id), LIMIT * 2)).await;
    }
    client.send(r#"{"type":"ping"}"#).await;
    for _ in 0..2 {
        assert_eq!(client.event().await["code"], "TOO_LARGE");
    }
    assert_eq!(client.event().await["code"], "RATE_LIMITED");
}

#[tokio::test]
async fn binary_messages_over_the_limit_are_answered_where_binary_messages_are_read() {
    let bridge = Bridge::start().await;
    let mut client = bridge
        .connect_with(&["Sec-WebSocket-Protocol: cdp-bridge.v1.binary"])
        .await;
    let head = r#"{"type":"stageFile","requestId":7,"name":"a","size":9000}"#;
    for bytes in [LIMIT, 4 * LIMIT] {
        let frame = BinaryFrame::encode(head, &vec![0xff; bytes]);
        client.ws.send(Message::Binary(frame)).await.unwrap();
        let error = client.event().await;
        assert_eq!(
            (&error["code"], &error["requestId"]),
            (&json!("TOO_LARGE"), &json!(7))
        );
        pong(&mut client).await;
    }
    let mut client = bridge.connect().await;
    let frame = BinaryFrame::encode(head, &[0xff; 4 * LIMIT]);
    client.ws.send(Message::Binary(frame)).await.unwrap();
    assert_eq!(client.closed().await, 1003);
}

#[tokio::test]
async fn json_that_is_too_deep_is_answered_by_its_id() {
    let bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    let deep = format!(
        r#"{{"type":"evaluate","requestId":5,"args":{}"#,
        "[".repeat(2000)
    );
    let error = client.ask(&deep).await;
    assert_eq!(
        (&error["code"], &error["requestId"]),
        (&json!("BAD_REQUEST"), &json!(5))
    );
    pong(&mut client).await;
}
