//! Back, forward, reload.

use serde_json::json;

use super::steps::Hands;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    a_tab_goes_back_and_forward_and_anew,
    where_there_is_nothing_the_tab_stays,
);

async fn a_tab_goes_back_and_forward_and_anew(browser: TestBrowser) {
    let hands = Hands::on(browser, "<p>one</p>").await;
    let one = hands.site.url("/page");
    let two = hands.site.page("/two", "<p>two</p>");
    hands.client.go(&hands.tab, &two).await;
    let back = hands.ask("goBack", json!({})).await.expect("navigated");
    assert_eq!(back["url"], one);
    assert_eq!(hands.text("p").await, "one");
    let forward = hands.ask("goForward", json!({})).await.expect("navigated");
    assert_eq!(forward["url"], two);
    assert_eq!(hands.text("p").await, "two");
    hands.evaluate("document.body.append('changed')").await;
    let again = hands.ask("reload", json!({})).await.expect("navigated");
    assert_eq!(
        (&again["url"], &again["status"]),
        (&json!(two), &json!(200))
    );
    hands.client.tab_event("loadEventFired", &hands.tab).await;
    hands
        .ask("waitFor", json!({"loadState": "load"}))
        .await
        .expect("waited");
    assert_eq!(
        hands
            .evaluate("document.body.textContent.includes('changed')")
            .await,
        false
    );
    hands.evaluate("history.pushState({}, '', '#part')").await;
    let moved = hands.ask("goBack", json!({})).await.expect("navigated");
    assert_eq!(
        (&moved["url"], &moved["sameDocument"]),
        (&json!(two), &json!(true))
    );
    hands.bridge.stop().await;
}

async fn where_there_is_nothing_the_tab_stays(browser: TestBrowser) {
    let hands = Hands::on(browser, "<p>one</p>").await;
    let error = hands
        .ask("goForward", json!({}))
        .await
        .expect_error("NAV_FAILED");
    assert!(
        error["message"].as_str().unwrap().contains("history"),
        "{error}"
    );
    assert_eq!(hands.text("p").await, "one");
    hands.bridge.stop().await;
}
