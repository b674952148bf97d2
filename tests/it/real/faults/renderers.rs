//! Renderers that die, loop, wait or stand still.

use rustix::process::Signal;
use serde_json::json;

use super::{impatient, impatient_with, serves};
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::pages::ENDLESS;
use crate::support::processes::{self, Process};
use crate::support::site::{Reply, Site};
use crate::support::wait::until;

on_both_browsers!(
    a_script_that_loops_is_ended_and_its_page_is_captured,
    a_page_that_waits_in_a_synchronous_request_is_replaced,
    a_renderer_that_stands_still_is_replaced,
    a_renderer_that_runs_out_of_memory_is_replaced,
    a_renderer_that_is_killed_by_the_kernel_is_replaced,
    a_debugger_statement_stops_nothing,
    workers_that_spin_keep_no_page_from_answering,
);

async fn renderers(bridge: &TestBridge) -> Vec<Process> {
    let mut all = processes::of_group(bridge.browser_pid().await);
    all.retain(|process| process.kind() == Some("renderer"));
    all
}

/// Asks for snapshots until one succeeds; returns the error codes before it.
async fn captured(client: &Client, tab: &str) -> Vec<String> {
    let mut codes = Vec::new();
    loop {
        let request = json!({"type": "getDomSnapshot", "tabId": tab, "timeoutMs": 20_000});
        let answer = client.ask(request).await;
        if answer.is("domSnapshot") {
            return codes;
        }
        codes.push(answer.code().to_owned());
        assert!(codes.len() < 10, "{codes:?}");
    }
}

async fn a_script_that_loops_is_ended_and_its_page_is_captured(browser: TestBrowser) {
    let site = Site::start().await;
    let endless = site.page("/endless", ENDLESS);
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&endless).await;
    assert_eq!(captured(&client, &tab).await, Vec::<String>::new());
    client.ping().await;
    let story = client.story_of(&tab);
    assert!(!story.iter().any(|it| it == "tabCrashed"), "{story:?}");
    bridge.stop().await;
}

async fn a_page_that_waits_in_a_synchronous_request_is_replaced(browser: TestBrowser) {
    const WAITING: &str = "<script>onload = () => setTimeout(() => { \
        if (sessionStorage.waited) return; sessionStorage.waited = 1; \
        const request = new XMLHttpRequest(); request.open('GET', '/never', false); request.send(); \
        }, 50)</script>alive";
    let site = Site::start().await;
    site.serve("/never", Reply::Never);
    // It blocks only once, so that its replacement answers.
    let once = std::sync::atomic::AtomicBool::new(true);
    site.route("/waiting", move |_| {
        let waits = once.swap(false, std::sync::atomic::Ordering::Relaxed);
        Reply::page(if waits { WAITING } else { "alive" })
    });
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&site.url("/waiting")).await;
    until("the page waits", async || !site.asked("/never").is_empty()).await;
    let codes = captured(&client, &tab).await;
    assert!(codes.iter().all(|code| code == "TAB_CRASHED"), "{codes:?}");
    assert!(client.html(&tab).await.contains("alive"));
    bridge.stop().await;
}

async fn a_renderer_that_stands_still_is_replaced(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let other = site.page("/other", "another");
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    for renderer in renderers(&bridge).await {
        processes::signal(renderer.pid, Signal::STOP);
    }
    let codes = captured(&client, &tab).await;
    assert_eq!(codes, ["TAB_CRASHED"]);
    client.tab_event("tabCrashed", &tab).await;
    let rebuilt = client.tab_event("tabRebuilt", &tab).await;
    assert_eq!(rebuilt["reason"], "crashed");
    client.go(&tab, &other).await;
    assert!(client.html(&tab).await.contains("another"));
    serves(&client, &page, "alive").await;
    bridge.stop().await;
}

async fn a_renderer_that_runs_out_of_memory_is_replaced(browser: TestBrowser) {
    const GREEDY: &str = "<script>onload = () => setTimeout(() => { \
        const all = []; for (;;) all.push(new Array(100000).fill(all.length + 0.5)); }, 50)</script>";
    let site = Site::start().await;
    let once = std::sync::atomic::AtomicBool::new(true);
    site.route("/greedy", move |_| {
        let is_greedy = once.swap(false, std::sync::atomic::Ordering::Relaxed);
        Reply::page(if is_greedy { GREEDY } else { "modest" })
    });
    let bridge = impatient_with(browser, |config| {
        config.tabs.hang_timeout = std::time::Duration::from_secs(15);
        let heap = "--js-flags=--max-old-space-size=64".to_owned();
        config.browser.args.push(heap);
    })
    .await;
    let client = bridge.client().await;
    let tab = client.open(&site.url("/greedy")).await;
    client.tab_event("tabCrashed", &tab).await;
    client.tab_event("tabRebuilt", &tab).await;
    client.tab_event("loadEventFired", &tab).await;
    assert!(client.html(&tab).await.contains("modest"));
    bridge.stop().await;
}

async fn a_renderer_that_is_killed_by_the_kernel_is_replaced(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    let tabs = [client.open(&page).await, client.open(&page).await];
    for renderer in renderers(&bridge).await {
        processes::signal(renderer.pid, Signal::KILL);
    }
    for tab in &tabs {
        client.tab_event("tabCrashed", tab).await;
        client.tab_event("tabRebuilt", tab).await;
        client.tab_event("loadEventFired", tab).await;
        assert!(client.html(tab).await.contains("alive"));
    }
    bridge.stop().await;
}

async fn a_debugger_statement_stops_nothing(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "<script>debugger</script><p>went on");
    let bridge = impatient(browser).await;
    serves(&bridge.client().await, &page, "went on").await;
    bridge.stop().await;
}

async fn workers_that_spin_keep_no_page_from_answering(browser: TestBrowser) {
    let site = Site::start().await;
    let spinning = site.page(
        "/spinning",
        "<script>const spin = URL.createObjectURL(new Blob(['for (;;) {}'])); \
         for (let number = 0; number < 8; number++) new Worker(spin)</script>spinning",
    );
    let bridge = impatient_with(browser, |config| {
        config.tabs.hang_timeout = std::time::Duration::from_secs(15);
    })
    .await;
    let client = bridge.client().await;
    let tab = client.open(&spinning).await;
    assert!(client.html(&tab).await.contains("spinning"));
    client.screenshot(&tab, "jpeg", false).await;
    client.close(&tab).await;
    bridge.stop().await;
}
