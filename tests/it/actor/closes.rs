//! How a tab ends, and that all of its pending requests are answered.

use std::collections::HashMap;

use cdp_bridge::tabs::{TabError, TabShares, WhenFull};
use cdp_bridge_protocol::TabId;
use tokio::time::{Duration, sleep};

use super::harness::{Asked, Bridge, Client, MS, settings};

/// Requests of every kind, some running and some queued.
pub(crate) async fn ask_everything(bridge: &Bridge, client: &Client<'_>, tab: TabId) -> Vec<Asked> {
    for method in [
        "Page.navigate",
        "Runtime.evaluate",
        "Page.captureScreenshot",
    ] {
        bridge.fake.hold(method);
    }
    let mut asked = vec![client.html(tab), client.screenshot(tab)];
    bridge.settle().await;
    asked.extend([
        client.html(tab),
        client.screenshot(tab),
        client.navigate(tab, "http://b.test/"),
        client.navigate(tab, "http://a.test/"),
        client.activate(tab),
        client.switch(tab, true),
        client.html(tab),
        client.screenshot(tab),
    ]);
    bridge.settle().await;
    assert!(asked.iter().all(|asked| !asked.is_answered()));
    bridge.forget();
    asked
}

#[tokio::test(start_paused = true)]
async fn closing_a_tab_answers_all_pending_requests() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let waiting = ask_everything(&bridge, &client, tab).await;
    assert_eq!(client.close(tab).line().await, "tabClosed t1 requested");
    for asked in waiting {
        assert_eq!(asked.code().await, "TAB_CLOSED");
    }
    bridge.settle().await;
    assert!(bridge.registry.is_empty() && bridge.fake.targets().is_empty());
    let lines = bridge.lines();
    assert_eq!(
        lines[lines.len() - 2..],
        [
            "tabClosed t1 requested (but c1)",
            "closeTab => tabClosed t1 requested",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn two_closes_of_the_same_tab_are_both_answered_and_it_is_closed_once() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let other = client.clone().on_connection(2);
    bridge.fake.hold("Target.closeTarget");
    let (first, second) = (client.close(tab), other.close(tab));
    bridge.settle().await;
    let late = client.navigate(tab, "http://b.test/");
    assert_eq!(late.code().await, "TAB_CLOSED");
    bridge.fake.release("Target.closeTarget");
    assert_eq!(first.line().await, "tabClosed t1 requested");
    assert_eq!(second.line().await, "tabClosed t1 requested");
    assert_eq!(bridge.fake.calls_of("Target.closeTarget").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_close_of_a_tab_has_its_own_time_limit() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Target.closeTarget");
    let client = bridge.client();
    let patient = client.close(tab);
    let (took, outcome) = client.clone().within(100 * MS).close(tab).timed().await;
    assert!(outcome.is_err());
    assert_eq!(took, 100 * MS);
    bridge.fake.release("Target.closeTarget");
    assert_eq!(patient.line().await, "tabClosed t1 requested");
}

#[tokio::test(start_paused = true)]
async fn a_tab_that_could_not_be_closed_stays_usable() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let waiting = ask_everything(&bridge, &client, tab).await;
    bridge.fake.hold("Target.closeTarget");
    let close = client.clone().within(100 * MS).close(tab);
    assert_eq!(close.code().await, "CDP_TIMEOUT");
    for asked in waiting {
        assert_eq!(asked.code().await, "TAB_CLOSED");
    }
    for method in [
        "Page.navigate",
        "Runtime.evaluate",
        "Page.captureScreenshot",
    ] {
        bridge.fake.release(method);
    }
    client.html(tab).line().await;
    client.screenshot(tab).line().await;
    client.navigate(tab, "http://b.test/").line().await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_closes_itself_answers_all_pending_requests() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let waiting = ask_everything(&bridge, &bridge.client(), tab).await;
    bridge.fake.close_target(&target);
    for asked in waiting {
        let (took, outcome) = asked.timed().await;
        assert_eq!(super::describe::describe_outcome(&outcome), "CDP_DETACHED");
        assert!(took < 10 * MS, "no request waits for its time limit");
    }
    bridge.hear("tabClosed t1 page").await;
    assert!(bridge.registry.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_page_that_closes_itself_while_it_is_being_closed_is_closed() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Target.closeTarget");
    let close = bridge.client().close(tab);
    bridge.settle().await;
    bridge.fake.close_target(&target);
    assert_eq!(close.line().await, "tabClosed t1 requested");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_has_just_closed_itself_can_be_closed() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Target.closeTarget");
    bridge.fake.close_target(&target);
    bridge.settle().await;
    let close = bridge.client().close(tab);
    assert_eq!(close.line().await, "tabClosed t1 requested");
}

#[tokio::test(start_paused = true)]
async fn a_tab_that_nobody_uses_is_closed() {
    let mut settings = settings();
    settings.config.idle_timeout = Duration::from_mins(1);
    let bridge = Bridge::with(settings).await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    sleep(Duration::from_secs(40)).await;
    bridge.client().html(tab).line().await;
    sleep(Duration::from_secs(40)).await;
    assert_eq!(bridge.registry.len(), 1, "a request counts as use");
    bridge.forget();
    sleep(Duration::from_secs(21)).await;
    assert_eq!(bridge.lines(), ["tabClosed t1 idle"]);
    assert!(bridge.registry.is_empty() && bridge.fake.targets().is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_more_tabs_are_opened_than_are_allowed() {
    let mut settings = settings();
    settings.config.max = 2;
    let bridge = Bridge::with(settings).await;
    let client = bridge.client();
    let first = client.create("about:blank");
    let second = client.clone().named("b").create("about:blank");
    let third = client.create("about:blank");
    assert_eq!(third.code().await, "LIMIT_EXCEEDED");
    let tab = first.tab().await;
    second.tab().await;
    client.close(tab).line().await;
    client.create("about:blank").tab().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_has_no_more_tabs_than_it_may_have_itself() {
    let mut settings = settings();
    settings.config.max = 4;
    settings.shares.max_of = HashMap::from([("a".into(), 1)]);
    let bridge = Bridge::with(settings).await;
    let client = bridge.client();
    let (tab, target) = bridge.tab("http://a.test/").await;
    let refused = client.create("about:blank").error().await;
    assert!(
        matches!(refused, TabError::TooManyOwnTabs { limit: 1 }),
        "{refused}"
    );
    bridge.fake.popup(&target, "http://b.test/");
    bridge.settle().await;
    assert_eq!(bridge.fake.targets(), [target], "popups count, too");
    let other = client.clone().named("b");
    other.create("about:blank").tab().await;
    other.create("about:blank").tab().await;
    client.close(tab).line().await;
    client.create("about:blank").tab().await;

    let fewer = TabShares {
        max_of: HashMap::from([("b".into(), 1)]),
        guaranteed: 0,
    };
    bridge.supervisor.share_tabs(fewer).await;
    assert_eq!(other.create("about:blank").code().await, "LIMIT_EXCEEDED");
    client.create("about:blank").tab().await;
    let refused = client.create("about:blank").error().await;
    assert!(
        matches!(refused, TabError::TooManyTabs { limit: 4 }),
        "those that are open beyond the limit stay, and count: {refused}"
    );
}

#[tokio::test(start_paused = true)]
async fn where_the_configuration_says_so_the_tab_that_was_used_least_recently_makes_room() {
    let mut settings = settings();
    settings.config.max = 3;
    settings.config.when_full = WhenFull::CloseLru;
    let bridge = Bridge::with(settings).await;
    let client = bridge.client();
    let other = client
        .clone()
        .named("b")
        .create("http://a.test/")
        .tab()
        .await;
    bridge.settle().await;
    let (first, _) = bridge.tab("http://a.test/").await;
    let (second, _) = bridge.tab("http://a.test/").await;
    client.html(first).line().await;
    // Two at once: each finds a tab of its own to close.
    let created = [
        client.create("http://b.test/"),
        client.create("http://b.test/"),
    ];
    for asked in created {
        asked.tab().await;
    }
    bridge.hear(&format!("tabClosed {second} idle")).await;
    bridge.hear(&format!("tabClosed {first} idle")).await;
    bridge.settle().await;
    let own = bridge.registry.list(&"a".into());
    assert_eq!(own.len(), 2);
    let others = bridge.registry.list(&"b".into());
    assert_eq!(others[0].id, other, "the other client's tab is untouched");
    // A client without a tab cannot make room.
    let refused = client.named("c").create("http://a.test/");
    assert_eq!(refused.code().await, "LIMIT_EXCEEDED");
}
