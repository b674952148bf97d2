//! The rules of the handshake (docs/protocol.md: Connection), one by one, on a real socket.

use super::harness::{Bridge, UPGRADE, with_tokens};

#[tokio::test]
async fn the_server_speaks_first_with_welcome() {
    let bridge = Bridge::start().await;
    let _tab = bridge.tab("default", 1);
    let _other = bridge.tab("other", 2);
    let welcome = bridge.greeted(&[]).await.event().await;
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["protocol"], 1);
    assert_eq!(welcome["browser"], "FakeChrome/1.0");
    assert_eq!(welcome["limits"]["maxMessageBytes"], 4096);
    let tabs = welcome["tabs"].as_array().unwrap();
    assert_eq!(tabs.len(), 1, "another client's tab is not shown");
    assert_eq!(tabs[0]["id"], "t1");
}

#[tokio::test]
async fn an_upgrade_on_the_root_is_served_too() {
    let bridge = Bridge::start().await;
    let answer = bridge.http(&UPGRADE.replace("/ws", "/")).await;
    assert_eq!(answer.status, 101);
    assert_eq!(answer.client().await.event().await["type"], "welcome");
    let plain = bridge.get("/").await;
    assert_eq!(plain.status, 200);
    assert!(plain.body.contains("cdp-bridge"));
}

#[tokio::test]
async fn the_chosen_subprotocol_is_confirmed_and_a_token_never_is() {
    let bridge = Bridge::with(with_tokens).await;
    for (offer, confirmed) in [
        (
            "cdp-bridge.bearer.alpha, cdp-bridge.v1",
            Some("cdp-bridge.v1"),
        ),
        (
            "cdp-bridge.v1.binary, cdp-bridge.v1, cdp-bridge.bearer.alpha",
            Some("cdp-bridge.v1.binary"),
        ),
        ("cdp-bridge.bearer.alpha", None),
    ] {
        let answer = bridge
            .upgrade(&[&format!("Sec-WebSocket-Protocol: {offer}")])
            .await;
        assert_eq!(answer.status, 101, "{offer}");
        let found = answer
            .head
            .lines()
            .find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(found, confirmed, "{offer}");
        assert!(!answer.head.contains("alpha"));
    }
}

#[tokio::test]
async fn only_unknown_subprotocols_are_a_bad_request() {
    let bridge = Bridge::start().await;
    let answer = bridge.upgrade(&["Sec-WebSocket-Protocol: mqtt"]).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("cdp-bridge.v1"));
}

#[tokio::test]
async fn a_missing_or_wrong_token_is_unauthorized_and_one_in_the_query_is_not_read() {
    let bridge = Bridge::with(with_tokens).await;
    for headers in [&[][..], &["Authorization: Bearer wrong"]] {
        let answer = bridge.upgrade(headers).await;
        assert_eq!(answer.status, 401);
        assert!(answer.head.contains("www-authenticate: bearer"));
    }
    let in_query = UPGRADE.replace("/ws", "/ws?token=alpha&access_token=alpha");
    assert_eq!(bridge.http(&in_query).await.status, 401);
    let mut client = bridge.connect_with(&["Authorization: Bearer alpha"]).await;
    assert_eq!(client.ask(r#"{"type":"ping"}"#).await["type"], "pong");
}

#[tokio::test]
async fn a_foreign_origin_is_forbidden_and_a_foreign_host_is_misdirected() {
    let bridge = Bridge::start().await;
    let answer = bridge.upgrade(&["Origin: https://evil.test"]).await;
    assert_eq!(answer.status, 403);
    let answer = bridge.upgrade(&["Origin: https://app.example"]).await;
    assert_eq!(answer.status, 101);
    let rebound = UPGRADE.replace("localhost", "rebound.test");
    assert_eq!(bridge.http(&rebound).await.status, 421);
    let named = UPGRADE.replace("localhost", "bridge.example:80");
    assert_eq!(bridge.http(&named).await.status, 101);
}

#[tokio::test]
async fn the_first_rule_that_is_broken_decides() {
    let bridge = Bridge::with(with_tokens).await;
    let all_wrong = ["Origin: https://evil.test", "Sec-WebSocket-Protocol: mqtt"];
    let head = format!(
        "{}\r\n{}",
        UPGRADE.replace("localhost", "rebound.test"),
        all_wrong.join("\r\n")
    );
    assert_eq!(bridge.http(&head).await.status, 421);
    assert_eq!(bridge.upgrade(&all_wrong).await.status, 403);
    assert_eq!(bridge.upgrade(&all_wrong[1..]).await.status, 401);
    let known = ["Authorization: Bearer alpha", all_wrong[1]];
    assert_eq!(bridge.upgrade(&known).await.status, 400);
}

#[tokio::test]
async fn another_version_and_a_plain_request_are_told_to_upgrade() {
    let bridge = Bridge::start().await;
    let old = UPGRADE.replace("Version: 13", "Version: 8");
    let answer = bridge.http(&old).await;
    assert_eq!(answer.status, 426);
    assert!(answer.head.contains("sec-websocket-version: 13"));
    assert_eq!(bridge.get("/ws").await.status, 426);
    let no_key = UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "short");
    assert_eq!(bridge.http(&no_key).await.status, 400);
}

#[tokio::test]
async fn over_the_connection_limit_a_client_is_let_in_and_told_to_come_back() {
    let bridge = Bridge::with(|settings| settings.config.max_connections = 1).await;
    let first = bridge.connect().await;
    assert_eq!(bridge.get("/readyz").await.status, 503);
    assert_eq!(bridge.greeted(&[]).await.closed().await, 1013);
    drop(first);
    super::harness::soon("the first one's end", async {
        while bridge.hub.connections() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    super::harness::soon("a free place", async {
        while bridge.get("/readyz").await.status != 200 {}
    })
    .await;
    bridge.connect().await;
}
