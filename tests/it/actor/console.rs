//! Console messages of a page, sent to the connections that subscribed.

use super::harness::{Bridge, MS};

const ENABLE: &str = "Runtime.enable";

#[tokio::test(start_paused = true)]
async fn only_subscribers_get_messages_until_they_unsubscribe() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.write_to_console(&target, "unheard");
    let first = bridge.client();
    let second = bridge.client().on_connection(2);
    let (answer, _present) = first.subscribe(tab);
    assert_eq!(answer.line().await, "done");
    let (answer, _also) = second.subscribe(tab);
    assert_eq!(answer.line().await, "done");
    bridge.forget();
    bridge.fake.write_to_console(&target, "both");
    bridge.hear("consoleMessage t1 both (to c1, c2)").await;
    assert_eq!(first.unsubscribe(tab).line().await, "done");
    bridge.fake.write_to_console(&target, "one");
    bridge.hear("consoleMessage t1 one (to c2)").await;
    assert_eq!(
        bridge.fake.calls_of(ENABLE).len(),
        1,
        "they share a session"
    );
    assert_eq!(bridge.fake.sessions_of(&target), 2);
    assert_eq!(second.unsubscribe(tab).line().await, "done");
    bridge.settle().await;
    assert_eq!(bridge.fake.sessions_of(&target), 1, "no subscriber is left");
    assert_eq!(first.unsubscribe(tab).line().await, "done");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_session_ends_its_subscription() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let (answer, present) = bridge.client().subscribe(tab);
    answer.line().await;
    drop(present);
    bridge.settle().await;
    assert_eq!(bridge.fake.sessions_of(&target), 1);
    let (answer, _present) = bridge.client().subscribe(tab);
    assert_eq!(answer.line().await, "done", "the stream is opened again");
    assert_eq!(bridge.fake.calls_of(ENABLE).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_summarised_by_its_latest_message_and_the_number_omitted() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let (answer, _present) = bridge.client().subscribe(tab);
    answer.line().await;
    bridge.forget();
    for number in 0..5000 {
        bridge.fake.write_to_console(&target, &number.to_string());
    }
    bridge.settle().await;
    assert!(bridge.lines().len() <= 100, "{}", bridge.lines().len());
    tokio::time::sleep(1000 * MS).await;
    bridge.fake.write_to_console(&target, "after");
    bridge.hear("consoleMessage t1 after (to c1)").await;
    let lines = bridge.forget();
    let left_out = lines.iter().filter_map(|line| {
        let (_, count) = line.strip_suffix(" (to c1)")?.split_once(" after ")?;
        count.parse::<usize>().ok()
    });
    assert_eq!(left_out.sum::<usize>() + lines.len(), 5001, "{lines:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_continues_in_the_page_that_a_tab_is_rebuilt_with() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let (answer, _present) = bridge.client().subscribe(tab);
    answer.line().await;
    bridge.fake.crash(&target);
    bridge.fake.wait_for(ENABLE, 2).await;
    bridge.settle().await;
    let rebuilt = bridge.fake.targets().pop().unwrap();
    bridge.fake.write_to_console(&rebuilt, "again");
    bridge.hear("consoleMessage t1 again (to c1)").await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_to_a_page_that_hangs_times_out_and_is_detached() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hold(ENABLE);
    let limit = 700 * MS;
    let (answer, _present) = bridge.client().within(limit).subscribe(tab);
    let (took, outcome) = answer.timed().await;
    assert!(outcome.is_err() && took == limit, "{took:?}");
    bridge.settle().await;
    assert_eq!(bridge.fake.sessions_of(&target), 1);
    bridge.fake.release(ENABLE);
    let (answer, _present) = bridge.client().subscribe(tab);
    assert_eq!(answer.line().await, "done");
    bridge.forget();
    bridge.fake.write_to_console(&target, "once");
    bridge.hear("consoleMessage t1 once (to c1)").await;
    assert_eq!(bridge.lines().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pending_subscription_is_answered_once_if_its_tab_crashes_or_closes() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hold(ENABLE);
    let (crashed, _present) = bridge.client().subscribe(tab);
    bridge.fake.wait_for(ENABLE, 1).await;
    bridge.fake.crash(&target);
    assert_eq!(crashed.code().await, "TAB_CRASHED");
    bridge.fake.wait_for("Page.enable", 2).await;
    let (closed, _present) = bridge.client().subscribe(tab);
    bridge.settle().await;
    bridge.client().close(tab).answer().await;
    assert_eq!(closed.code().await, "TAB_CLOSED");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_being_opened_is_answered_when_its_tab_closes() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.hold(ENABLE);
    let (first, _present) = bridge.client().subscribe(tab);
    bridge.fake.wait_for(ENABLE, 1).await;
    // This one has not reached the feed yet when the tab is closed.
    let (second, _also) = bridge.client().on_connection(2).subscribe(tab);
    let closed = bridge.client().close(tab);
    assert_eq!(first.code().await, "TAB_CLOSED");
    assert_eq!(second.code().await, "TAB_CLOSED");
    closed.answer().await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_being_opened_is_confirmed_in_the_page_that_replaces_its_own() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hold(ENABLE);
    let (answer, _present) = bridge.client().subscribe(tab);
    bridge.fake.wait_for(ENABLE, 1).await;
    bridge.client().switch(tab, true).answer().await;
    bridge.fake.wait_for(ENABLE, 2).await;
    bridge.settle().await;
    assert!(!answer.is_answered(), "the stream is not open yet");
    bridge.fake.release(ENABLE);
    assert_eq!(answer.line().await, "done");
    let moved = bridge.fake.targets().pop().unwrap();
    assert_ne!(moved, target);
    bridge.fake.write_to_console(&moved, "there");
    bridge.hear("consoleMessage t1 there (to c1)").await;
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_leaves_and_returns_at_once_gets_messages() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let (answer, _present) = bridge.client().subscribe(tab);
    assert_eq!(answer.line().await, "done");
    let left = bridge.client().unsubscribe(tab);
    let (back, _also) = bridge.client().subscribe(tab);
    assert_eq!(left.line().await, "done");
    assert_eq!(back.line().await, "done");
    bridge.settle().await;
    assert_eq!(bridge.fake.sessions_of(&target), 2, "the stream is open");
    bridge.fake.write_to_console(&target, "still");
    bridge.hear("consoleMessage t1 still (to c1)").await;
    // The tab still finds the feed, and there is only one.
    assert_eq!(bridge.client().unsubscribe(tab).line().await, "done");
    bridge.settle().await;
    assert_eq!(bridge.fake.sessions_of(&target), 1, "no subscriber is left");
}

#[tokio::test(start_paused = true)]
async fn a_failed_opening_after_a_rebuild_is_retried() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let (answer, _present) = bridge.client().subscribe(tab);
    assert_eq!(answer.line().await, "done");
    bridge.fake.fail(ENABLE, "not now");
    bridge.fake.crash(&target);
    bridge.fake.wait_for(ENABLE, 3).await;
    bridge.settle().await;
    let rebuilt = bridge.fake.targets().pop().unwrap();
    assert_eq!(
        bridge.fake.sessions_of(&rebuilt),
        2,
        "the first session was detached"
    );
    bridge.fake.write_to_console(&rebuilt, "at last");
    bridge.hear("consoleMessage t1 at last (to c1)").await;
}

#[tokio::test(start_paused = true)]
async fn subscribing_again_before_the_answer_gets_two_answers() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.hold(ENABLE);
    let (first, _present) = bridge.client().subscribe(tab);
    let (second, _also) = bridge.client().subscribe(tab);
    assert_eq!(first.code().await, "DROPPED");
    bridge.fake.release(ENABLE);
    assert_eq!(second.line().await, "done");
}
