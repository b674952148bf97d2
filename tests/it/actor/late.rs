//! Events and answers that arrive after the request or tab that they belong to has ended.

use std::time::Duration;

use cdp_bridge_protocol::request::Viewport;
use tokio::time::sleep;

use super::harness::{Bridge, MS};
use crate::fake::Fake;

/// What a tab waits for while it is opened, in order.
const STEPS: [&str; 3] = [
    "Target.createBrowserContext",
    "Target.createTarget",
    "Page.enable",
];

#[tokio::test(start_paused = true)]
async fn a_page_that_comes_too_late_for_its_tab_is_closed() {
    for hold in [Fake::hold, Fake::hold_answers] {
        for method in STEPS {
            for logged_out in [false, true] {
                let bridge = Bridge::start().await;
                hold(&bridge.fake, method);
                let client = bridge.client().within(100 * MS);
                let created = client.create_tab("http://a.test/", logged_out, None);
                let (took, outcome) = created.timed().await;
                assert!(outcome.is_err());
                assert_eq!(took, 100 * MS);
                assert!(bridge.registry.is_empty());
                sleep(50 * MS).await;
                bridge.fake.release(method);
                sleep(Duration::from_mins(1)).await;
                let why = format!("{method}, logged out: {logged_out}");
                assert_eq!(bridge.lines(), ["createTab => CDP_TIMEOUT"], "{why}");
                assert!(bridge.fake.targets().is_empty(), "{why}");
                let contexts = usize::from(!logged_out);
                assert_eq!(bridge.fake.contexts().len(), contexts, "{why}");
                // The context that was created for the client is not lost.
                bridge.client().create("about:blank").tab().await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tab_that_is_closed_while_it_is_opened_leaves_no_page_behind() {
    for method in STEPS {
        let bridge = Bridge::start().await;
        bridge.fake.hold(method);
        let created = bridge.client().create("http://a.test/");
        bridge.fake.wait_for(method, 1).await;
        let tab = bridge.registry.list(&"a".into()).pop().unwrap().id;
        let close = bridge.client().close(tab);
        assert_eq!(close.line().await, "tabClosed t1 requested", "{method}");
        assert_eq!(created.code().await, "TAB_CLOSED", "{method}");
        bridge.fake.release(method);
        sleep(Duration::from_mins(1)).await;
        assert!(bridge.fake.targets().is_empty(), "{method}");
        assert!(bridge.registry.is_empty(), "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn requests_to_a_tab_that_failed_to_open_are_answered() {
    let bridge = Bridge::start().await;
    bridge.fake.hold("Target.createTarget");
    let created = bridge.client().within(100 * MS).create("http://a.test/");
    bridge.fake.wait_for("Target.createTarget", 1).await;
    let tab = bridge.registry.list(&"a".into()).pop().unwrap().id;
    let html = bridge.client().html(tab);
    assert_eq!(created.code().await, "CDP_TIMEOUT");
    assert_eq!(html.code().await, "TAB_CLOSED");
}

#[tokio::test(start_paused = true)]
async fn a_page_opened_for_a_switch_that_was_given_up_is_closed() {
    for method in [
        "Target.createBrowserContext",
        "Target.createTarget",
        "Page.enable",
    ] {
        let bridge = Bridge::start().await;
        let (tab, target) = bridge.tab("http://a.test/").await;
        bridge.fake.hold(method);
        let switch = bridge.client().within(100 * MS).switch(tab, true);
        assert_eq!(switch.code().await, "CDP_TIMEOUT", "{method}");
        bridge.fake.release(method);
        sleep(Duration::from_mins(1)).await;
        assert_eq!(bridge.fake.targets(), [target], "{method}");
        assert_eq!(bridge.fake.contexts().len(), 1, "{method}");
        assert_eq!(bridge.registry.len(), 1, "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_come_too_late_are_dropped() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    for method in ["Runtime.evaluate", "Page.navigate"] {
        bridge.fake.hold_answers(method);
    }
    let client = bridge.client().within(100 * MS);
    assert_eq!(client.html(tab).code().await, "CDP_TIMEOUT");
    assert_eq!(
        client.navigate(tab, "http://b.test/").code().await,
        "CDP_TIMEOUT"
    );
    bridge.settle().await;
    bridge.forget();
    for method in ["Runtime.evaluate", "Page.navigate"] {
        bridge.fake.release(method);
    }
    bridge.settle().await;
    assert!(bridge.lines().is_empty(), "{:#?}", bridge.lines());
    bridge.client().html(tab).line().await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_named_but_never_attached_is_given_up_and_closed() {
    let bridge = Bridge::start().await;
    bridge.client().create("about:blank").tab().await;
    bridge.fake.attach_nothing();
    let asked = bridge.client().create("http://a.test/");
    assert_eq!(asked.code().await, "CDP_TIMEOUT");
    bridge.settle().await;
    assert_eq!(bridge.fake.targets().len(), 1);
    assert_eq!(bridge.registry.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_lost_on_its_last_step_to_its_tab_is_closed() {
    let bridge = Bridge::start().await;
    bridge.fake.hold("Page.enable");
    let viewport = Viewport {
        width: 400,
        height: 300,
        device_scale_factor: None,
    };
    let client = bridge.client().within(100 * MS);
    let created = client.create_tab("http://a.test/", true, Some(viewport));
    bridge
        .fake
        .wait_for("Emulation.setDeviceMetricsOverride", 1)
        .await;
    // The page is ready for the other connections, but not yet for this tab.
    bridge.fake.hold("Emulation.setDeviceMetricsOverride");
    bridge.fake.release("Page.enable");
    assert_eq!(created.code().await, "CDP_TIMEOUT");
    bridge.settle().await;
    assert!(bridge.fake.targets().is_empty() && bridge.fake.contexts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn tabs_that_time_out_in_the_open_queue_never_request_a_page() {
    let bridge = Bridge::start().await;
    bridge.client().create("about:blank").tab().await;
    bridge.fake.hold("Target.createTarget");
    let before = bridge.fake.calls_of("Target.createTarget").len();
    for _ in 0..5 {
        let client = bridge.client().within(100 * MS);
        let created: Vec<_> = (0..10).map(|_| client.create("http://a.test/")).collect();
        for created in created {
            assert_eq!(created.code().await, "CDP_TIMEOUT");
        }
    }
    let asked = bridge.fake.calls_of("Target.createTarget").len() - before;
    assert_eq!(asked, 8, "Chromium has enough to do with those");
    bridge.fake.release("Target.createTarget");
    bridge.client().create("http://a.test/").tab().await;
    bridge.settle().await;
    assert_eq!(bridge.fake.targets().len(), 2);
}
