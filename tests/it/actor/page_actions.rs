//! Page actions and queries between other requests of a tab.

use std::time::Duration;

use cdp_bridge::tabs::Way;
use serde_json::json;

use super::harness::{Bridge, MS};

const MOUSE: &str = "Input.dispatchMouseEvent";

#[tokio::test(start_paused = true)]
async fn actions_run_one_after_the_other_and_a_query_waits_for_those_before_it() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    bridge.fake.hold(MOUSE);
    let first = client.click(tab, "#a");
    let look = client.query(tab, "#a");
    let second = client.fill(tab, "#b", "x");
    bridge.fake.wait_for(MOUSE, 3).await;
    bridge.settle().await;
    assert!(!first.is_answered() && !look.is_answered() && !second.is_answered());
    assert_eq!(bridge.fake.calls_of("Input.insertText").len(), 0);
    bridge.fake.release(MOUSE);
    assert_eq!(first.line().await, "done");
    assert_eq!(look.line().await, "queried");
    assert_eq!(second.line().await, "done");
}

#[tokio::test(start_paused = true)]
async fn an_action_that_hangs_is_answered_in_time_and_the_next_one_runs() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.hold(MOUSE);
    let limit = 700 * MS;
    let hanging = bridge.client().within(limit).click(tab, "#a");
    let (took, outcome) = hanging.timed().await;
    assert!(outcome.is_err() && took == limit, "{took:?}");
    let next = bridge.client().fill(tab, "#b", "x");
    assert_eq!(next.line().await, "done");
    // A call that may have taken effect is not sent again.
    assert_eq!(bridge.fake.calls_of(MOUSE).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_crash_during_an_action_is_its_answer_and_it_is_not_repeated() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hold(MOUSE);
    let click = bridge.client().click(tab, "#a");
    let look = bridge.client().query(tab, "#a");
    bridge.fake.wait_for(MOUSE, 3).await;
    bridge.fake.crash(&target);
    assert_eq!(click.code().await, "TAB_CRASHED");
    bridge.fake.release(MOUSE);
    // The query runs in the page that the tab is rebuilt with.
    assert_eq!(look.line().await, "queried");
    assert_eq!(bridge.fake.calls_of(MOUSE).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_wait_blocks_nothing_and_ends_with_the_tab() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let there = client.wait_for_url(tab, "http://b.*/");
    let never = client.wait_for_url(tab, "http://c.*/");
    assert_eq!(
        client.navigate(tab, "http://b.test/").line().await,
        "navigated t1 http://b.test/ 200"
    );
    assert_eq!(there.line().await, "waited");
    assert!(!never.is_answered());
    client.close(tab).answer().await;
    assert_eq!(never.code().await, "TAB_CLOSED");
}

#[tokio::test(start_paused = true)]
async fn too_many_queries_are_rejected_and_running_ones_time_out() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client().within(Duration::from_secs(5));
    let mut looks: Vec<_> = (0..64).map(|_| client.wait_for_url(tab, "never")).collect();
    assert_eq!(
        client.wait_for_url(tab, "never").code().await,
        "RATE_LIMITED"
    );
    assert_eq!(looks.pop().unwrap().code().await, "CDP_TIMEOUT");
}

#[tokio::test(start_paused = true)]
async fn going_back_without_history_is_an_error() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    assert_eq!(
        bridge.client().travel(tab, Way::Back).code().await,
        "NAV_FAILED"
    );
}

#[tokio::test(start_paused = true)]
async fn a_file_chooser_is_published_and_blocks_nothing() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hold(MOUSE);
    let click = bridge.client().click(tab, "#a");
    bridge.fake.wait_for(MOUSE, 3).await;
    let opened = json!({"frameId": "F", "mode": "selectMultiple", "backendNodeId": 1});
    bridge.fake.send(&target, "Page.fileChooserOpened", &opened);
    bridge.hear("fileChooserOpened t1 several").await;
    assert!(!click.is_answered());
    bridge.fake.release(MOUSE);
    assert_eq!(click.line().await, "done");
}
