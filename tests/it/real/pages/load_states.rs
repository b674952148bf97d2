//! `waitUntil`: navigations, and tabs, that are answered when their document has loaded so far.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::processes;
use crate::support::received::Received;
use crate::support::site::{Reply, Site};
use crate::support::wait::until;

on_both_browsers!(
    a_navigation_is_answered_when_its_document_is_as_far_as_wanted,
    a_load_that_is_not_over_in_time_says_how_far_it_is,
    a_page_that_goes_on_by_itself_is_followed_to_its_end,
    a_tab_is_answered_when_its_first_document_is_as_far_as_wanted,
    a_tab_whose_page_cannot_be_loaded_stays_and_its_request_is_not_made_twice,
    a_crash_while_a_document_loads_is_told_and_the_tab_comes_back,
);

impl OpenPage {
    async fn navigate(&self, path: &str, wait_until: &str) -> Received {
        let fields = json!({"url": self.site.url(path), "waitUntil": wait_until});
        self.ask("navigate", fields).await
    }

    async fn ready_state(&self) -> Value {
        self.evaluate("document.readyState").await
    }
}

/// A picture that takes its time.
fn slow_picture() -> Reply {
    let picture = Reply::page("GIF89a").with("content-type", "image/gif");
    Reply::After(Duration::from_millis(400), Box::new(picture))
}

async fn a_navigation_is_answered_when_its_document_is_as_far_as_wanted(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.site.serve("/slow.gif", slow_picture());
    page.site.serve("/never.gif", Reply::Never);
    page.site.serve("/late", Reply::page("late"));
    page.site.page("/loads", "<img src=/slow.gif>");
    page.site
        .page("/hangs", "<p id=p>read</p><img src=/never.gif>");
    page.site.page(
        "/busy",
        "<script>onload = () => setTimeout(async () => { await fetch('/late'); document.title = 'fetched' }, 150)</script>",
    );
    let hangs = page.navigate("/hangs", "domcontentloaded").await;
    assert_eq!(hangs.expect("navigated")["status"], 200);
    assert_eq!(page.ready_state().await, "interactive");
    page.client.forget();

    let loads = page.navigate("/loads", "load").await.expect("navigated");
    assert_eq!(loads["url"], page.site.url("/loads"));
    assert_eq!(
        (&loads["status"], &loads["sameDocument"]),
        (&json!(200), &json!(null))
    );
    assert_eq!(page.ready_state().await, "complete");
    // The commit comes as an event before.
    let story = page.client.story_of(&page.tab);
    let at = |kind: &str| story.iter().position(|it| it == kind);
    assert!(at("navigated") < at("loadEventFired"), "{story:?}");
    let told = story.iter().filter(|it| *it == "navigated").count();
    assert_eq!(
        told, 3,
        "of the page before, of this one, and the answer: {story:?}"
    );

    page.navigate("/busy", "networkidle")
        .await
        .expect("navigated");
    assert_eq!(page.site.asked("/late").len(), 1);
    assert_eq!(page.evaluate("document.title").await, "fetched");

    for (request, path) in [
        ("goBack", "/loads"),
        ("goForward", "/busy"),
        ("reload", "/busy"),
    ] {
        let answer = page
            .ask(request, json!({"waitUntil": "load"}))
            .await
            .expect("navigated");
        assert_eq!(answer["url"], page.site.url(path), "{request}");
        assert_eq!(page.ready_state().await, "complete", "{request}");
    }
    let within = page
        .navigate("/busy#part", "load")
        .await
        .expect("navigated");
    assert_eq!(within["sameDocument"], true, "{within}");
    let commit = page.navigate("/hangs", "commit").await.expect("navigated");
    assert_eq!(commit["status"], 200);
    page.bridge.stop().await;
}

async fn a_load_that_is_not_over_in_time_says_how_far_it_is(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.site.serve("/never", Reply::Never);
    page.site.page("/hangs", "<p id=p>read</p><img src=/never>");
    page.site.page("/stops", "<script src=/never></script>");
    for (path, until, reached) in [
        ("/hangs", "load", "domcontentloaded"),
        ("/stops", "domcontentloaded", "commit"),
    ] {
        let url = page.site.url(path);
        let fields = json!({"url": url, "waitUntil": until, "timeoutMs": 1500});
        let error = page
            .ask("navigate", fields)
            .await
            .expect_error("CDP_TIMEOUT");
        assert_eq!(error["details"]["reached"], reached, "{error}");
        assert_eq!(error["retryable"], false, "the tab is there: {error}");
        assert_eq!(page.client.tab_info(&page.tab).await.unwrap()["url"], url);
    }
    // What has not committed may be tried again.
    let fields = json!({"url": page.site.url("/never"), "waitUntil": "load", "timeoutMs": 1000});
    let error = page
        .ask("navigate", fields)
        .await
        .expect_error("CDP_TIMEOUT");
    assert_eq!(error["retryable"], true, "{error}");
    assert_eq!(error["details"], json!(null), "{error}");

    page.site.page("/waits", "<p id=p>read</p><img src=/never>");
    // A request that is cancelled while the document loads leaves it there.
    let navigate = json!({"type": "navigate", "tabId": page.tab, "url": page.site.url("/waits"), "waitUntil": "load"});
    let id = page.client.request(navigate).await;
    let there = page.site.url("/waits");
    let is_there = |it: &Received| it.is("navigated") && it["url"] == there && !it.was_asked();
    page.client.take("the commit", is_there).await;
    let cancel = json!({"type": "cancel", "targetRequestId": id});
    let done = page.client.ask(cancel).await.expect("done");
    assert_eq!(done["cancelled"], true, "{done}");
    let error = page.client.answer(&id).await.expect_error("CANCELLED");
    assert_eq!(error["details"]["inputSent"], true, "{error}");
    assert_eq!(page.evaluate("p.textContent").await, "read");
    page.bridge.stop().await;
}

async fn a_page_that_goes_on_by_itself_is_followed_to_its_end(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.site.serve("/slow.gif", slow_picture());
    page.site.serve(
        "/end",
        Reply::After(
            Duration::from_millis(300),
            Box::new(Reply::page("<p id=p>end</p>")),
        ),
    );
    let dead = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let on = |path: &str, to: &str| {
        let body = format!("<img src=/slow.gif><script>location.replace('{to}')</script>");
        page.site.page(path, &body);
    };
    on("/goes-on", "/end");
    on("/dies", &dead);
    on("/strays", "http://10.0.0.1/");
    let end = page.navigate("/goes-on", "load").await.expect("navigated");
    assert_eq!(end["url"], page.site.url("/end"), "{end}");
    assert_eq!(page.evaluate("p.textContent").await, "end");
    page.site.page(
        "/moves",
        "<img src=/slow.gif><script>history.replaceState(0, '', '/moved')</script>",
    );
    let moved = page.navigate("/moves", "load").await.expect("navigated");
    assert_eq!(moved["url"], page.site.url("/moved"), "{moved}");
    let died = page
        .navigate("/dies", "load")
        .await
        .expect_error("NAV_FAILED");
    assert_eq!(
        died["details"]["net"], "net::ERR_CONNECTION_REFUSED",
        "{died}"
    );
    assert_eq!(died["retryable"], false, "{died}");
    let strayed = page
        .navigate("/strays", "load")
        .await
        .expect_error("NAV_DENIED");
    assert_eq!(strayed["retryable"], false, "{strayed}");
    until("the tab has left", async || {
        page.client.tab_info(&page.tab).await.unwrap()["url"] == "about:blank"
    })
    .await;
    page.bridge.stop().await;
}

async fn a_tab_is_answered_when_its_first_document_is_as_far_as_wanted(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.site.serve("/slow.gif", slow_picture());
    let url = page
        .site
        .page("/loads", "<p id=p>here</p><img src=/slow.gif>");
    for (until, state) in [
        ("load", "complete"),
        ("networkidle", "complete"),
        ("commit", ""),
    ] {
        let create = json!({"type": "createTab", "url": url, "waitUntil": until});
        let created = page.client.ask(create).await.expect("tabCreated");
        assert_eq!(created["url"], url);
        let tab = created.id().to_owned();
        page.client.tab_event("tabCreated", &tab).await;
        let navigated = page.client.tab_event("navigated", &tab).await;
        assert_eq!(navigated["url"], url);
        let ask = json!({"type": "evaluate", "tabId": tab, "expression": "document.readyState"});
        let found = page.client.ask(ask).await.expect("evaluated")["value"].clone();
        assert!(state.is_empty() || found == state, "{until}: {found}");
        page.client.close(&tab).await;
    }
    let blank = json!({"type": "createTab", "waitUntil": "networkidle"});
    page.client.ask(blank).await.expect("tabCreated");
    page.bridge.stop().await;
}

async fn a_tab_whose_page_cannot_be_loaded_stays_and_its_request_is_not_made_twice(
    browser: TestBrowser,
) {
    let page = OpenPage::with(browser, "").await;
    page.site.serve("/never", Reply::Never);
    page.site
        .serve("/strays", Reply::redirect("http://10.0.0.1/"));
    page.site.page("/hangs", "<img src=/never>");
    let dead = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    for (number, (url, code, reached)) in [
        (dead, "NAV_FAILED", json!(null)),
        (page.site.url("/never"), "CDP_TIMEOUT", json!(null)),
        (
            page.site.url("/hangs"),
            "CDP_TIMEOUT",
            json!("domcontentloaded"),
        ),
        (page.site.url("/strays"), "NAV_DENIED", json!(null)),
    ]
    .into_iter()
    .enumerate()
    {
        let create = json!({
            "type": "createTab", "url": url, "waitUntil": "load", "timeoutMs": 5000, "idempotencyKey": format!("k{number}"),
        });
        let error = page.client.ask(create.clone()).await.expect_error(code);
        assert_eq!(
            error["retryable"], false,
            "a retry would open another tab: {error}"
        );
        assert_eq!(error["details"]["reached"], reached, "{error}");
        let tab = error.id().to_owned();
        page.client.tab_event("tabCreated", &tab).await;
        let again = page.client.ask(create).await.expect_error(code);
        assert_eq!(again.id(), tab, "{again}");
        // It is as usable as any other.
        let url = page.site.url("/page");
        let navigate = json!({"type": "navigate", "tabId": tab, "url": url, "waitUntil": "load"});
        page.client.ask(navigate).await.expect("navigated");
        page.client.close(&tab).await;
    }
    let tabs = page.client.ask(json!({"type": "listTabs"})).await;
    assert_eq!(tabs["tabs"].as_array().unwrap().len(), 1, "{tabs}");
    // A URL that is refused at once creates none.
    let create = json!({"type": "createTab", "url": "http://10.0.0.1/", "waitUntil": "load"});
    let refused = page.client.ask(create).await.expect_error("NAV_DENIED");
    assert_eq!(refused["id"], json!(null));
    page.bridge.stop().await;
}

async fn a_crash_while_a_document_loads_is_told_and_the_tab_comes_back(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start(browser).await;
    let client = bridge.client().await;
    site.serve("/never", Reply::Never);
    let url = site.page("/hangs", "<p>here</p><img src=/never>");
    let tab = client.open("about:blank").await;
    let navigate = json!({"type": "navigate", "tabId": tab, "url": url, "waitUntil": "load"});
    let create = json!({"type": "createTab", "url": url, "waitUntil": "load"});
    let waiting = [client.request(navigate).await, client.request(create).await];
    for _ in 0..2 {
        let there = |it: &Received| it.is("navigated") && it["url"] == url.as_str();
        client.take("the commit", there).await;
    }
    for process in processes::of_group(bridge.browser_pid().await) {
        if process.kind() == Some("renderer") {
            processes::signal(process.pid, Signal::KILL);
        }
    }
    let mut tabs = Vec::new();
    for id in &waiting {
        let error = client.answer(id).await.expect_error("TAB_CRASHED");
        assert_eq!(
            error["retryable"], false,
            "it is where it was sent: {error}"
        );
        tabs.push(error.id().to_owned());
    }
    assert_eq!(tabs[0], tab);
    for tab in tabs {
        let rebuilt = client.tab_event("tabRebuilt", &tab).await;
        assert_eq!(rebuilt["url"], url);
        site.page("/whole", "<p>whole</p>");
        let whole = json!({"type": "navigate", "tabId": tab, "url": site.url("/whole"), "waitUntil": "load"});
        client.ask(whole).await.expect("navigated");
    }
    bridge.stop().await;
}
