//! Dialogs, popups and closing windows, as pages cause them.

use serde_json::json;

use cdp_bridge::policy::{DialogPolicy, PopupPolicy};

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::Site;

on_both_browsers!(
    dialogs_are_answered_at_once_and_told,
    dialogs_are_accepted_where_policy_says_so,
    a_page_that_does_not_want_to_be_left_is_left,
    a_popup_becomes_a_tab_with_its_opener,
    a_link_that_opens_a_window_without_an_opener_becomes_a_tab_too,
    popups_are_closed_where_policy_blocks_them,
    a_window_that_closes_itself_is_told,
);

const ALLOW_POPUPS: &str = "--disable-popup-blocking";

async fn dialogs_are_answered_at_once_and_told(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page(
        "/page",
        "<p id=p></p><script>onload = () => setTimeout(() => { alert('one'); \
         p.textContent = [confirm('two?'), prompt('three?')].join() })</script>",
    );
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    for (kind, message) in [("alert", "one"), ("confirm", "two?"), ("prompt", "three?")] {
        let dialog = client.tab_event("dialogOpened", &tab).await;
        assert_eq!(
            (&dialog["kind"], &dialog["message"]),
            (&json!(kind), &json!(message))
        );
        assert_eq!(dialog["handled"], "dismissed");
    }
    assert!(client.html(&tab).await.contains("<p id=\"p\">false,</p>"));
    bridge.stop().await;
}

async fn dialogs_are_accepted_where_policy_says_so(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page(
        "/page",
        "<p id=p></p><script>p.textContent = confirm('sure?')</script>",
    );
    let bridge = TestBridge::start_with(browser, |config| {
        config.policy.dialogs = DialogPolicy::Accept;
    })
    .await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    let dialog = client.tab_event("dialogOpened", &tab).await;
    assert_eq!(dialog["handled"], "accepted");
    assert!(client.html(&tab).await.contains("<p id=\"p\">true</p>"));
    bridge.stop().await;
}

async fn a_page_that_does_not_want_to_be_left_is_left(browser: TestBrowser) {
    let site = Site::start().await;
    let clinging = site.page(
        "/clinging",
        "<script>onbeforeunload = event => { event.preventDefault(); return 'no' }</script>",
    );
    let next = site.page("/next", "next");
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&clinging).await;
    assert_eq!(client.go(&tab, &next).await["url"], next);
    client.go(&tab, &clinging).await;
    let start = tokio::time::Instant::now();
    client.close(&tab).await;
    assert!(start.elapsed().as_secs() < 5, "it is closed at once");
    bridge.stop().await;
}

async fn a_popup_becomes_a_tab_with_its_opener(browser: TestBrowser) {
    let site = Site::start().await;
    let popup_page = site.page("/popup", "I am the popup");
    let page = site.page("/page", "<script>onload = () => open('/popup')</script>");
    let bridge = TestBridge::start_with(browser, |config| {
        config.browser.args.push(ALLOW_POPUPS.to_owned());
    })
    .await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    let popup = client.event("tabCreated").await;
    assert_eq!(
        (&popup["openerId"], &popup["loggedOut"]),
        (&json!(tab), &json!(false))
    );
    client.tab_event("loadEventFired", popup.id()).await;
    assert!(client.html(popup.id()).await.contains("I am the popup"));
    client.settled(popup.id(), "popup").await;
    let story = client.story_of(popup.id());
    assert_eq!(
        story[..3],
        ["tabCreated", "navigated", "loadEventFired"],
        "{story:?}"
    );
    let navigated = client.tab_event("navigated", popup.id()).await;
    assert_eq!(
        (&navigated["url"], &navigated["status"]),
        (&json!(popup_page), &json!(200))
    );
    let picture = client.screenshot(popup.id(), "png", false).await;
    assert_eq!(
        (&picture["width"], &picture["height"]),
        (&json!(1280), &json!(720))
    );
    client.close(popup.id()).await;
    client.close(&tab).await;
    bridge.stop().await;
}

async fn a_link_that_opens_a_window_without_an_opener_becomes_a_tab_too(browser: TestBrowser) {
    let site = Site::start().await;
    let opened = site.page("/opened", "opened");
    let page = site.page(
        "/page",
        "<a href=/opened target=_blank>open</a>\
         <script>onload = () => document.links[0].click()</script>",
    );
    let bridge = TestBridge::start_with(browser, |config| {
        config.browser.args.push(ALLOW_POPUPS.to_owned());
    })
    .await;
    let client = bridge.client().await;
    client.open(&page).await;
    let popup = client.event("tabCreated").await;
    let navigated = client.tab_event("navigated", popup.id()).await;
    assert_eq!(navigated["url"], opened);
    bridge.stop().await;
}

async fn popups_are_closed_where_policy_blocks_them(browser: TestBrowser) {
    let site = Site::start().await;
    site.page("/popup", "popup");
    let page = site.page(
        "/page",
        "<script>onload = () => { for (let i = 0; i < 3; i++) open('/popup') }</script>still here",
    );
    let bridge = TestBridge::start_with(browser, |config| {
        config.browser.args.push(ALLOW_POPUPS.to_owned());
        config.policy.popups = PopupPolicy::Block;
    })
    .await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(client.html(&tab).await.contains("still here"));
    let tabs = client.ask(json!({"type": "listTabs"})).await;
    assert_eq!(tabs["tabs"].as_array().unwrap().len(), 1, "{tabs}");
    assert_eq!(
        client.log().iter().filter(|it| it.is("tabCreated")).count(),
        1
    );
    bridge.stop().await;
}

async fn a_window_that_closes_itself_is_told(browser: TestBrowser) {
    let site = Site::start().await;
    site.page(
        "/popup",
        "<script>onload = () => setTimeout(() => close(), 100)</script>",
    );
    let page = site.page("/page", "<script>onload = () => open('/popup')</script>");
    let bridge = TestBridge::start_with(browser, |config| {
        config.browser.args.push(ALLOW_POPUPS.to_owned());
    })
    .await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    let popup = client.event("tabCreated").await;
    let closed = client.tab_event("tabClosed", popup.id()).await;
    assert_eq!(closed["reason"], "page");
    assert_eq!(client.tab_info(popup.id()).await, None);
    let late = client
        .ask(json!({"type": "getDomSnapshot", "tabId": popup.id()}))
        .await;
    late.expect_error("UNKNOWN_TAB");
    client.html(&tab).await;
    bridge.stop().await;
}
