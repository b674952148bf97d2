//! What is held ends with the document, the page, or the clients, and a tab is as usable as before.

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::raw::Raw;
use crate::support::wait::until;

on_both_browsers!(what_is_held_ends_with_the_document_the_page_and_the_clients);

const LOG: &str = "<body style='margin:0'><input id=i style='width:200px;height:100px'><script>window.log = [];
    for (const name of ['mousedown', 'mouseup', 'keydown', 'keyup', 'click']) addEventListener(name, (event) =>
    log.push([name, event.key ?? event.buttons, event.shiftKey ? 'shift' : ''].filter((it) => it !== '').join(' ')));
    addEventListener('mouseup', (event) => fetch('/up/' + event.buttons)); addEventListener('keyup', (event) => fetch('/up/' + event.key));</script>";

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
    page.ask("press", json!({"key": "KeyY"}))
        .await
        .expect("done");
    assert_eq!(page.evaluate("i.value").await, "Y");
    let before = page.site.asked("/up/0").len();
    page.client.leave().await;
    until("all is released", async || {
        page.site.asked("/up/0").len() > before && !page.site.asked("/up/Shift").is_empty()
    })
    .await;
    page.client = page.bridge.client().await;
    page.evaluate("i.value = ''").await;
    is_free(&page).await;
    page.bridge.stop().await;
}
