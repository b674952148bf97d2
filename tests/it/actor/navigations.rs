//! `createTab` and `navigate`.

use std::time::Duration;

use cdp_bridge::tabs::TabError;
use serde_json::json;

use super::harness::{Bridge, MS};

#[tokio::test(start_paused = true)]
async fn a_created_tab_is_answered_before_its_first_commit_is_published() {
    let bridge = Bridge::start().await;
    bridge.client().create("http://a.test/").tab().await;
    bridge.settle().await;
    let expected = [
        "tabCreated t1 http://a.test/ (but c1)",
        "createTab => tabCreated t1 http://a.test/",
        "navigated t1 http://a.test/ 200",
        "loadEventFired t1",
    ];
    assert_eq!(bridge.lines(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_tab_without_a_url_is_at_about_blank() {
    let bridge = Bridge::start().await;
    bridge.client().create("about:blank").tab().await;
    bridge.settle().await;
    let expected = [
        "tabCreated t1 about:blank (but c1)",
        "createTab => tabCreated t1 about:blank",
        "navigated t1 about:blank",
    ];
    assert_eq!(bridge.lines(), expected);
    assert!(bridge.fake.calls_of("Page.navigate").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_new_target_is_set_up_in_one_batch_and_resumed_last() {
    let bridge = Bridge::start().await;
    // The first set-up command is not answered yet: the others are sent regardless.
    bridge.fake.hold("Page.enable");
    let created = bridge.client().create("about:blank");
    bridge
        .fake
        .wait_for("Runtime.runIfWaitingForDebugger", 1)
        .await;
    let calls = bridge.fake.calls();
    let set_up: Vec<_> = calls
        .iter()
        .filter(|call| call.session.is_some())
        .map(|call| call.method.as_str())
        .collect();
    assert_eq!(set_up.first(), Some(&"Page.enable"));
    assert_eq!(set_up.last(), Some(&"Runtime.runIfWaitingForDebugger"));
    assert_eq!(set_up.len(), 6);
    bridge.settle().await;
    assert!(!created.is_answered(), "its domains are not enabled yet");
    bridge.fake.release("Page.enable");
    created.tab().await;
}

#[tokio::test(start_paused = true)]
async fn a_navigation_is_answered_by_its_own_commit_only() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.page("http://c.test/", "");
    bridge.fake.hold("Page.navigate");
    let asked = bridge.client().navigate(tab, "http://b.test/");
    bridge.fake.wait_for("Page.navigate", 2).await;
    bridge.fake.visit_in_frame(&target, "http://b.test/");
    bridge.fake.visit(&target, "http://c.test/");
    bridge.settle().await;
    assert!(!asked.is_answered());
    bridge.fake.release("Page.navigate");
    assert_eq!(asked.line().await, "navigated t1 http://b.test/ 200");
    bridge.settle().await;
    let expected = [
        "navigated t1 http://c.test/ 200",
        "loadEventFired t1",
        "navigated t1 http://b.test/ 200 (but c1)",
        "navigate => navigated t1 http://b.test/ 200",
        "loadEventFired t1",
    ];
    assert_eq!(bridge.lines(), expected, "each commit is published once");
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_navigation_has_the_http_status() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("about:blank").await;
    bridge.fake.page_with_status("http://a.test/gone", 404, "");
    let asked = bridge.client().navigate(tab, "http://a.test/gone");
    assert_eq!(asked.line().await, "navigated t1 http://a.test/gone 404");
}

#[tokio::test(start_paused = true)]
async fn navigations_of_the_page_itself_are_published() {
    let bridge = Bridge::start().await;
    let (_, target) = bridge.tab("http://a.test/").await;
    bridge.fake.visit(&target, "http://b.test/#top");
    bridge.fake.visit(&target, "http://b.test/#end");
    bridge.settle().await;
    let expected = [
        "navigated t1 http://b.test/#top 200",
        "loadEventFired t1",
        "navigated t1 http://b.test/#end same document",
    ];
    assert_eq!(bridge.lines(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_navigation_to_a_fragment_is_answered_without_a_document() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let asked = bridge.client().navigate(tab, "http://a.test/#part");
    let line = "navigated t1 http://a.test/#part same document";
    assert_eq!(asked.line().await, line);
    bridge.settle().await;
    let expected = [format!("{line} (but c1)"), format!("navigate => {line}")];
    assert_eq!(bridge.lines(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_failed_load_is_one_failure_with_chromiums_reason() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let refused = "net::ERR_CONNECTION_REFUSED";
    bridge
        .fake
        .unreachable("http://dead.test/?secret=1", refused);
    let asked = bridge.client().navigate(tab, "http://dead.test/?secret=1");
    let error = asked.error().await;
    assert!(
        matches!(&error, TabError::NavFailed { net, .. } if net == refused),
        "{error}"
    );
    bridge.settle().await;
    // The error page fires a `load` event of its own, like any other document.
    assert_eq!(
        bridge.lines(),
        ["navigate => NAV_FAILED", "loadEventFired t1"]
    );
    let asked = bridge.client().navigate(tab, "http://b.test/");
    assert_eq!(asked.line().await, "navigated t1 http://b.test/ 200");
}

#[tokio::test(start_paused = true)]
async fn an_error_page_of_the_page_itself_is_published_as_a_failure() {
    let bridge = Bridge::start().await;
    let (_, target) = bridge.tab("http://a.test/").await;
    bridge.fake.visit(&target, "http://unknown.test/");
    bridge.settle().await;
    assert_eq!(
        bridge.lines(),
        ["failure t1 NAV_FAILED", "loadEventFired t1"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_first_page_that_fails_to_load_leaves_a_tab_and_is_reported_once() {
    let bridge = Bridge::start().await;
    bridge.client().create("http://unknown.test/").tab().await;
    bridge.settle().await;
    let lines = bridge.forget();
    assert_eq!(lines[2..], ["failure t1 NAV_FAILED", "loadEventFired t1"]);
    assert_eq!(bridge.registry.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_download_is_a_failure_that_says_so_and_leaves_the_page() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.download("http://a.test/file");
    let error = bridge
        .client()
        .navigate(tab, "http://a.test/file")
        .error()
        .await;
    assert!(matches!(
        error,
        TabError::NavFailed {
            is_download: true,
            ..
        }
    ));
    bridge.settle().await;
    assert_eq!(bridge.lines(), ["navigate => NAV_FAILED"]);
    let view = bridge.registry.list(&"a".into()).pop().unwrap();
    assert_eq!(view.url, "http://a.test/");
}

#[tokio::test(start_paused = true)]
async fn navigations_run_one_after_the_other_in_the_order_of_arrival() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("about:blank").await;
    let client = bridge.client();
    let urls = ["http://a.test/", "http://b.test/", "http://a.test/"];
    let asked: Vec<_> = urls.iter().map(|url| client.navigate(tab, url)).collect();
    for (asked, url) in asked.into_iter().zip(urls) {
        assert_eq!(asked.line().await, format!("navigated t1 {url} 200"));
    }
    let sent = bridge.fake.calls_of("Page.navigate");
    let sent: Vec<_> = sent.iter().filter_map(|call| call.text("url")).collect();
    assert_eq!(sent, urls, "each is sent once");
}

#[tokio::test(start_paused = true)]
async fn a_navigation_that_hangs_times_out_is_stopped_and_the_next_one_runs() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.silence("http://slow.test/");
    let client = bridge.client();
    let slow = client
        .clone()
        .within(2000 * MS)
        .navigate(tab, "http://slow.test/");
    let next = client.navigate(tab, "http://b.test/");
    let (took, outcome) = slow.timed().await;
    assert!(matches!(
        outcome.unwrap_err().error,
        TabError::TimedOut { .. }
    ));
    assert_eq!(took, 2000 * MS);
    let (took, outcome) = next.timed().await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    bridge.settle().await;
    let calls = bridge.fake.calls();
    let of_page = calls.iter().map(|call| call.method.as_str());
    let of_page: Vec<_> = of_page
        .filter(|method| method.starts_with("Page.") && *method != "Page.createIsolatedWorld")
        .collect();
    assert_eq!(
        of_page[of_page.len() - 3..],
        ["Page.navigate", "Page.stopLoading", "Page.navigate"],
    );
    let expected = [
        "navigate => CDP_TIMEOUT",
        "navigated t1 http://b.test/ 200 (but c1)",
        "navigate => navigated t1 http://b.test/ 200",
        "loadEventFired t1",
    ];
    assert_eq!(bridge.lines(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_behind_others_runs_out_of_its_own_time() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.silence("http://slow.test/");
    let client = bridge.client();
    let slow = client.navigate(tab, "http://slow.test/");
    let waiting = client
        .clone()
        .within(100 * MS)
        .navigate(tab, "http://b.test/");
    let (took, outcome) = waiting.timed().await;
    assert!(matches!(
        outcome.unwrap_err().error,
        TabError::TimedOut { .. }
    ));
    assert_eq!(took, 100 * MS);
    assert_eq!(slow.code().await, "CDP_TIMEOUT");
    assert_eq!(
        bridge.fake.calls_of("Page.navigate").len(),
        2,
        "what ran out is never sent"
    );
}

#[tokio::test(start_paused = true)]
async fn more_requests_than_the_tabs_queue_holds_are_refused() {
    let settings = cdp_bridge::tabs::TabSettings {
        max_waiting_changes: 2,
        ..super::harness::settings()
    };
    let bridge = Bridge::with(settings).await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Page.navigate");
    let client = bridge.client();
    let first = client.navigate(tab, "http://b.test/");
    bridge.settle().await;
    let waiting = [client.activate(tab), client.activate(tab)];
    assert_eq!(client.activate(tab).code().await, "RATE_LIMITED");
    bridge.fake.release("Page.navigate");
    first.line().await;
    for asked in waiting {
        assert_eq!(asked.line().await, "tabActivated t1");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_load_disables_the_network_domain_until_the_next_navigation() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let frame = json!({"id": target, "loaderId": "SLOW", "url": "http://a.test/slow"});
    let loading = json!({"frameId": target});
    bridge
        .fake
        .send(&target, "Page.frameStartedLoading", &loading);
    bridge
        .fake
        .send(&target, "Page.frameNavigated", &json!({ "frame": frame }));
    bridge.fake.wait_for("Network.disable", 1).await;
    let asked = bridge.client().navigate(tab, "http://b.test/");
    assert_eq!(asked.line().await, "navigated t1 http://b.test/ 200");
    let calls = bridge.fake.calls();
    let methods = calls.iter().map(|call| call.method.as_str());
    let of_interest = ["Network.enable", "Network.disable", "Page.navigate"];
    let order: Vec<_> = methods.filter(|name| of_interest.contains(name)).collect();
    let expected = [
        "Network.enable",
        "Page.navigate",
        "Network.disable",
        "Network.enable",
        "Page.navigate",
    ];
    assert_eq!(order, expected);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_load_enables_the_network_domain_again() {
    let bridge = Bridge::start().await;
    let (_, target) = bridge.tab("http://a.test/").await;
    let loading = json!({"frameId": target});
    let frame = json!({"id": target, "loaderId": "SLOW", "url": "http://a.test/slow"});
    bridge
        .fake
        .send(&target, "Page.frameStartedLoading", &loading);
    bridge
        .fake
        .send(&target, "Page.frameNavigated", &json!({ "frame": frame }));
    bridge.fake.wait_for("Network.disable", 1).await;
    bridge
        .fake
        .send(&target, "Page.frameStoppedLoading", &loading);
    bridge.fake.wait_for("Network.enable", 2).await;
}
