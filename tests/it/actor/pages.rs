//! What pages do to their tabs: dialogs, floods of events, unexpected events.

use cdp_bridge::policy::DialogPolicy;
use cdp_bridge::tabs::TabSettings;
use serde_json::json;

use super::harness::{Bridge, MS, settings};

#[tokio::test(start_paused = true)]
async fn a_dialog_is_answered_at_once_and_once() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.dialog(&target, "confirm", "Sure?");
    let (took, outcome) = bridge.client().html(tab).timed().await;
    assert!(
        outcome.is_ok() && took < MS,
        "the page does not stand still"
    );
    let answers = bridge.fake.calls_of("Page.handleJavaScriptDialog");
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].params["accept"], false);
    assert_eq!(
        bridge.lines()[0],
        "dialogOpened t1 confirm dismissed: Sure?"
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_may_always_be_left_and_other_dialogs_are_accepted_where_policy_says_so() {
    for (dialogs, kind, handled) in [
        (DialogPolicy::Dismiss, "beforeunload", "accepted"),
        (DialogPolicy::Dismiss, "alert", "dismissed"),
        (DialogPolicy::Accept, "prompt", "accepted"),
    ] {
        let settings = TabSettings {
            dialogs,
            ..settings()
        };
        let bridge = Bridge::with(settings).await;
        let (_, target) = bridge.tab("http://a.test/").await;
        bridge.fake.dialog(&target, kind, "");
        bridge.settle().await;
        let expected = format!("dialogOpened t1 {kind} {handled}: ");
        assert_eq!(bridge.lines(), [expected]);
        let answer = &bridge.fake.calls_of("Page.handleJavaScriptDialog")[0];
        assert_eq!(answer.params["accept"], handled == "accepted");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dialog_during_a_capture_does_not_block_it() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Runtime.evaluate");
    let html = bridge.client().html(tab);
    bridge.settle().await;
    bridge.fake.dialog(&target, "alert", "!");
    bridge.fake.release("Runtime.evaluate");
    html.line().await;
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_unread_events_do_not_delay_an_answer() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.flood(&target, 10_000);
    let (took, outcome) = bridge.client().html(tab).timed().await;
    assert!(outcome.is_ok());
    assert!(took.is_zero(), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn events_of_an_unexpected_shape_are_ignored() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    for method in [
        "Page.frameNavigated",
        "Page.javascriptDialogOpening",
        "Network.loadingFailed",
    ] {
        bridge.fake.send(&target, method, &json!({"type": 7}));
        bridge.fake.send(&target, method, &json!([]));
    }
    bridge.fake.send(&target, "Page.inventedLater", &json!({}));
    bridge.client().html(tab).line().await;
}

#[tokio::test(start_paused = true)]
async fn documents_that_a_full_browser_pauses_are_continued() {
    let bridge = Bridge::start().await;
    bridge.fake.hang_up();
    bridge.settle().await;
    bridge.fake.whole_browser();
    bridge.connect().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let navigated = bridge.client().navigate(tab, "http://b.test/");
    assert_eq!(navigated.line().await, "navigated t1 http://b.test/ 200");
    let request = json!({"requestId": "interception-1"});
    bridge.fake.send(&target, "Fetch.authRequired", &request);
    let call = bridge.fake.wait_for("Fetch.continueWithAuth", 1).await;
    let answer = &call.params["authChallengeResponse"]["response"];
    assert_eq!(
        answer, "CancelAuth",
        "a prompt for a password is not answered"
    );
}

#[tokio::test(start_paused = true)]
async fn the_list_of_tabs_shows_where_each_is_and_which_is_active() {
    let bridge = Bridge::start().await;
    let (first, _) = bridge.tab("http://a.test/").await;
    let (second, _) = bridge.tab("http://b.test/").await;
    let shown = || {
        let list = bridge.registry.list(&"a".into());
        let shown = list.into_iter().map(|tab| (tab.id, tab.title, tab.active));
        shown.collect::<Vec<_>>()
    };
    let (a, b) = ("A".to_owned(), "B".to_owned());
    assert_eq!(
        shown(),
        [(first, a.clone(), false), (second, b.clone(), true)]
    );
    let activated = bridge.client().activate(first);
    assert_eq!(activated.line().await, "tabActivated t1");
    assert_eq!(shown(), [(first, a, true), (second, b, false)]);
    assert!(
        bridge.registry.list(&"b".into()).is_empty(),
        "another client sees none"
    );
}
