//! Logged-out mode: a tab without the cookies that the client's other tabs share.

use serde_json::json;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::{Reply, Site};

on_both_browsers!(
    a_cookie_is_not_sent_in_logged_out_mode_and_is_back_after_it,
    two_logged_out_tabs_share_nothing,
    a_popup_of_a_logged_out_tab_shares_its_cookies,
    switching_the_mode_of_an_empty_tab_works_too,
    tabs_of_one_client_share_cookies_and_storage,
);

/// A site that sets a cookie on `/in`, and shows on `/me` which cookies came.
async fn shop() -> Site {
    let site = Site::start().await;
    site.serve(
        "/in",
        Reply::page("in").with("set-cookie", "user=jane; Path=/; Max-Age=3600"),
    );
    site.route("/me", |asked| {
        Reply::page(format!("<p>cookies: [{}]</p>", asked.cookies))
    });
    site
}

async fn a_cookie_is_not_sent_in_logged_out_mode_and_is_back_after_it(browser: TestBrowser) {
    let site = shop().await;
    let me = site.url("/me");
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&site.url("/in")).await;
    client.go(&tab, &me).await;
    assert!(client.html(&tab).await.contains("[user=jane]"));

    let switch =
        |enabled: bool| json!({"type": "setLoggedOutMode", "tabId": tab, "enabled": enabled});
    let set = client.ask(switch(true)).await.expect("loggedOutModeSet");
    assert_eq!(
        (set.id(), &set["enabled"], &set["url"]),
        (tab.as_str(), &json!(true), &json!(me))
    );
    // The page has committed by then; its content is complete with `load`.
    client.tab_event("loadEventFired", &tab).await;
    assert!(client.html(&tab).await.contains("[]"));
    assert_eq!(client.tab_info(&tab).await.unwrap()["loggedOut"], true);

    // A cookie set in logged-out mode is discarded.
    client.go(&tab, &site.url("/in")).await;
    let set = client.ask(switch(false)).await.expect("loggedOutModeSet");
    assert_eq!((set.id(), &set["enabled"]), (tab.as_str(), &json!(false)));
    client.tab_event("loadEventFired", &tab).await;
    client.go(&tab, &me).await;
    assert!(client.html(&tab).await.contains("[user=jane]"));
    client.ask(switch(true)).await.expect("loggedOutModeSet");
    client.tab_event("loadEventFired", &tab).await;
    assert!(
        client.html(&tab).await.contains("[]"),
        "a logged-out context is always a new one"
    );

    let cookies: Vec<_> = site
        .asked("/me")
        .iter()
        .map(|it| it.cookies.clone())
        .collect();
    assert_eq!(cookies, ["user=jane", "", "user=jane", ""]);
    client.ping().await;
    for kind in ["tabCreated", "tabClosed", "error"] {
        let count = client.log().iter().filter(|it| it.is(kind)).count();
        assert_eq!(
            count,
            usize::from(kind == "tabCreated"),
            "{}",
            client.story()
        );
    }
    bridge.stop().await;
}

async fn two_logged_out_tabs_share_nothing(browser: TestBrowser) {
    let site = shop().await;
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let one = client
        .open_with(json!({"url": site.url("/in"), "loggedOut": true}))
        .await;
    let two = client
        .open_with(json!({"url": site.url("/me"), "loggedOut": true}))
        .await;
    assert!(client.html(&two).await.contains("[]"));
    client.go(&one, &site.url("/me")).await;
    assert!(client.html(&one).await.contains("[user=jane]"));
    let shared = client.open(&site.url("/me")).await;
    assert!(client.html(&shared).await.contains("[]"));
    bridge.stop().await;
}

async fn a_popup_of_a_logged_out_tab_shares_its_cookies(browser: TestBrowser) {
    let site = shop().await;
    site.page(
        "/opener",
        "<script>document.cookie = 'popup=yes'; onload = () => open('/me')</script>",
    );
    let bridge = TestBridge::start_with(browser, |config| {
        config
            .browser
            .args
            .push("--disable-popup-blocking".to_owned());
    })
    .await;
    let client = bridge.client().await;
    let opener = client
        .open_with(json!({"url": site.url("/opener"), "loggedOut": true}))
        .await;
    let popup = client.event("tabCreated").await;
    assert_eq!(
        (&popup["openerId"], &popup["loggedOut"]),
        (&json!(opener), &json!(true))
    );
    client.tab_event("loadEventFired", popup.id()).await;
    assert!(client.html(popup.id()).await.contains("[popup=yes]"));

    // The context lives on with the popup when its opener is gone.
    client.close(&opener).await;
    client.go(popup.id(), &site.url("/me")).await;
    assert!(client.html(popup.id()).await.contains("[popup=yes]"));
    bridge.stop().await;
}

async fn switching_the_mode_of_an_empty_tab_works_too(browser: TestBrowser) {
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open("about:blank").await;
    for enabled in [true, true, false] {
        let request = json!({"type": "setLoggedOutMode", "tabId": tab, "enabled": enabled});
        let set = client.ask(request).await.expect("loggedOutModeSet");
        assert_eq!(
            (&set["enabled"], &set["url"]),
            (&json!(enabled), &json!("about:blank"))
        );
        assert_eq!(client.tab_info(&tab).await.unwrap()["loggedOut"], enabled);
    }
    bridge.stop().await;
}

async fn tabs_of_one_client_share_cookies_and_storage(browser: TestBrowser) {
    let site = shop().await;
    site.page(
        "/write",
        "<script>localStorage.setItem('k', 'stored')</script>",
    );
    site.page(
        "/read",
        "<p id=p></p><script>p.textContent = localStorage.getItem('k')</script>",
    );
    let bridge = TestBridge::shared(browser).await;
    let (client, other) = (bridge.client().await, bridge.client().await);
    client.open(&site.url("/in")).await;
    client.open(&site.url("/write")).await;
    let tab = other.open(&site.url("/me")).await;
    assert!(other.html(&tab).await.contains("[user=jane]"));
    other.go(&tab, &site.url("/read")).await;
    assert!(other.html(&tab).await.contains("stored"));
    bridge.stop().await;
}
