//! The HTTP side.

use std::sync::atomic::Ordering;

use cdp_bridge_protocol::event::TabState;
use serde_json::json;

use super::harness::{Bridge, with_tokens};

#[tokio::test]
async fn health_tells_of_the_browser_the_server_and_the_tabs() {
    let bridge = Bridge::start().await;
    let _tab = bridge.tab("default", 1);
    let _client = bridge.connect().await;
    let answer = bridge.get("/health").await;
    assert_eq!(answer.status, 200);
    let mut health = answer.json();
    assert!(health["uptimeSeconds"].is_u64());
    health["uptimeSeconds"] = json!(0);
    assert_eq!(
        health,
        json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "uptimeSeconds": 0,
            "browser": {
                "connected": true, "version": "FakeChrome/1.0", "pid": 42, "restarts": 3,
                "roundTripMs": 1.23,
            },
            "server": {
                "listening": bridge.address.to_string(), "connections": 1, "draining": false,
            },
            "tabs": { "open": 1, "crashed": 0 },
            "store": { "state": "off", "queued": 0, "dropped": 0 },
        })
    );
    bridge.set_state(TabState::Crashed);
    let answer = bridge.get("/health").await;
    assert_eq!(
        (answer.status, &answer.json()["status"]),
        (200, &json!("degraded"))
    );
}

#[tokio::test]
async fn without_a_browser_health_and_readiness_fail_and_the_process_lives() {
    let bridge = Bridge::start().await;
    bridge.browser.down.store(true, Ordering::Relaxed);
    let answer = bridge.get("/health").await;
    assert_eq!(
        (answer.status, &answer.json()["status"]),
        (503, &json!("down"))
    );
    assert_eq!(answer.json()["browser"]["reason"], "exit status 1");
    let ready = bridge.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("Chromium is down"));
    assert_eq!(bridge.get("/livez").await.status, 200);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_json_without_cors_or_caching() {
    let bridge = Bridge::start().await;
    let answer = bridge.get("/nothing").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["code"], "UNKNOWN_PATH");
    assert!(answer.head.contains("cache-control: no-store"));
    assert!(!answer.head.contains("access-control"));
    let answer = bridge
        .http("POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0")
        .await;
    assert_eq!(answer.status, 405);
    assert!(answer.head.contains("allow: get"), "{}", answer.head);
}

#[tokio::test]
async fn every_path_is_behind_the_edge() {
    let bridge = Bridge::start().await;
    for path in ["/health", "/metrics", "/livez", "/nothing", "/"] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: rebound.test");
        assert_eq!(bridge.http(&head).await.status, 421, "{path}");
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.test");
        assert_eq!(bridge.http(&head).await.status, 403, "{path}");
        let head = format!("GET {path} HTTP/1.1\r\nX-Nothing: 1");
        assert_eq!(bridge.http(&head).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn metrics_are_open_unless_they_are_protected() {
    let bridge = Bridge::with(with_tokens).await;
    let answer = bridge.get("/metrics").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "# HELP a b\n"));
    assert!(
        answer
            .head
            .contains("content-type: text/plain; version=0.0.4")
    );

    let bridge = Bridge::with(|settings| {
        with_tokens(settings);
        settings.protect_metrics = true;
    })
    .await;
    assert_eq!(bridge.get("/metrics").await.status, 401);
    let head = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer beta";
    assert_eq!(bridge.http(head).await.status, 200);
    assert_eq!(bridge.get("/health").await.status, 200);
}

#[tokio::test]
async fn version_names_the_protocol() {
    let version = Bridge::start().await.get("/version").await.json();
    assert_eq!(version["name"], "cdp-bridge");
    assert_eq!(version["protocol"], 1);
}
