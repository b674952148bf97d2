//! A connection that is cut between a request and its answer: with a key everything happens once.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::exchange::Http;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::http;
use crate::support::site::Site;

on_both_browsers!(
    with_a_key_a_click_whose_answer_is_cut_off_happens_once,
    with_a_key_a_session_whose_answer_is_cut_off_is_made_once,
);

/// How often each is cut.
const CUTS: usize = 25;

/// A proxy that passes a request on, and cuts both connections when the first byte of the answer comes.
async fn cutting_proxy(bridge: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut server = TcpStream::connect(bridge).await.unwrap();
                let (mut from, mut to) = server.split();
                let (mut read, _write) = client.split();
                tokio::select! {
                    _ = tokio::io::copy(&mut read, &mut to) => {}
                    _ = from.read_u8() => {}
                }
                let _ = to.shutdown().await;
            });
        }
    });
    address
}

/// Sends a request whose answer never comes.
async fn cut_off(proxy: SocketAddr, bridge: SocketAddr, path: &str, body: &Value, key: &str) {
    let host = bridge.to_string();
    let headers = [("Idempotency-Key", key), ("Host", host.as_str())];
    let text = http::request("POST", path, &headers, Some(body));
    let mut socket = TcpStream::connect(proxy).await.unwrap();
    socket.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    assert!(answer.is_empty(), "it is cut off");
}

async fn with_a_key_a_click_whose_answer_is_cut_off_happens_once(browser: TestBrowser) {
    let site = Site::start().await;
    let url = site.page(
        "/page",
        "<button onclick='window.n = (window.n ?? 0) + 1'>Go</button>",
    );
    let bridge = TestBridge::start(browser).await;
    let proxy = cutting_proxy(bridge.address()).await;
    let client = Http::to(bridge.address());
    let open = json!({"url": url, "waitUntil": "load"});
    let page = client
        .ask("POST", "/v1/sessions/default/pages", &open)
        .await;
    let id = page["pageId"].as_str().unwrap();
    let path = format!("/v1/pages/{id}/command");
    let click = json!({"action": "click", "params": {"selector": "text=Go"}});
    for number in 0..CUTS {
        let key = format!("click{number}");
        cut_off(proxy, bridge.address(), &path, &click, &key).await;
        let again = client
            .send_with("POST", &path, Some(&click), &[("Idempotency-Key", &key)])
            .await;
        assert_eq!(again.status, 200, "{}", again.body);
        assert!(
            again.has_header("idempotency-replayed", "true"),
            "{}",
            again.head
        );
    }
    let count = json!({"action": "evaluate", "params": {"expression": "window.n"}});
    assert_eq!(client.command(id, &count).await["value"], CUTS);
    bridge.stop().await;
}

async fn with_a_key_a_session_whose_answer_is_cut_off_is_made_once(browser: TestBrowser) {
    let bridge = TestBridge::start_with(browser, |config| {
        config.sessions.creates_per_minute = 1000;
    })
    .await;
    let proxy = cutting_proxy(bridge.address()).await;
    let client = Http::to(bridge.address());
    for number in 0..CUTS {
        let key = format!("session{number}");
        cut_off(proxy, bridge.address(), "/v1/sessions", &json!({}), &key).await;
        let again = client
            .send_with(
                "POST",
                "/v1/sessions",
                Some(&json!({})),
                &[("Idempotency-Key", &key)],
            )
            .await;
        assert_eq!(again.status, 201, "{}", again.body);
        let list = client.send("GET", "/v1/sessions", None).await.json();
        assert_eq!(list["counts"]["live"], 1, "{list}");
        let id = again.json()["sessionId"].as_str().unwrap().to_owned();
        let ended = client
            .send("DELETE", &format!("/v1/sessions/{id}?wait=true"), None)
            .await;
        assert_eq!(ended.status, 204);
    }
    bridge.stop().await;
}
