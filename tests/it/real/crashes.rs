//! Crashes of renderers and browsers.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use tokio::time::Instant;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::pages::{ENDLESS, LOOPS};
use crate::support::processes;
use crate::support::raw::Raw;
use crate::support::site::{Reply, Site};
use crate::support::wait::until;

on_both_browsers!(
    a_tab_whose_renderer_crashed_is_rebuilt_under_its_id,
    a_tab_that_crashes_again_and_again_is_closed,
    a_browser_that_was_killed_is_started_again_with_its_tabs,
);

async fn a_tab_whose_renderer_crashed_is_rebuilt_under_its_id(browser: TestBrowser) {
    let site = Site::start().await;
    site.route("/page", |asked| {
        Reply::page(format!("<title>page</title>alive [{}]", asked.cookies))
    });
    let page = site.url("/page");
    site.serve(
        "/in",
        Reply::page("in").with("set-cookie", "user=jane; Path=/"),
    );
    let bridge = TestBridge::start_on_port(browser).await;
    let client = bridge.client().await;
    let tab = client
        .open_with(json!({"url": site.url("/in"), "loggedOut": true}))
        .await;
    client.go(&tab, &page).await;
    let mut raw = Raw::of_profile(&bridge.profile().await).await;
    let session = raw.page("/page").await;
    // Keeps the renderer busy, so that a request is in flight when it dies.
    let busy = json!({"expression": "const busy = new XMLHttpRequest(); busy.open('GET', '/busy', false); busy.send();
        const end = Date.now() + 20000; while (Date.now() < end) {}"});
    raw.send(Some(&session), "Runtime.evaluate", busy).await;
    until("the page is busy", async || !site.asked("/busy").is_empty()).await;
    let pending = client
        .request(json!({"type": "getDomSnapshot", "tabId": tab}))
        .await;
    // Messages are read in their order.
    client.ping().await;
    let renderers: Vec<_> = processes::of_group(bridge.browser_pid().await)
        .into_iter()
        .filter(|process| process.kind() == Some("renderer"))
        .collect();
    assert!(!renderers.is_empty());
    let start = Instant::now();
    for renderer in renderers {
        processes::signal(renderer.pid, Signal::KILL);
    }
    client.answer(&pending).await.expect_error("TAB_CRASHED");
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "the pending request is answered at once"
    );
    let crashed = client.tab_event("tabCrashed", &tab).await;
    assert_eq!(crashed["url"], page);
    let rebuilt = client.tab_event("tabRebuilt", &tab).await;
    assert_eq!(
        (&rebuilt["url"], &rebuilt["reason"]),
        (&json!(page), &json!("crashed"))
    );
    client.tab_event("loadEventFired", &tab).await;
    let html = client.html(&tab).await;
    assert!(
        html.contains("alive [user=jane]"),
        "the rebuilt tab kept its cookies: {html}"
    );
    client.settled(&tab, "page").await;
    client.screenshot(&tab, "jpeg", false).await;
    client.close(&tab).await;
    bridge.stop().await;
}

async fn a_tab_that_crashes_again_and_again_is_closed(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let bridge = TestBridge::start_on_port(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    let mut raw = Raw::of_profile(&bridge.profile().await).await;
    let mut crashes = 0;
    let closed = loop {
        let session = raw.page("/page").await;
        raw.send(Some(&session), "Page.crash", json!({})).await;
        client.tab_event("tabCrashed", &tab).await;
        crashes += 1;
        let next = client
            .take("tabRebuilt or tabClosed", |it| {
                it.is("tabRebuilt") || it.is("tabClosed")
            })
            .await;
        if next.is("tabClosed") {
            break next;
        }
        client.tab_event("loadEventFired", &tab).await;
        assert!(crashes < 10, "a tab is not rebuilt for ever");
    };
    assert_eq!(
        (closed.id(), &closed["reason"]),
        (tab.as_str(), &json!("crashed"))
    );
    assert!(crashes > 1, "one crash is no reason to close it");
    let other = client.open(&page).await;
    assert!(client.html(&other).await.contains("alive"));
    bridge.stop().await;
}

async fn a_browser_that_was_killed_is_started_again_with_its_tabs(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let endless = site.page("/endless", ENDLESS);
    let never = site.serve("/never", Reply::Never);
    let bridge = TestBridge::start(browser).await;
    let client = bridge.client().await;
    let idle = client.open(&page).await;
    let loading = client.open(&page).await;
    let stuck = client.open(&endless).await;
    until("the page loops", async || !site.asked(LOOPS).is_empty()).await;
    let pending = [
        client
            .request(json!({"type": "getDomSnapshot", "tabId": stuck}))
            .await,
        client
            .request(json!({"type": "navigate", "tabId": loading, "url": never}))
            .await,
    ];
    until("the page loads", async || !site.asked("/never").is_empty()).await;
    let profile = bridge.profile().await;
    let pid = bridge.browser_pid().await;
    let health = bridge.get("/health").await;
    assert_eq!(
        (health.status, &health.json()["status"]),
        (200, &json!("ok")),
        "{health:?}"
    );

    let killed = Instant::now();
    processes::signal(pid, Signal::KILL);
    let health = async {
        let took = until("/health is 503", async || {
            bridge.get("/health").await.status == 503
        })
        .await;
        assert!(took < Duration::from_secs(2), "{took:?}");
    };
    let told = async {
        for id in &pending {
            client.answer(id).await.expect_error("BROWSER_DOWN");
        }
        assert!(
            killed.elapsed() < Duration::from_secs(2),
            "{:?}",
            killed.elapsed()
        );
        let down = client.event("browserDown").await;
        assert!(
            down["reason"]
                .as_str()
                .is_some_and(|reason| !reason.is_empty()),
            "{down}"
        );
        let up = client.event("browserUp").await;
        assert_eq!(up["restarts"], 1, "{up}");
    };
    futures::join!(health, told);

    for (tab, url) in [(&idle, &page), (&loading, &page), (&stuck, &endless)] {
        came_back(&client, tab, url).await;
    }
    for tab in [&idle, &loading] {
        client.tab_event("loadEventFired", tab).await;
        assert!(client.html(tab).await.contains("alive"));
    }
    let tab = client.open(&page).await;
    assert!(client.html(&tab).await.contains("alive"));
    let health = bridge.get("/health").await;
    assert_eq!(
        (health.status, &health.json()["browser"]["restarts"]),
        (200, &json!(1))
    );
    assert_ne!(bridge.browser_pid().await, pid);
    until("the old profile is gone", async || !profile.exists()).await;
    until("nothing of the old browser is left", async || {
        processes::of_group(pid).is_empty()
    })
    .await;
    bridge.stop().await;
}

async fn came_back(client: &Client, tab: &str, url: &str) {
    let rebuilt = client.tab_event("tabRebuilt", tab).await;
    let told = (&rebuilt["url"], &rebuilt["reason"]);
    assert_eq!(told, (&json!(url), &json!("browserExited")));
}
