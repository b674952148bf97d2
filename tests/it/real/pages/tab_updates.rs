//! Titles and URLs that pages change after they have loaded.

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::wait::until;

on_both_browsers!(
    a_page_that_changes_its_title_or_url_is_published,
    a_page_that_loads_is_not_published,
    changes_are_published_at_most_twice_a_second,
    updates_concern_only_the_client_of_the_tab,
);

async fn a_page_that_changes_its_title_or_url_is_published(browser: TestBrowser) {
    let page = OpenPage::with(browser, "<p>page</p>").await;
    page.client.settled(&page.tab, "page").await;
    let (url, origin) = (page.site.url("/page"), page.site.url(""));
    for (change, title, url) in [
        ("document.title = 'one'", "one", url.clone()),
        (
            "document.querySelector('title').firstChild.data = 'two'",
            "two",
            url.clone(),
        ),
        ("document.querySelector('title').remove()", "", url.clone()),
        (
            "document.title = ' three\\n four '",
            "three four",
            url.clone(),
        ),
        (
            "history.pushState({}, '', '/pushed')",
            "three four",
            format!("{origin}/pushed"),
        ),
        (
            "document.title = 'five'",
            "five",
            format!("{origin}/pushed"),
        ),
        (
            "location.hash = 'six'",
            "five",
            format!("{origin}/pushed#six"),
        ),
        (
            "history.replaceState({}, '', '/page'); document.title = 'seven'",
            "seven",
            url,
        ),
    ] {
        page.evaluate(&format!("{change}; 0")).await;
        // Two changes at once may be two updates.
        let updated = page
            .client
            .take(change, |it| {
                it.is("tabUpdated")
                    && it["url"] == url
                    && (it["title"] == title || title.is_empty() && it["title"] != "two")
            })
            .await;
        assert_eq!(updated.id(), page.tab);
        let info = page.client.tab_info(&page.tab).await.unwrap();
        assert_eq!(
            (&info["url"], &info["title"]),
            (&updated["url"], &updated["title"])
        );
    }
    let blank = page.client.open("about:blank").await;
    until("the title of a blank page is known", async || {
        let set =
            json!({"type": "evaluate", "tabId": blank, "expression": "document.title = 'blank'"});
        page.client.ask(set).await.expect("evaluated");
        let info = page.client.tab_info(&blank).await.unwrap();
        info["title"] == "blank"
    })
    .await;
    page.bridge.stop().await;
}

async fn a_page_that_loads_is_not_published(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    let body = "<script>document.title = 'early'; history.replaceState({}, '', '/other')</script>";
    for path in ["/first", "/second"] {
        let url = page.site.page(path, body);
        page.client.go(&page.tab, &url).await;
        page.client.settled(&page.tab, "early").await;
    }
    page.evaluate("document.title = 'late'").await;
    let updated = page.client.tab_event("tabUpdated", &page.tab).await;
    assert_eq!(updated["title"], "late", "{}", page.client.story());
    page.bridge.stop().await;
}

async fn changes_are_published_at_most_twice_a_second(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.client.settled(&page.tab, "page").await;
    let storm = "async () => {
        for (let n = 1; n <= 300; n++) {
            document.title = 'title ' + n;
            if (n % 3 === 0) history.replaceState({}, '', '/page?' + n);
            await new Promise((done) => setTimeout(done, 5));
        }
        history.replaceState({}, '', '/page?' + 'x'.repeat(5000));
        document.title = 'y'.repeat(3000);
    }";
    let start = tokio::time::Instant::now();
    page.evaluate(storm).await;
    let last = page
        .client
        .take("the last update", |it| {
            it.is("tabUpdated")
                && it["title"].as_str().unwrap().starts_with('y')
                && it["url"].as_str().unwrap().ends_with('x')
        })
        .await;
    for field in ["title", "url"] {
        assert_eq!(last[field].as_str().unwrap().len(), 1024, "{last}");
    }
    let updates = page.client.story_of(&page.tab);
    let updates = updates.iter().filter(|it| *it == "tabUpdated").count();
    let halves = start.elapsed().as_millis() / 500;
    assert!(
        updates as u128 <= halves + 2,
        "{updates} in {halves} half seconds"
    );
    page.bridge.stop().await;
}

async fn updates_concern_only_the_client_of_the_tab(browser: TestBrowser) {
    let bridge = TestBridge::start_with(browser, |config| {
        let clients = json!([
            {"name": "one", "token": "token-of-client-one"},
            {"name": "two", "token": "token-of-client-two"},
        ]);
        config.auth.clients = serde_json::from_value(clients).unwrap();
    })
    .await;
    let connect = async |token: &str| {
        let headers = [("Authorization", token)];
        crate::support::client::Client::try_connect(
            &bridge.url(),
            crate::support::client::Mode::Text,
            &headers,
        )
        .await
        .unwrap()
    };
    let one = connect("Bearer token-of-client-one").await;
    let second = connect("Bearer token-of-client-one").await;
    let two = connect("Bearer token-of-client-two").await;
    let site = crate::support::site::Site::start().await;
    let tab = one.open(&site.page("/page", "")).await;
    one.settled(&tab, "page").await;
    let set = json!({"type": "evaluate", "tabId": tab, "expression": "document.title = 'new'"});
    one.ask(set).await.expect("evaluated");
    for client in [&one, &second] {
        let updated = client.tab_event("tabUpdated", &tab).await;
        assert_eq!(updated["title"], "new");
    }
    two.ping().await;
    assert!(two.log().iter().all(|it| !it.is("tabUpdated")));
    bridge.stop().await;
}
