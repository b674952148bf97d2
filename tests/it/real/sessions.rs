//! Sessions that clients create, on real Chromium: what is kept apart, what is heard where, and that nothing is left.

use serde_json::{Value, json};

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::{Client, Mode};
use crate::support::http;
use crate::support::raw::Raw;
use crate::support::site::{Reply, Site};
use crate::support::wait::until;

on_both_browsers!(
    sessions_of_a_client_keep_their_cookies_apart_and_leave_nothing,
    a_missed_heartbeat_is_reported_once_on_each_connection_and_closes_the_socket,
    a_socket_of_a_session_has_its_tabs_and_events_only,
    a_session_narrows_where_its_pages_may_go,
);

async fn create(client: &Client, mut fields: Value) -> String {
    fields["type"] = json!("createSession");
    let created = client.ask(fields).await.expect("sessionCreated");
    assert_eq!(created["session"]["status"], "ready", "{created}");
    created["session"]["sessionId"].as_str().unwrap().to_owned()
}

/// A Coordinator that is limited to a session; its `welcome` is returned.
async fn enter(bridge: &TestBridge, session: &str) -> (Client, Value) {
    let url = format!("ws://{}/v1/sessions/{session}/ws", bridge.address());
    let client = Client::connect(&url, Mode::Text).await;
    let welcome = client.event("welcome").await;
    (client, welcome.head.clone())
}

async fn cookie(client: &Client, tab: &str) -> Value {
    let look = json!({"type": "evaluate", "tabId": tab, "expression": "document.cookie"});
    client.ask(look).await.expect("evaluated")["value"].clone()
}

async fn contexts(raw: &mut Raw) -> usize {
    let contexts = raw.call(None, "Target.getBrowserContexts", json!({})).await;
    contexts["browserContextIds"].as_array().unwrap().len()
}

async fn sessions_of_a_client_keep_their_cookies_apart_and_leave_nothing(browser: TestBrowser) {
    let site = Site::start().await;
    site.route("/set", |_| {
        Reply::page("set").with("set-cookie", "who=first; Path=/")
    });
    let (set, page) = (site.url("/set"), site.page("/page", "page"));
    let bridge = TestBridge::start_on_port(browser).await;
    let mut raw = Raw::of_profile(&bridge.profile().await).await;
    let before = contexts(&mut raw).await;
    let client = bridge.client().await;
    let first = create(&client, json!({"startUrl": set})).await;
    let second = create(&client, json!({})).await;
    let kept = client
        .open_with(json!({"url": page, "sessionId": first}))
        .await;
    let apart = client
        .open_with(json!({"url": page, "sessionId": second}))
        .await;
    let own = client.open(&page).await;
    assert_eq!(
        cookie(&client, &kept).await,
        "who=first",
        "pages of a session share them"
    );
    assert_eq!(cookie(&client, &apart).await, "");
    assert_eq!(cookie(&client, &own).await, "");
    assert_eq!(contexts(&mut raw).await, before + 3);
    let logged_out = json!({"url": page, "sessionId": first, "loggedOut": true});
    let logged_out = client.open_with(logged_out).await;
    assert_eq!(cookie(&client, &logged_out).await, "");

    let listed = client
        .ask(json!({"type": "listSessions"}))
        .await
        .expect("sessions");
    assert_eq!(listed["counts"]["live"], 2, "{listed}");
    let ids: Vec<_> = listed["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["sessionId"])
        .collect();
    assert_eq!(ids, [&json!(second), &json!(first), &json!("default")]);
    let described = client
        .ask(json!({"type": "getSession", "sessionId": first}))
        .await
        .expect("session");
    assert_eq!(described["session"]["usage"]["pages"], 3);

    let ended = client
        .ask(json!({"type": "endSession", "sessionId": first}))
        .await;
    assert_eq!(ended.expect("sessionStateChanged")["status"], "completed");
    let gone = client.event("sessionStateChanged").await;
    assert_eq!(
        (&gone["sessionId"], &gone["status"]),
        (&json!(first), &json!("destroyed"))
    );
    assert_eq!(gone["endReason"], "requested");
    assert_eq!(
        contexts(&mut raw).await,
        before + 2,
        "the other's, and the client's own"
    );
    assert_eq!(raw.pages_at(&page).await, 2);
    let late = client
        .ask(json!({"type": "createTab", "sessionId": first}))
        .await;
    assert_eq!(
        late.expect_error("SESSION_ENDED")["details"]["endReason"],
        "requested"
    );
    let unknown = client
        .ask(json!({"type": "getSession", "sessionId": "none"}))
        .await;
    unknown.expect_error("UNKNOWN_SESSION");
    assert_eq!(cookie(&client, &apart).await, "");
    bridge.stop().await;
}

async fn a_missed_heartbeat_is_reported_once_on_each_connection_and_closes_the_socket(
    browser: TestBrowser,
) {
    let bridge = TestBridge::start(browser).await;
    let (client, other) = (bridge.client().await, bridge.client().await);
    let session = create(&client, json!({"heartbeatTimeoutMs": 1500})).await;
    let (inside, welcome) = enter(&bridge, &session).await;
    assert_eq!(welcome["sessionId"], json!(session));
    let tab = inside.open("about:blank").await;
    for _ in 0..4 {
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        inside.ping().await;
    }
    assert!(
        inside.tab_info(&tab).await.is_some(),
        "a ping is a heartbeat"
    );

    let close = inside.take("a close", |it| it.is("close")).await;
    assert_eq!(
        (&close["code"], &close["reason"]),
        (&json!(4001), &json!("session ended: idle"))
    );
    let ends = |client: &Client, status: &str| {
        let log = client.log().into_iter();
        let of_it = log.filter(|it| it.is("sessionStateChanged") && it["status"] == status);
        of_it.map(|it| it["endReason"].clone()).collect::<Vec<_>>()
    };
    until("it is gone", async || ends(&client, "destroyed").len() == 1).await;
    for heard in [&client, &other, &inside] {
        assert_eq!(ends(heard, "completed"), ["idle"], "{}", heard.story());
    }
    let closed = inside.story_of(&tab);
    assert_eq!(
        closed.last().map(String::as_str),
        Some("tabClosed"),
        "before the socket"
    );
    let path = format!("/sessions/{session}/ws");
    let key = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    let headers = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        key,
    ];
    assert_eq!(
        http::get(bridge.address(), &path, &headers).await.status,
        410
    );
    let path = "/sessions/0198f2a4-7c00-8000-8000-0123456789ab/ws";
    assert_eq!(
        http::get(bridge.address(), path, &headers).await.status,
        404
    );
    bridge.stop().await;
}

async fn a_socket_of_a_session_has_its_tabs_and_events_only(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "page");
    let bridge = TestBridge::start(browser).await;
    let (client, stranger) = (bridge.client().await, bridge.client().await);
    let session = create(&client, json!({})).await;
    let own = client.open("about:blank").await;
    let (inside, welcome) = enter(&bridge, &session).await;
    assert_eq!(welcome["tabs"], json!([]));
    let tab = inside.open(&page).await;
    assert_ne!(tab, own);
    // The client that created the session follows it; its other connections do not.
    client.tab_event("loadEventFired", &tab).await;
    let refused = inside
        .ask(json!({"type": "activateTab", "tabId": own}))
        .await;
    refused.expect_error("UNKNOWN_TAB");
    client
        .ask(json!({"type": "reload", "tabId": tab}))
        .await
        .expect("navigated");
    inside.tab_event("navigated", &tab).await;
    client.navigate(&own, &page).await.expect("navigated");
    let listed = inside.ask(json!({"type": "listTabs"})).await;
    assert_eq!(listed["tabs"].as_array().unwrap().len(), 1);
    assert!(inside.story_of(&own).iter().all(|kind| kind == "error"));
    stranger.ping().await;
    assert!(stranger.story_of(&tab).is_empty());
    assert!(!stranger.story_of(&own).is_empty());
    let running = client
        .ask(json!({"type": "getSession", "sessionId": session}))
        .await;
    assert_eq!(running["session"]["status"], "running");
    assert_eq!(running["session"]["connections"]["json"], 1);
    inside.leave().await;
    bridge.stop().await;
}

async fn a_session_narrows_where_its_pages_may_go(browser: TestBrowser) {
    let site = Site::start().await;
    site.page("/page", "page");
    site.page("/other", "other");
    let bridge = TestBridge::start(browser).await;
    let client = bridge.client().await;
    let (allowed, other) = (
        site.url_on("allowed.test", "/page"),
        site.url_on("other.test", "/other"),
    );
    let session = create(&client, json!({"allowlist": ["allowed.test"]})).await;
    let tab = client
        .open_with(json!({"url": allowed, "sessionId": session}))
        .await;
    client
        .navigate(&tab, &other)
        .await
        .expect_error("NAV_DENIED");
    let fetch =
        format!("fetch({other:?}, {{mode: 'no-cors'}}).then(() => 'loaded', () => 'blocked')");
    let fetched = json!({"type": "evaluate", "tabId": tab, "expression": fetch});
    // What is blocked may look like an answer of the proxy to the page.
    client.ask(fetched).await.expect("evaluated");
    client.event("requestBlocked").await;
    assert!(site.asked("/other").is_empty());
    let own = client.open(&other).await;
    client.close(&own).await;
    let bad = json!({"type": "createSession", "allowlist": ["*.allowed.test"]});
    let bad = client.ask(bad).await.expect_error("BAD_REQUEST");
    assert_eq!(bad["details"]["field"], "allowlist");
    bridge.stop().await;
}
