//! Servers that take longer than a page may hang, and navigations in quick succession.

use std::time::Duration;

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::pages::{ENDLESS, LOOPS};
use crate::support::site::Reply;
use crate::support::wait::until;

on_both_browsers!(
    a_server_that_takes_longer_than_a_hang_is_waited_for_and_asked_once,
    a_link_to_a_slow_server_does_not_cost_the_tab,
    a_popup_that_waits_for_a_slow_server_is_left_alone,
    a_page_that_loops_after_a_slow_answer_is_freed,
    history_steps_and_reloads_follow_a_navigation_at_once,
    navigations_follow_a_page_that_would_keep_its_user,
);

/// Longer than a page that answers nothing is left in peace by [`impatient`].
const SLOW: Duration = Duration::from_secs(6);

/// A page at a bridge that gives pages up after little more than 3 s.
async fn impatient(browser: TestBrowser, body: &str) -> OpenPage {
    impatient_after(browser, Duration::from_secs(1), body).await
}

async fn impatient_after(browser: TestBrowser, hang: Duration, body: &str) -> OpenPage {
    let bridge = TestBridge::start_with(browser, |config| config.tabs.hang_timeout = hang);
    OpenPage::on(bridge.await, body).await
}

fn slow(body: &str) -> Reply {
    Reply::After(SLOW, Box::new(Reply::page(body)))
}

async fn a_server_that_takes_longer_than_a_hang_is_waited_for_and_asked_once(browser: TestBrowser) {
    let page = impatient(browser, "<p>here</p>").await;
    let url = page.site.serve("/slow", slow("<p>slow</p>"));
    let fields = json!({"url": url, "timeoutMs": 60_000});
    let navigated = page.ask("navigate", fields).await.expect("navigated");
    assert_eq!(navigated["url"], url);
    assert_eq!(page.site.asked("/slow").len(), 1);
    page.ask("reload", json!({"timeoutMs": 60_000}))
        .await
        .expect("navigated");
    assert_eq!(page.site.asked("/slow").len(), 2);
    // A redirect to such a server, from a new tab.
    let to = page.site.serve("/redirect", Reply::redirect("/slow"));
    let tab = page.client.open(&to).await;
    assert_eq!(page.site.asked("/slow").len(), 3);
    for tab in [&page.tab, &tab] {
        let story = page.client.story_of(tab);
        assert!(!story.iter().any(|it| it == "tabCrashed"), "{story:?}");
    }
    page.bridge.stop().await;
}

async fn a_link_to_a_slow_server_does_not_cost_the_tab(browser: TestBrowser) {
    let page = impatient(browser, "<a id=a href=/slow>go</a>").await;
    page.site.serve("/slow", slow("<p>slow</p>"));
    page.evaluate("setTimeout(() => a.click()); 0").await;
    until("the server is asked", async || {
        !page.site.asked("/slow").is_empty()
    })
    .await;
    // This waits for the document.
    let fields = json!({"selector": "text=slow", "what": "count", "timeoutMs": 60_000});
    page.ask("query", fields).await.expect("queried");
    let fields = json!({"url": "**/slow", "timeoutMs": 60_000});
    page.ask("waitFor", fields).await.expect("waited");
    let story = page.client.story_of(&page.tab);
    assert!(!story.iter().any(|it| it == "tabCrashed"), "{story:?}");
    assert_eq!(page.site.asked("/slow").len(), 1);
    page.bridge.stop().await;
}

async fn a_popup_that_waits_for_a_slow_server_is_left_alone(browser: TestBrowser) {
    let body = "<button id=b onclick='window.open(\"/slow\")'>Open</button>";
    let page = impatient(browser, body).await;
    page.site.serve("/slow", slow("<p>slow</p>"));
    page.click("#b").await;
    let popup = page.client.event("tabCreated").await.id().to_owned();
    let query = json!({
        "type": "waitFor", "tabId": popup, "selector": "text=slow", "timeoutMs": 60_000,
    });
    page.client.ask(query).await.expect("waited");
    let story = page.client.story_of(&popup);
    assert!(!story.iter().any(|it| it == "tabCrashed"), "{story:?}");
    assert_eq!(page.site.asked("/slow").len(), 1);
    page.bridge.stop().await;
}

async fn a_page_that_loops_after_a_slow_answer_is_freed(browser: TestBrowser) {
    let hang = Duration::from_secs(3);
    let page = impatient_after(browser, hang, "<p>here</p>").await;
    let url = page
        .site
        .serve("/slow", slow(&format!("<p>slow</p>{ENDLESS}")));
    let fields = json!({"url": url, "timeoutMs": 60_000});
    page.ask("navigate", fields).await.expect("navigated");
    until("the page loops", async || {
        !page.site.asked(LOOPS).is_empty()
    })
    .await;
    let html = page
        .ask("getDomSnapshot", json!({"timeoutMs": 60_000}))
        .await;
    assert!(html.expect("domSnapshot").text().contains("slow"));
    page.bridge.stop().await;
}

async fn history_steps_and_reloads_follow_a_navigation_at_once(browser: TestBrowser) {
    let page = OpenPage::with(browser, "<p>one</p>").await;
    let one = page.site.url("/page");
    for round in 0..12 {
        // Another host, so that another process has the document where sites are isolated.
        page.site.page("/two", "<p>two</p>");
        let two = page.site.url_on("allowed.test", "/two");
        for url in [&one, &two] {
            page.client
                .navigate(&page.tab, url)
                .await
                .expect("navigated");
        }
        for (kind, url) in [("goBack", &one), ("goForward", &two), ("reload", &two)] {
            let navigated = page.ask(kind, json!({})).await.expect("navigated");
            assert_eq!(navigated["url"], **url, "{kind} in round {round}");
        }
    }
    page.bridge.stop().await;
}

async fn navigations_follow_a_page_that_would_keep_its_user(browser: TestBrowser) {
    let keeps = "<p id=p>keep</p><script>onbeforeunload = (it) => { it.preventDefault(); return 'stay' }</script>";
    let page = OpenPage::with(browser, keeps).await;
    let (keeps, next) = (
        page.site.url("/page"),
        page.site.page("/next", "<p>next</p>"),
    );
    for round in 0..12 {
        page.client.go(&page.tab, &keeps).await;
        // Only a page that was used may ask.
        page.click("#p").await;
        for url in [next.as_str(), &page.site.url("/none"), &next] {
            let navigated = page.client.navigate(&page.tab, url).await;
            assert_eq!(navigated.expect("navigated")["url"], url, "round {round}");
        }
        page.client.tab_event("dialogOpened", &page.tab).await;
    }
    page.bridge.stop().await;
}
