//! Renderers crash.

use super::describe::describe_outcome;
use super::harness::{Bridge, MS};

#[tokio::test(start_paused = true)]
async fn a_tab_that_crashes_is_rebuilt_under_its_own_name() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.crash(&target);
    bridge.hear("loadEventFired t1").await;
    let expected = [
        "tabCrashed t1 http://a.test/",
        "tabRebuilt t1 http://a.test/ crashed",
        "navigated t1 http://a.test/ 200",
        "loadEventFired t1",
    ];
    assert_eq!(bridge.lines(), expected);
    bridge.settle().await;
    let targets = bridge.fake.targets();
    assert_eq!(targets.len(), 1, "the dead target is closed");
    assert_ne!(targets[0], target);
    let html = bridge.client().html(tab);
    assert_eq!(html.line().await, "domSnapshot t1 http://a.test/");
    let navigated = bridge.client().navigate(tab, "http://b.test/");
    assert_eq!(navigated.line().await, "navigated t1 http://b.test/ 200");
}

#[tokio::test(start_paused = true)]
async fn requests_in_progress_are_answered_at_once_when_the_renderer_crashes() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    for method in [
        "Page.navigate",
        "Runtime.evaluate",
        "Page.captureScreenshot",
    ] {
        bridge.fake.hold(method);
    }
    let at_work = [client.html(tab), client.screenshot(tab)];
    bridge.settle().await;
    let navigation = client.navigate(tab, "http://b.test/");
    let waiting = [
        client.html(tab),
        client.screenshot(tab),
        client.activate(tab),
    ];
    bridge.settle().await;
    bridge.fake.crash(&target);
    for asked in at_work.into_iter().chain([navigation]) {
        let (took, outcome) = asked.timed().await;
        assert_eq!(describe_outcome(&outcome), "TAB_CRASHED");
        assert!(took < 10 * MS);
    }
    for method in [
        "Page.navigate",
        "Runtime.evaluate",
        "Page.captureScreenshot",
    ] {
        bridge.fake.release(method);
    }
    for asked in waiting {
        asked.answer().await;
    }
    let urls = bridge.fake.calls_of("Page.navigate");
    let urls: Vec<_> = urls.iter().filter_map(|call| call.text("url")).collect();
    let expected = ["http://a.test/", "http://b.test/", "http://a.test/"];
    assert_eq!(urls, expected, "what failed is not sent again");
}

#[tokio::test(start_paused = true)]
async fn a_tab_that_keeps_crashing_is_given_up() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let mut waiting = None;
    for round in 0..4 {
        let target = bridge.fake.targets().pop().unwrap();
        if round == 3 {
            bridge.fake.hold("Runtime.evaluate");
            waiting = Some(bridge.client().html(tab));
            bridge.settle().await;
        }
        bridge.fake.crash(&target);
        bridge.settle().await;
    }
    assert_eq!(waiting.unwrap().code().await, "TAB_CRASHED");
    bridge.hear("tabClosed t1 crashed").await;
    assert!(bridge.registry.is_empty());
    bridge.settle().await;
    assert!(bridge.fake.targets().is_empty());
    let lines = bridge.lines();
    let count = |word: &str| lines.iter().filter(|line| line.starts_with(word)).count();
    assert_eq!((count("tabCrashed"), count("tabRebuilt")), (4, 3));
}

#[tokio::test(start_paused = true)]
async fn a_tab_that_dies_while_it_is_being_closed_is_closed() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    for _ in 0..3 {
        let target = bridge.fake.targets().pop().unwrap();
        bridge.fake.crash(&target);
        bridge.settle().await;
    }
    bridge.fake.hold("Target.closeTarget");
    let close = bridge.client().close(tab);
    bridge.settle().await;
    let target = bridge.fake.targets().pop().unwrap();
    bridge.fake.crash(&target);
    bridge.settle().await;
    bridge.fake.release("Target.closeTarget");
    assert_eq!(close.line().await, "tabClosed t1 requested");
}

#[tokio::test(start_paused = true)]
async fn a_tab_that_crashes_during_a_mode_switch_is_rebuilt_even_if_the_switch_fails() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Target.createBrowserContext");
    let switch = bridge.client().within(100 * MS).switch(tab, true);
    bridge.settle().await;
    bridge.fake.crash(&target);
    assert_eq!(switch.code().await, "CDP_TIMEOUT");
    let html = bridge.client().html(tab);
    assert_eq!(html.line().await, "domSnapshot t1 http://a.test/");
}

#[tokio::test(start_paused = true)]
async fn a_tab_whose_new_target_cannot_be_opened_is_given_up() {
    let bridge = Bridge::start().await;
    let (_, target) = bridge.tab("http://a.test/").await;
    for _ in 0..3 {
        bridge.fake.fail("Target.createTarget", "no window");
    }
    bridge.fake.crash(&target);
    bridge.hear("tabClosed t1 crashed").await;
    assert!(bridge.registry.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_tab_whose_new_target_cannot_be_opened_at_once_gets_one_later() {
    let bridge = Bridge::start().await;
    let (_, target) = bridge.tab("http://a.test/").await;
    bridge.fake.fail("Target.createTarget", "no window");
    bridge.fake.crash(&target);
    bridge.hear("navigated t1 http://a.test/ 200").await;
}

#[tokio::test(start_paused = true)]
async fn a_new_target_that_crashes_before_it_is_ready_is_followed_by_another() {
    let bridge = Bridge::start().await;
    let (_, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Page.enable");
    bridge.fake.crash(&target);
    bridge.fake.wait_for("Page.enable", 2).await;
    bridge.settle().await;
    let stillborn = bridge.fake.targets().pop().unwrap();
    assert_ne!(stillborn, target);
    bridge.fake.crash(&stillborn);
    bridge.fake.release("Page.enable");
    bridge.hear("tabRebuilt t1 http://a.test/ crashed").await;
    bridge.hear("navigated t1 http://a.test/ 200").await;
}

#[tokio::test(start_paused = true)]
async fn a_logged_out_tab_is_rebuilt_in_its_own_context() {
    let bridge = Bridge::start().await;
    let client = bridge.client();
    let tab = client.create_logged_out("http://a.test/").tab().await;
    bridge.settle().await;
    let target = bridge.fake.targets().pop().unwrap();
    let context = bridge.fake.context_of(&target);
    bridge.fake.crash(&target);
    bridge.hear("tabRebuilt t1 http://a.test/ crashed").await;
    bridge.settle().await;
    let rebuilt = bridge.fake.targets().pop().unwrap();
    assert_eq!(bridge.fake.context_of(&rebuilt), context);
    client.close(tab).line().await;
    bridge.settle().await;
    assert!(bridge.fake.contexts().is_empty());
}
