//! Bad input gets a clear error and affects nothing else.

use futures::SinkExt as _;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::{Client, Mode};
use crate::support::site::{Reply, Site};

on_both_browsers!(
    what_is_no_request_is_answered_and_the_connection_stays,
    a_request_id_in_flight_cannot_be_used_again,
    frames_that_are_not_allowed_end_the_connection_with_their_code,
);

async fn what_is_no_request_is_answered_and_the_connection_stays(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    for (text, code, said) in [
        ("", "BAD_REQUEST", ""),
        ("hello", "BAD_REQUEST", "JSON"),
        ("[]", "BAD_REQUEST", "object"),
        ("null", "BAD_REQUEST", "object"),
        ("{}", "BAD_REQUEST", "type"),
        (r#"{"type":"fly"}"#, "BAD_REQUEST", "fly"),
        (r#"{"type":7}"#, "BAD_REQUEST", "type"),
        (r#"{"type":"navigate","tabId":"t1"}"#, "BAD_REQUEST", "url"),
        (
            r#"{"type":"navigate","tabId":1,"url":"about:blank"}"#,
            "BAD_REQUEST",
            "tabId",
        ),
        (
            r#"{"type":"navigate","tabId":"t1","url":"about:blank","speed":1}"#,
            "BAD_REQUEST",
            "speed",
        ),
        (
            r#"{"type":"getScreenshot","tabId":"t1","quality":0}"#,
            "BAD_REQUEST",
            "quality",
        ),
        (
            r#"{"type":"getScreenshot","tabId":"t1","format":"bmp"}"#,
            "BAD_REQUEST",
            "format",
        ),
        (
            r#"{"type":"ping","timeoutMs":5}"#,
            "BAD_REQUEST",
            "timeoutMs",
        ),
        (
            r#"{"type":"ping","requestId":""}"#,
            "BAD_REQUEST",
            "requestId",
        ),
        (
            r#"{"type":"ping","requestId":1.5}"#,
            "BAD_REQUEST",
            "requestId",
        ),
        (r#"{"type":"closeTab","tabId":"t99"}"#, "UNKNOWN_TAB", "t99"),
        (
            r#"{"type":"closeTab","tabId":"nonsense"}"#,
            "UNKNOWN_TAB",
            "nonsense",
        ),
    ] {
        client.send_text(text).await;
        let error = client.event("error").await.expect_error(code);
        assert!(
            error["message"].as_str().unwrap().contains(said),
            "{text}: {error}"
        );
        client.ping().await;
    }
    // An error carries the id, where one could be read.
    let error = client
        .ask(json!({"type": "navigate", "tabId": tab, "requestId": 5}))
        .await;
    error.expect_error("BAD_REQUEST");
    assert!(client.html(&tab).await.contains("alive"));
    bridge.stop().await;
}

async fn a_request_id_in_flight_cannot_be_used_again(browser: TestBrowser) {
    let site = Site::start().await;
    let slow = Reply::After(
        std::time::Duration::from_millis(500),
        Box::new(Reply::page("late")),
    );
    let slow = site.serve("/slow", slow);
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open("about:blank").await;
    let id = client
        .request(json!({"type": "navigate", "tabId": tab, "url": slow, "requestId": "same"}))
        .await;
    client
        .request(json!({"type": "ping", "requestId": "same"}))
        .await;
    client.answer(&id).await.expect_error("BAD_REQUEST");
    client.answer(&id).await.expect("navigated");
    client
        .ask(json!({"type": "ping", "requestId": "same"}))
        .await
        .expect("pong");
    bridge.stop().await;
}

async fn frames_that_are_not_allowed_end_the_connection_with_their_code(browser: TestBrowser) {
    let bridge = TestBridge::start(browser).await;
    let witness = bridge.client().await;
    let tab = witness.open("about:blank").await;
    let client = bridge.client().await;
    let oversized = "x".repeat(1 << 20);
    let request = json!({"type": "fill", "tabId": tab, "selector": "a", "value": oversized});
    let error = client.ask(request).await.expect_error("TOO_LARGE");
    assert_eq!(error["details"]["maxBytes"], 1 << 20, "{error}");
    client.ping().await;
    client
        .send(Message::binary(b"{\"type\":\"ping\"}".as_slice()))
        .await;
    assert_eq!(client.closed().await, 1003, "{}", client.story());
    assert_eq!(invalid_utf8(&bridge).await, 1007);
    // The bridge, other connections and the tabs are not affected.
    witness.html(&tab).await;
    let next = Client::connect(&bridge.url(), Mode::Text).await;
    assert_eq!(next.event("welcome").await["tabs"][0]["id"], json!(tab));
    bridge.stop().await;
}

/// Sends a text frame that is not UTF-8, which no client library does, and returns the close code.
async fn invalid_utf8(bridge: &TestBridge) -> u16 {
    use futures::StreamExt as _;
    use tokio::io::AsyncWriteExt as _;
    use tokio_tungstenite::MaybeTlsStream;

    let (mut socket, _) = tokio_tungstenite::connect_async(bridge.url())
        .await
        .unwrap();
    socket.flush().await.unwrap();
    let MaybeTlsStream::Plain(stream) = socket.get_mut() else {
        panic!("it is a plain connection");
    };
    // FIN and text; masked with zeros, two bytes long.
    stream
        .write_all(&[0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28])
        .await
        .unwrap();
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Close(Some(frame)) => return frame.code.into(),
            Message::Close(None) => panic!("a close with a code"),
            _ => {}
        }
    }
}
