//! Tokens of sessions on a WebSocket.

use serde_json::{Value, json};

use super::exchange::{delete, post};
use crate::server::tests::harness::{Answer, Bridge, with_tokens};

async fn upgrade(bridge: &Bridge, path: &str, headers: &[String]) -> Answer {
    let mut text = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    );
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    bridge.exchange(&(text + "\r\n")).await
}

async fn created(bridge: &Bridge) -> Value {
    let created = post("/v1/sessions", json!({}))
        .bearer("alpha")
        .send(bridge)
        .await;
    created.json()
}

#[tokio::test]
async fn the_token_of_a_session_opens_its_websocket_and_no_other() {
    let bridge = Bridge::with(with_tokens).await;
    let (one, two) = (created(&bridge).await, created(&bridge).await);
    let token = one["token"].as_str().unwrap().to_owned();
    let path =
        |session: &Value| format!("/v1/sessions/{}/ws", session["sessionId"].as_str().unwrap());
    for (path, headers) in [
        (path(&one), vec![format!("Authorization: Bearer {token}")]),
        (path(&one), vec![format!("X-Session-Token: {token}")]),
        (
            path(&one),
            vec![format!(
                "Sec-WebSocket-Protocol: cdp-bridge.v1, cdp-bridge.bearer.{token}"
            )],
        ),
        (format!("{}?token={token}", path(&one)), vec![]),
        (
            "/ws".to_owned(),
            vec![format!("Authorization: Bearer {token}")],
        ),
        (path(&one), vec!["Authorization: Bearer alpha".to_owned()]),
    ] {
        let answer = upgrade(&bridge, &path, &headers).await;
        assert_eq!(answer.status, 101, "{path} {headers:?} {}", answer.body);
        assert!(!answer.head.contains(&token.to_lowercase()));
        let mut client = answer.client().await;
        assert_eq!(client.event().await["type"], "welcome");
        assert_eq!(
            client.ask(r#"{"type":"listTabs"}"#).await["tabs"],
            json!([])
        );
    }
    let bearer = [format!("Authorization: Bearer {token}")];
    for (path, headers, status) in [
        (path(&two), &bearer[..], 404),
        ("/v1/sessions/nonsense/ws".to_owned(), &bearer, 404),
        (format!("/ws?token={token}"), &[], 401),
        (path(&one), &[], 401),
        (path(&one), &["Authorization: Bearer a.b.c".to_owned()], 401),
    ] {
        assert_eq!(
            upgrade(&bridge, &path, headers).await.status,
            status,
            "{path}"
        );
    }
    let tokens = format!("/v1/sessions/{}/tokens", one["sessionId"].as_str().unwrap());
    let limited = post(&tokens, json!({"scopes": ["rest"]})).bearer("alpha");
    let limited = limited.send(&bridge).await.json();
    let limited = [format!(
        "Authorization: Bearer {}",
        limited["token"].as_str().unwrap()
    )];
    assert_eq!(upgrade(&bridge, &path(&one), &limited).await.status, 403);
    let end = format!(
        "/v1/sessions/{}?wait=true",
        one["sessionId"].as_str().unwrap()
    );
    assert_eq!(delete(&end).bearer("alpha").send(&bridge).await.status, 204);
    assert_eq!(upgrade(&bridge, &path(&one), &bearer).await.status, 410);
}
