//! What is held ends with the document, the page, or the clients, and a tab is as usable as before.

use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::raw::Raw;
use crate::support::wait::until_some;

on_both_browsers!(what_is_held_ends_with_the_document_the_page_and_the_clients);

const LOG: &str = "<body style='margin:0'><input id=i style='width:200px;height:100px'><script>window.log = [];
    for (const name of ['mousedown', 'mouseup', 'keydown', 'keyup', 'click']) addEventListener(name, (event) =>
    log.push([name, event.key ?? event.buttons, event.shiftKey ? 'shift' : ''].filter((it) => it !== '').join(' ')));</script>";

async fn hold(page: &OpenPage) {
    page.mouse("down", json!({"x": 20, "y": 20})).await;
    page.key("down", "Shift").await;
}

/// A click without a key or another button, and a key.
async fn is_free(page: &OpenPage) {
    page.evaluate("log.length = 0").await;
    page.click("#i").await;
    page.ask("press", json!({"key": "x"})).await.expect("done");
    let free = [
        "mousedown 1",
        "mouseup 0",
        "click 0",
        "keydown x",
        "keyup x",
    ];
    assert_eq!(page.evaluate("log").await, json!(free));
    assert_eq!(page.evaluate("i.value").await, "x");
}

async fn what_is_held_ends_with_the_document_the_page_and_the_clients(browser: TestBrowser) {
    let bridge = TestBridge::start_with(browser, |config| {
        config.browser.transport = cdp_bridge::browser::TransportKind::Port;
        config.server.resume_window = std::time::Duration::ZERO;
    })
    .await;
    let mut page = OpenPage::on(bridge, LOG).await;
    let url = page.site.url("/page");
    hold(&page).await;
    page.client.go(&page.tab, &url).await;
    is_free(&page).await;
    hold(&page).await;
    let mut raw = Raw::of_profile(&page.bridge.profile().await).await;
    let session = raw.page("/page").await;
    raw.send(Some(&session), "Page.crash", json!({})).await;
    page.client.tab_event("tabRebuilt", &page.tab).await;
    page.client.tab_event("loadEventFired", &page.tab).await;
    is_free(&page).await;
    page.evaluate("log.length = 0, i.value = ''").await;
    hold(&page).await;
    // Another connection of the same client keeps it.
    let second = page.bridge.client().await;
    page.client = second;
    page.ask("press", json!({"key": "y"})).await.expect("done");
    assert_eq!(page.evaluate("i.value").await, "Y");
    let third = page.bridge.connect(crate::support::client::Mode::Text);
    page.client
        .send(tokio_tungstenite::tungstenite::Message::Close(None))
        .await;
    page.client.closed().await;
    page.client = third.await;
    let (log, _) = until_some("it is released", async || {
        let log = page.evaluate("log.slice(-3)").await;
        (log[2] == "mouseup 0" || log[1] == "mouseup 0" || log[2] == "click 0").then_some(log)
    })
    .await;
    let log: Vec<Value> = log.as_array().unwrap().clone();
    assert!(log.contains(&json!("keyup Shift")), "{log:?}");
    page.evaluate("i.value = ''").await;
    is_free(&page).await;
    page.bridge.stop().await;
}
