//! A Coordinator and one tab: answers, events, and their order.

use serde_json::json;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Mode;
use crate::support::site::Site;

on_both_browsers!(
    welcome_comes_first_and_says_what_there_is,
    every_request_gets_one_answer_with_its_own_request_id,
    a_navigation_of_the_page_itself_is_told_without_a_request_id,
    the_events_of_a_tab_come_in_order,
    tabs_are_listed_with_their_titles_and_one_of_them_is_active,
);

async fn welcome_comes_first_and_says_what_there_is(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "hello");
    let bridge = TestBridge::shared(browser).await;
    let first = bridge.client().await;
    let tab = first.open(&page).await;
    first.settled(&tab, "page").await;

    let second = bridge.connect(Mode::Text).await;
    second.ping().await;
    let log = second.log();
    assert_eq!(log[0].kind(), "welcome", "{}", second.story());
    let welcome = &log[0];
    assert_eq!(welcome["protocol"], 1);
    assert!(
        welcome["server"]
            .as_str()
            .unwrap()
            .contains(env!("CARGO_PKG_VERSION"))
    );
    assert!(
        welcome["browser"].as_str().unwrap().contains("Chrome/"),
        "{welcome}"
    );
    assert_eq!(welcome["limits"]["chunkBytes"], 262_144);
    assert_eq!(welcome["limits"]["maxMessageBytes"], 1 << 20);
    let tabs = json!([{
        "id": tab, "url": page, "title": "page", "loggedOut": false, "active": true, "state": "ready",
    }]);
    assert_eq!(welcome["tabs"], tabs);
    bridge.stop().await;
}

async fn every_request_gets_one_answer_with_its_own_request_id(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "hello");
    let bridge = TestBridge::start(browser).await;
    let client = bridge.client().await;
    let longest = "x".repeat(64);
    let requests = [
        (
            json!({"type": "createTab", "url": page}),
            json!("text"),
            "tabCreated",
        ),
        (
            json!({"type": "activateTab", "tabId": "t1"}),
            json!(0),
            "tabActivated",
        ),
        (
            json!({"type": "navigate", "tabId": "t1", "url": page}),
            json!(-7),
            "navigated",
        ),
        (
            json!({"type": "getDomSnapshot", "tabId": "t1"}),
            json!("ünïcode \"🦀"),
            "domSnapshot",
        ),
        (
            json!({"type": "getScreenshot", "tabId": "t1"}),
            json!(longest),
            "screenshot",
        ),
        (
            json!({"type": "setLoggedOutMode", "tabId": "t1", "enabled": true}),
            json!(u64::MAX),
            "loggedOutModeSet",
        ),
        (
            json!({"type": "setLoggedOutMode", "tabId": "t1", "enabled": true}),
            json!(i64::MIN),
            "loggedOutModeSet",
        ),
        (json!({"type": "listTabs"}), json!("5"), "tabs"),
        (json!({"type": "ping"}), json!(5), "pong"),
        (
            json!({"type": "closeTab", "tabId": "t1"}),
            json!("0"),
            "tabClosed",
        ),
        (
            json!({"type": "closeTab", "tabId": "t1"}),
            json!("00"),
            "error",
        ),
    ];
    for (mut request, id, answer) in requests.clone() {
        request["requestId"] = id.clone();
        client.ask(request).await.expect(answer);
    }
    client.ping().await;
    for (request, id, _) in requests {
        let log = client.log();
        let answers = log.iter().filter(|it| it["requestId"] == id).count();
        assert_eq!(answers, 1, "answers to {request}:\n{}", client.story());
    }
    bridge.stop().await;
}

async fn a_navigation_of_the_page_itself_is_told_without_a_request_id(browser: TestBrowser) {
    let site = Site::start().await;
    let end = site.page("/end", "end");
    let middle = site.page(
        "/middle",
        "<a id=link href=/end>on</a><script>onload = () => link.click()</script>",
    );
    let start = site.page(
        "/start",
        "<script>onload = () => setTimeout(() => { location = '/middle' }, 20)</script>",
    );
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client
        .ask(json!({"type": "createTab"}))
        .await
        .expect("tabCreated")
        .id()
        .to_owned();
    client.tab_event("navigated", &tab).await;
    let asked = client.navigate(&tab, &start).await.expect("navigated");
    assert_eq!(asked["url"], start);
    for url in [middle, end] {
        let navigated = client.tab_event("navigated", &tab).await;
        assert_eq!(
            (&navigated["url"], &navigated["status"]),
            (&json!(url), &json!(200))
        );
    }
    bridge.stop().await;
}

async fn the_events_of_a_tab_come_in_order(browser: TestBrowser) {
    let site = Site::start().await;
    let (first, second) = (site.page("/first", "1"), site.page("/second", "2"));
    let bridge = TestBridge::shared(browser).await;
    let (client, other) = (bridge.client().await, bridge.client().await);
    let tab = client.open(&first).await;
    client.go(&tab, &second).await;
    client
        .ask(json!({"type": "activateTab", "tabId": tab}))
        .await
        .expect("tabActivated");
    client.close(&tab).await;
    let expected = [
        "tabCreated",
        "navigated",
        "loadEventFired",
        "navigated",
        "loadEventFired",
        "tabActivated",
        "tabClosed",
    ];
    assert_eq!(client.story_of(&tab), expected);
    other.tab_event("tabClosed", &tab).await;
    assert_eq!(
        other.story_of(&tab),
        expected,
        "the client's other connection sees the same"
    );
    assert!(
        other.log().iter().all(|it| !it.was_asked()),
        "{}",
        other.story()
    );
    bridge.stop().await;
}

async fn tabs_are_listed_with_their_titles_and_one_of_them_is_active(browser: TestBrowser) {
    let site = Site::start().await;
    let (first, second) = (site.page("/first", "1"), site.page("/second", "2"));
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let one = client.open(&first).await;
    let two = client
        .open_with(json!({"url": second, "loggedOut": true}))
        .await;
    client.settled(&one, "first").await;
    client.settled(&two, "second").await;
    let info = |id: &str, url: &str, title: &str, logged_out: bool, active: bool| json!({"id": id, "url": url, "title": title, "loggedOut": logged_out, "active": active, "state": "ready"});
    assert_eq!(
        client.tab_info(&one).await,
        Some(info(&one, &first, "first", false, false))
    );
    assert_eq!(
        client.tab_info(&two).await,
        Some(info(&two, &second, "second", true, true))
    );
    client
        .ask(json!({"type": "activateTab", "tabId": one}))
        .await
        .expect("tabActivated");
    assert_eq!(
        client.tab_info(&one).await,
        Some(info(&one, &first, "first", false, true))
    );
    assert_eq!(
        client.tab_info(&two).await,
        Some(info(&two, &second, "second", true, false))
    );
    client.close(&one).await;
    assert_eq!(client.tab_info(&one).await, None);
    bridge.stop().await;
}
