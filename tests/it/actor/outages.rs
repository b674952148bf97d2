//! The browser goes away.

use super::closes::ask_everything;
use super::describe::describe_outcome;
use super::harness::{Bridge, MS};

#[tokio::test(start_paused = true)]
async fn a_browser_that_hangs_up_answers_everybody_who_waits() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let waiting = ask_everything(&bridge, &bridge.client(), tab).await;
    bridge.fake.hang_up();
    for asked in waiting {
        let (took, outcome) = asked.timed().await;
        assert_eq!(describe_outcome(&outcome), "BROWSER_DOWN");
        assert!(took < 10 * MS, "nobody waits for a time limit");
    }
    bridge.hear("tabClosed t1 browserExited").await;
    assert!(bridge.registry.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_tab_that_is_being_opened_when_the_browser_hangs_up_is_answered_so() {
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
async fn a_close_that_is_at_work_when_the_browser_hangs_up_is_answered() {
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
    bridge.fake.hang_up();
    bridge.settle().await;
    bridge
        .supervisor
        .browser_down("it was killed".to_owned())
        .await;
    let error = bridge.client().create("http://a.test/").error().await;
    assert!(error.to_string().contains("it was killed"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_comes_back_serves_new_tabs_with_new_names() {
    let bridge = Bridge::start().await;
    bridge.tab("http://a.test/").await;
    bridge.fake.hang_up();
    bridge.hear("tabClosed t1 browserExited").await;
    bridge
        .supervisor
        .browser_down("it was killed".to_owned())
        .await;
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
