//! A client, or a page that it was led to, takes what all clients need: the others still get their share.

use serde_json::json;

use super::clients::{client, daemon};
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::{Reply, Site};

on_both_browsers!(
    pages_that_draw_no_frame_take_no_pictures_from_others,
    a_page_that_opens_windows_without_end_takes_no_tabs_from_others,
    numbers_tell_nothing_of_what_others_do,
);

async fn pages_that_draw_no_frame_take_no_pictures_from_others(browser: TestBrowser) {
    let site = Site::start().await;
    let daemon = daemon(&browser, &[]).await;
    let (greedy, other) = (client(&daemon, 0).await, client(&daemon, 1).await);
    site.serve("/never", Reply::Never);
    let own = other.open(&site.page("/own", "<h1>own</h1>")).await;
    other
        .screenshot(&own, "png", false)
        .await
        .expect("screenshot");
    let blocked = site.page("/style", "<link rel=stylesheet href=/never><h1>late</h1>");
    let busy = site.page(
        "/busy",
        "<h1>busy</h1><script>setTimeout(() => {
            const asked = new XMLHttpRequest(); asked.open('GET', '/never', false); asked.send();
        }, 300)</script>",
    );
    for url in [blocked, busy] {
        let mut asked = Vec::new();
        for _ in 0..10 {
            let tab = greedy.open("about:blank").await;
            greedy.navigate(&tab, &url).await.expect("navigated");
            let picture = json!({"type": "getScreenshot", "tabId": tab, "timeoutMs": 60_000});
            greedy.request(picture).await;
            asked.push(tab);
        }
        // The limit is far below the time for which the others hang.
        let picture = json!({"type": "getScreenshot", "tabId": own, "timeoutMs": 3000});
        for _ in 0..3 {
            other.ask(picture.clone()).await.expect("screenshot");
        }
        for tab in asked {
            greedy.close(&tab).await;
        }
    }
}

async fn a_page_that_opens_windows_without_end_takes_no_tabs_from_others(browser: TestBrowser) {
    let site = Site::start().await;
    // Without the switch, new headless lets no window through that no gesture opens; the shell lets all.
    let daemon = daemon(&browser, &["browser.args=--disable-popup-blocking"]).await;
    let (greedy, other) = (client(&daemon, 0).await, client(&daemon, 1).await);
    site.page("/popup", "<h1>popup</h1>");
    let page = site.page(
        "/page",
        "<script>setInterval(() => { for (let i = 0; i < 5; i++) open('/popup') }, 50)</script>",
    );
    let opener = greedy.open(&page).await;
    let mut told = 0;
    while told < 60 {
        let blocked = greedy.event("popupBlocked").await;
        assert_eq!(blocked.id(), opener, "{blocked}");
        told += blocked["count"].as_u64().unwrap();
    }
    let mut own = Vec::new();
    for _ in 0..16 {
        own.push(other.open("about:blank").await);
    }
    // The client itself can go on, too.
    greedy.open("about:blank").await;
    let listed = greedy.ask(json!({"type": "listTabs"})).await.expect("tabs");
    let tabs = listed["tabs"].as_array().unwrap().len();
    assert!(tabs <= 2 + 48 / 4, "{tabs} tabs");
}

async fn numbers_tell_nothing_of_what_others_do(browser: TestBrowser) {
    let daemon = daemon(&browser, &[]).await;
    let (busy, other) = (client(&daemon, 0).await, client(&daemon, 1).await);
    let first = other.open("about:blank").await;
    for _ in 0..3 {
        busy.open("about:blank").await;
    }
    let second = other.open("about:blank").await;
    assert_eq!([first.as_str(), &second], ["t1", "t2"]);
    // The same number is another tab with each client.
    busy.navigate(&second, "data:text/html,")
        .await
        .expect_error("NAV_DENIED");
    let html = json!({"type": "getDomSnapshot", "tabId": "t3"});
    busy.ask(html.clone()).await.expect("domSnapshot");
    other.ask(html).await.expect_error("UNKNOWN_TAB");
    other.close(&second).await;
    let html = json!({"type": "getDomSnapshot", "tabId": second});
    busy.ask(html).await.expect("domSnapshot");
}
