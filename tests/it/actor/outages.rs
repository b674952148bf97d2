//! The browser ends or crashes.

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::TabState;
use cdp_bridge_protocol::request::Viewport;
use tokio::time::sleep;

use super::closes::ask_everything;
use super::describe::describe_outcome;
use super::harness::{Bridge, MS};

#[tokio::test(start_paused = true)]
async fn a_browser_that_disconnects_fails_all_pending_requests() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let waiting = ask_everything(&bridge, &bridge.client(), tab).await;
    bridge.fake.hang_up();
    for asked in waiting {
        let (took, outcome) = asked.timed().await;
        assert_eq!(describe_outcome(&outcome), "BROWSER_DOWN");
        assert!(took < 10 * MS, "no request waits for its time limit");
    }
    let state = bridge.registry.get(&"a".into(), tab).unwrap().view().state;
    assert_eq!(state, TabState::Rebuilding);
}

#[tokio::test(start_paused = true)]
async fn without_a_browser_a_tab_only_accepts_a_close() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.outage().await;
    let client = bridge.client();
    for asked in [
        client.navigate(tab, "http://b.test/"),
        client.html(tab),
        client.screenshot(tab),
        client.activate(tab),
        client.switch(tab, true),
    ] {
        let (took, outcome) = asked.timed().await;
        assert_eq!(describe_outcome(&outcome), "BROWSER_DOWN");
        assert!(took < 10 * MS);
    }
    let closed = client.close(tab).line().await;
    assert_eq!(closed, "tabClosed t1 requested");
    assert!(bridge.registry.is_empty());
    bridge.connect().await;
    bridge.settle().await;
    assert!(bridge.fake.targets().is_empty(), "it is not rebuilt");
}

#[tokio::test(start_paused = true)]
async fn tabs_are_rebuilt_with_their_ids_urls_and_modes() {
    let bridge = Bridge::start().await;
    let client = bridge.client();
    let viewport = Viewport {
        width: 320,
        height: 200,
        device_scale_factor: Some(2.0),
    };
    let first = client.create_tab("http://a.test/", false, Some(viewport));
    let first = first.tab().await;
    let second = client.create_logged_out("http://a.test/").tab().await;
    bridge.settle().await;
    client.navigate(second, "http://b.test/").line().await;
    bridge.outage().await;
    bridge.connect().await;
    bridge.hear("navigated t1 http://a.test/ 200").await;
    bridge.hear("navigated t2 http://b.test/ 200").await;
    let lines = bridge.lines();
    for line in [
        "tabRebuilt t1 http://a.test/ browserExited",
        "tabRebuilt t2 http://b.test/ browserExited",
    ] {
        assert!(lines.iter().any(|said| said == line), "{line}: {lines:#?}");
    }
    bridge.settle().await;
    let infos = bridge.registry.list(&"a".into());
    let modes: Vec<_> = infos.iter().map(|tab| tab.logged_out).collect();
    assert_eq!(modes, [false, true]);
    let targets = bridge.fake.targets();
    let contexts = bridge.fake.contexts();
    assert_eq!((targets.len(), contexts.len()), (2, 2));
    let picture = client.screenshot(first).line().await;
    assert!(picture.contains("640x400"), "{picture}");
    client.close(second).line().await;
    bridge.settle().await;
    assert_eq!(
        bridge.fake.contexts().len(),
        1,
        "the mode's own context goes"
    );
}

#[tokio::test(start_paused = true)]
async fn tabs_are_rebuilt_in_order_of_their_last_use_with_limited_concurrency() {
    let bridge = Bridge::start().await;
    for number in 1..=6 {
        let url = format!("http://{number}.test/");
        bridge.fake.page(&url, "<html></html>");
        bridge.tab(&url).await;
    }
    for number in [6, 3] {
        bridge.client().html(TabId::new(number)).line().await;
        bridge.settle().await;
    }
    bridge.outage().await;
    bridge.forget();
    bridge.fake.hold("Target.createTarget");
    let asked = bridge.fake.calls_of("Target.createTarget").len();
    bridge.connect().await;
    bridge.settle().await;
    let at_work = bridge.fake.calls_of("Target.createTarget").len() - asked;
    assert_eq!(at_work, 4);
    bridge.fake.release("Target.createTarget");
    bridge.settle().await;
    let rebuilt: Vec<_> = bridge
        .lines()
        .iter()
        .filter_map(|line| line.strip_prefix("tabRebuilt t")?.chars().next())
        .collect();
    assert_eq!(rebuilt, ['3', '6', '5', '4', '2', '1']);
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_crashes_during_a_rebuild_is_followed_by_another() {
    for method in [
        "Target.createBrowserContext",
        "Target.createTarget",
        "Page.enable",
    ] {
        let bridge = Bridge::start().await;
        bridge.tab("http://a.test/").await;
        bridge.outage().await;
        bridge.fake.hold(method);
        let asked = bridge.fake.calls_of(method).len();
        bridge.connect().await;
        bridge.fake.wait_for(method, asked + 1).await;
        bridge.outage().await;
        bridge.fake.release(method);
        bridge.connect().await;
        bridge.hear("navigated t1 http://a.test/ 200").await;
        bridge.settle().await;
        let left = (bridge.fake.targets().len(), bridge.fake.contexts().len());
        assert_eq!(left, (1, 1), "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tab_that_was_being_rebuilt_when_the_browser_died_is_rebuilt_in_the_next() {
    let bridge = Bridge::start().await;
    let client = bridge.client();
    client.create_logged_out("http://a.test/").tab().await;
    bridge.settle().await;
    let target = bridge.fake.targets().pop().unwrap();
    bridge.fake.hold("Target.createTarget");
    let asked = bridge.fake.calls_of("Target.createTarget").len();
    bridge.fake.crash(&target);
    bridge.fake.wait_for("Target.createTarget", asked + 1).await;
    bridge.outage().await;
    bridge.fake.release("Target.createTarget");
    bridge.connect().await;
    bridge
        .hear("tabRebuilt t1 http://a.test/ browserExited")
        .await;
    bridge.settle().await;
    let left = (bridge.fake.targets().len(), bridge.fake.contexts().len());
    assert_eq!(left, (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_navigation_interrupted_by_a_crash_is_answered_and_not_repeated() {
    let bridge = Bridge::start().await;
    bridge.fake.silence("http://silent.test/");
    let (tab, _) = bridge.tab("http://a.test/").await;
    let navigated = bridge.client().navigate(tab, "http://silent.test/");
    bridge.settle().await;
    bridge.outage().await;
    assert_eq!(navigated.code().await, "BROWSER_DOWN");
    bridge.connect().await;
    bridge.hear("navigated t1 http://a.test/ 200").await;
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_is_given_up_closes_its_tabs_with_the_reason() {
    let bridge = Bridge::start().await;
    bridge.tab("http://a.test/").await;
    bridge.outage().await;
    let why = "given up after 10 restarts".to_owned();
    bridge.supervisor.browser_given_up(why).await;
    bridge.hear("tabClosed t1 browserExited").await;
    assert!(bridge.registry.is_empty());
    let error = bridge.client().create("http://a.test/").error().await;
    assert!(error.to_string().contains("given up"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn opening_a_tab_fails_when_the_browser_disconnects() {
    for method in [
        "Target.createBrowserContext",
        "Target.createTarget",
        "Page.enable",
    ] {
        let bridge = Bridge::start().await;
        bridge.fake.hold(method);
        let created = bridge.client().create("http://a.test/");
        bridge.fake.wait_for(method, 1).await;
        bridge.fake.hang_up();
        let (took, outcome) = created.timed().await;
        assert_eq!(describe_outcome(&outcome), "BROWSER_DOWN", "{method}");
        assert!(took < 10 * MS, "{method}");
        assert!(bridge.registry.is_empty());
        assert_eq!(bridge.lines(), ["createTab => BROWSER_DOWN"], "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_in_progress_is_answered_when_the_browser_disconnects() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Target.closeTarget");
    let close = bridge.client().close(tab);
    bridge.settle().await;
    bridge.fake.hang_up();
    let line = close.line().await;
    assert!(line.starts_with("tabClosed t1"), "{line}");
    assert!(bridge.registry.is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_browser_no_tab_is_opened() {
    let bridge = Bridge::start().await;
    bridge.outage().await;
    let error = bridge.client().create("http://a.test/").error().await;
    assert!(error.to_string().contains("it was killed"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_comes_back_serves_new_tabs_with_new_names() {
    let bridge = Bridge::start().await;
    bridge.tab("http://a.test/").await;
    bridge.outage().await;
    bridge.connect().await;
    let (tab, _) = bridge.tab("http://b.test/").await;
    assert_eq!(tab.to_string(), "t2");
    let html = bridge.client().html(tab);
    assert_eq!(html.line().await, "domSnapshot t2 http://b.test/");
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_cannot_be_prepared_is_not_used() {
    let bridge = Bridge::start().await;
    bridge.fake.hang_up();
    bridge.settle().await;
    bridge.fake.fail("Target.setAutoAttach", "Not allowed");
    bridge.connect().await;
    let created = bridge.client().create("http://a.test/");
    assert_eq!(created.code().await, "BROWSER_DOWN");
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_does_not_open_pages_is_restarted() {
    for method in ["Target.createBrowserContext", "Target.createTarget"] {
        let bridge = Bridge::start().await;
        let (tab, _) = bridge.tab("http://a.test/").await;
        bridge.fake.hold(method);
        let client = bridge.client().within(60_000 * MS);
        let created = client.create_logged_out("http://a.test/");
        let (took, outcome) = created.timed().await;
        assert_eq!(describe_outcome(&outcome), "BROWSER_DOWN", "{method}");
        assert_eq!(took.as_secs(), 30, "{method}");
        bridge.settle().await;
        let state = bridge.registry.get(&"a".into(), tab).unwrap().view().state;
        assert_eq!(state, TabState::Rebuilding, "{method}");
        let error = bridge.client().create("http://a.test/").error().await;
        assert!(error.to_string().contains("opened nothing"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_browser_that_still_opens_pages_is_kept() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    for _ in 0..3 {
        bridge.fake.hold("Target.createTarget");
        let client = bridge.client().within(60_000 * MS);
        let created = client.create("http://a.test/");
        sleep(29_000 * MS).await;
        bridge.fake.release("Target.createTarget");
        created.tab().await;
    }
    let state = bridge.registry.get(&"a".into(), tab).unwrap().view().state;
    assert_ne!(state, TabState::Rebuilding);
}
