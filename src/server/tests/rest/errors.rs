//! Errors of the exchange itself, and those that the WebSocket has too.

use serde_json::{Value, json};

use super::exchange::{Exchange, get, header, post};
use crate::server::tests::harness::{Bridge, soon};
use crate::tabs::{TabError, TabMessage};

const COMMAND: &str = "/v1/pages/t1/command";

#[tokio::test]
async fn every_fault_of_an_exchange_has_its_status_and_code() {
    let bridge = Bridge::start().await;
    let long = format!(r#"{{"action":"{}"}}"#, "x".repeat(5000));
    let json = "application/json";
    for (exchange, status, code) in [
        (get("/v1/nothing"), 404, "UNKNOWN_PATH"),
        (get("/nothing"), 404, "UNKNOWN_PATH"),
        (get(COMMAND), 405, "METHOD_NOT_ALLOWED"),
        (
            Exchange::new("PUT", "/v1/pages/t1"),
            405,
            "METHOD_NOT_ALLOWED",
        ),
        (Exchange::new("POST", "/health"), 405, "METHOD_NOT_ALLOWED"),
        (Exchange::new("POST", COMMAND), 400, "BAD_REQUEST"),
        (
            Exchange::new("POST", COMMAND).body("{}"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            Exchange::new("POST", COMMAND)
                .header("Content-Type", "text/plain")
                .body("{}"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            Exchange::new("POST", COMMAND)
                .header("Content-Type", json)
                .body("{"),
            400,
            "BAD_REQUEST",
        ),
        (
            Exchange::new("POST", COMMAND)
                .header("Content-Type", json)
                .body("[]"),
            400,
            "BAD_REQUEST",
        ),
        (
            Exchange::new("POST", COMMAND)
                .header("Content-Type", json)
                .body(&long),
            413,
            "TOO_LARGE",
        ),
        (
            get("/v1/pages/t1").header("Accept", "text/html"),
            406,
            "NOT_ACCEPTABLE",
        ),
        (get("/v1/pages/t1?wait=1"), 400, "BAD_REQUEST"),
        (get("/v1/pages/%ff"), 400, "BAD_REQUEST"),
        (
            get("/v1/pages/t1").header("Host", "evil.test"),
            400,
            "BAD_HOST",
        ),
        (
            get("/v1/pages/t1").header("Origin", "https://evil.test"),
            403,
            "WRONG_ORIGIN",
        ),
    ] {
        let text = exchange.text();
        let answer = exchange.send(&bridge).await;
        let document = answer.json();
        assert_eq!(
            (answer.status, &document["code"]),
            (status, &json!(code)),
            "{text}"
        );
        assert_eq!(document["status"], status);
        assert_eq!(document["type"], format!("urn:cdp-bridge:error:{code}"));
        if status == 405 {
            assert!(header(&answer, "allow").is_some(), "{text}");
        }
    }
}

#[tokio::test]
async fn an_answer_names_its_request() {
    let bridge = Bridge::start().await;
    let answer = get("/v1/pages/t1?x=secret").header("X-Request-Id", "order-7");
    let answer = answer.send(&bridge).await;
    assert_eq!(header(&answer, "x-request-id"), Some("order-7"));
    assert_eq!(answer.json()["requestId"], "order-7");
    assert_eq!(
        answer.json()["instance"],
        "/v1/pages/t1",
        "without its query"
    );
}

#[tokio::test]
async fn options_and_head_are_answered_for_every_path() {
    let bridge = Bridge::start().await;
    let _tab = bridge.tab("default", 1);
    let options = Exchange::new("OPTIONS", "/v1/pages/t1").send(&bridge).await;
    assert_eq!(options.status, 204);
    assert_eq!(
        header(&options, "allow"),
        Some("get, head, delete, options")
    );
}

/// Fails the next request of a tab so, over HTTP and over a WebSocket.
async fn failed_both_ways(error: fn() -> TabError) -> [Value; 2] {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut client = bridge.connect().await;
    let fail =
        async |tab: &mut tokio::sync::mpsc::Receiver<TabMessage>| match soon("a click", tab.recv())
            .await
        {
            Some(TabMessage::Act(_, reply)) => reply.fail(error()),
            other => panic!("{other:?}"),
        };
    let command = json!({"action": "click", "params": {"selector": "a"}});
    let asked = bridge.background(post(COMMAND, command).text());
    fail(&mut tab).await;
    let over_http = asked.await.unwrap().json();
    client
        .send(r#"{"type":"click","tabId":"t1","selector":"a"}"#)
        .await;
    fail(&mut tab).await;
    [over_http, client.event().await]
}

#[tokio::test]
async fn an_error_of_a_tab_is_the_same_over_http_and_over_a_websocket() {
    let errors: [fn() -> TabError; 12] = [
        || TabError::Detached,
        || TabError::Crashed,
        || TabError::Closed,
        || TabError::Dropped,
        || TabError::QueueFull { limit: 5 },
        || TabError::TooManyTabs { limit: 5 },
        || TabError::BrowserDown {
            reason: "it left".to_owned(),
        },
        || TabError::ShuttingDown,
        || TabError::Cancelled { input_sent: true },
        || TabError::NoEntry,
        || TabError::Lost,
        || TabError::AfterInput(Box::new(TabError::Crashed)),
    ];
    for error in errors {
        let [http, websocket] = failed_both_ways(error).await;
        for field in ["code", "retryable", "details"] {
            let mut http = http[field].clone();
            // Over HTTP it is a header too.
            if let Some(details) = http.as_object_mut() {
                details.remove("retryAfterMs");
            }
            assert_eq!(http, websocket[field], "{http} {websocket}");
        }
        assert_eq!(http["detail"], websocket["message"]);
    }
}
