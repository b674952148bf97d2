//! Pages that hang, and pages that call `location` in a loop.

use std::time::Duration;

use cdp_bridge_protocol::event::TabState;

use super::harness::{Bridge, LIMIT, MS};

/// The value of `hang_timeout` in the harness.
const HANG: Duration = Duration::from_secs(15);
/// A page is probed after that.
const SUSPICION: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_page_whose_script_loops_is_freed_and_answers() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hang_in_script(&target);
    let html = bridge.client().html(tab);
    let (took, outcome) = html.timed().await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(took >= HANG && took < HANG + 2 * SUSPICION, "{took:?}");
    assert_eq!(bridge.fake.targets(), [target], "it is the same page");
    assert_eq!(bridge.fake.calls_of("Runtime.terminateExecution").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_hangs_permanently_is_replaced_and_pending_requests_are_answered() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hang_for_good(&target);
    let html = bridge.client().within(4 * LIMIT).html(tab);
    let (took, outcome) = html.timed().await;
    let code = super::describe::describe_outcome(&outcome);
    assert_eq!(code, "TAB_CRASHED");
    assert!(
        took >= 2 * HANG && took < 2 * HANG + 2 * SUSPICION,
        "{took:?}"
    );
    bridge.hear("navigated t1 http://a.test/ 200").await;
    let expected = [
        "getDomSnapshot => TAB_CRASHED",
        "tabCrashed t1 http://a.test/",
        "tabRebuilt t1 http://a.test/ crashed",
    ];
    let lines = bridge.lines();
    assert_eq!(lines[..3], expected, "{lines:#?}");
    bridge.settle().await;
    let targets = bridge.fake.targets();
    assert!(targets.len() == 1 && targets[0] != target, "{targets:?}");
    let html = bridge.client().html(tab);
    assert_eq!(html.line().await, "domSnapshot t1 http://a.test/");
}

#[tokio::test(start_paused = true)]
async fn a_navigation_away_from_a_permanently_hung_page_commits_in_another_page() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hang_for_good(&target);
    let navigated = bridge.client().within(4 * LIMIT);
    let navigated = navigated.navigate(tab, "http://b.test/");
    assert_eq!(navigated.line().await, "navigated t1 http://b.test/ 200");
    let urls = bridge.fake.calls_of("Page.navigate");
    let urls: Vec<_> = urls.iter().filter_map(|call| call.text("url")).collect();
    let expected = ["http://a.test/", "http://b.test/", "http://b.test/"];
    assert_eq!(urls, expected, "the page that hung is not loaded again");
}

#[tokio::test(start_paused = true)]
async fn a_page_is_probed_after_a_timeout_even_without_pending_requests() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hang_for_good(&target);
    let html = bridge.client().within(200 * MS).html(tab);
    assert_eq!(html.code().await, "CDP_TIMEOUT");
    bridge.hear("navigated t1 http://a.test/ 200").await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_slow_to_be_captured_but_answers_is_left_alone() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Page.captureScreenshot");
    let picture = bridge.client().within(4 * LIMIT).screenshot(tab);
    assert_eq!(picture.code().await, "CDP_TIMEOUT");
    assert_eq!(bridge.fake.targets(), [target]);
    let terminated = bridge.fake.calls_of("Runtime.terminateExecution");
    assert!(terminated.is_empty(), "{terminated:?}");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_keeps_opening_dialogs_is_replaced_by_a_blank_one() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    for number in 0..30 {
        bridge.fake.dialog(&target, "alert", &number.to_string());
        bridge.settle().await;
        if !bridge.fake.targets().contains(&target) {
            break;
        }
    }
    bridge.hear("tabRebuilt t1 about:blank crashed").await;
    let lines = bridge.lines();
    let told = lines.iter().filter(|line| line.starts_with("dialogOpened"));
    assert_eq!(told.count(), 20, "{lines:#?}");
    bridge.settle().await;
    let view = bridge.registry.get(&"a".into(), tab).unwrap().view();
    assert_eq!(
        (view.url.as_str(), view.state),
        ("about:blank", TabState::Ready)
    );
    assert!(!bridge.fake.targets().contains(&target));
}
