//! Dialogs that wait for their client.

use std::time::Duration;

use cdp_bridge::policy::DialogPolicy;
use cdp_bridge::tabs::{TabError, TabSettings, Way};
use cdp_bridge_protocol::TabId;

use super::harness::{Bridge, MS, settings};

const SECOND: Duration = Duration::from_secs(1);

async fn asking() -> (Bridge, TabId, String) {
    let settings = TabSettings {
        dialogs: DialogPolicy::Ask,
        answer_timeout: 10 * SECOND,
        ..settings()
    };
    let bridge = Bridge::with(settings).await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    (bridge, tab, target)
}

fn answers(bridge: &Bridge) -> Vec<bool> {
    let calls = bridge.fake.calls_of("Page.handleJavaScriptDialog");
    let accept = calls.iter().map(|call| call.params["accept"].as_bool());
    accept.map(Option::unwrap).collect()
}

#[tokio::test(start_paused = true)]
async fn what_waits_behind_a_dialog_goes_on_after_its_answer() {
    let (bridge, tab, target) = asking().await;
    bridge.fake.dialog(&target, "confirm", "Sure?");
    bridge.settle().await;
    let (html, navigated) = (
        bridge.client().html(tab),
        bridge.client().navigate(tab, "http://b.test/"),
    );
    bridge.settle().await;
    assert!(!html.is_answered() && !navigated.is_answered());
    let answered = bridge.client().answer_dialog(tab, "g1", true);
    assert_eq!(
        answered.line().await,
        "dialogClosed t1 g1 accepted by client"
    );
    html.line().await;
    navigated.line().await;
    assert_eq!(answers(&bridge), [true]);
    let lines = bridge.lines();
    assert_eq!(lines[0], "dialogOpened t1 confirm asked as g1: Sure?");
    let told = lines.iter().filter(|line| line.starts_with("dialogClosed"));
    assert_eq!(told.count(), 1, "{lines:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_dialog_that_no_client_answers_in_time_is_dismissed_and_a_page_is_left() {
    for (kind, accept) in [("prompt", false), ("beforeunload", true)] {
        let (bridge, _, target) = asking().await;
        bridge.fake.dialog(&target, kind, "");
        let handled = if accept { "accepted" } else { "dismissed" };
        bridge
            .hear(&format!("dialogClosed t1 g1 {handled} by timeout"))
            .await;
        assert_eq!(answers(&bridge), [accept], "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_times_out_behind_a_dialog_names_it_and_the_page_does_not_hang() {
    let (bridge, tab, target) = asking().await;
    bridge.fake.dialog(&target, "alert", "!");
    bridge.settle().await;
    let client = bridge.client().within(2 * SECOND);
    let asked = [
        client.html(tab),
        client.query(tab, "a"),
        client.click(tab, "a"),
        client.travel(tab, Way::Back),
    ];
    for asked in asked {
        let error = asked.error().await;
        assert!(matches!(error, TabError::TimedOut { .. }), "{error:?}");
        let message = error.to_string();
        assert!(
            message.contains("alert dialog g1") && message.contains("answerDialog"),
            "{message}"
        );
    }
    assert!(
        bridge
            .fake
            .calls_of("Runtime.terminateExecution")
            .is_empty()
    );
    bridge.hear("dialogClosed t1 g1 dismissed by timeout").await;
    bridge.client().html(tab).line().await;
}

#[tokio::test(start_paused = true)]
async fn only_the_dialog_that_is_open_is_answered_and_only_once() {
    let (bridge, tab, target) = asking().await;
    let client = bridge.client();
    assert!(matches!(
        client.answer_dialog(tab, "g1", true).error().await,
        TabError::NotAsked { .. }
    ));
    bridge.fake.dialog(&target, "confirm", "one");
    bridge.settle().await;
    let both = [
        client.answer_dialog(tab, "g1", false),
        client
            .clone()
            .on_connection(2)
            .answer_dialog(tab, "g1", true),
    ];
    let [first, second] = both;
    assert_eq!(first.line().await, "dialogClosed t1 g1 dismissed by client");
    assert!(matches!(second.error().await, TabError::NotAsked { .. }));
    bridge.fake.dialog(&target, "confirm", "two");
    bridge.settle().await;
    let late = client.answer_dialog(tab, "g1", true).error().await;
    assert!(late.to_string().contains("\"g1\""), "{late}");
    let answered = client.answer_dialog(tab, "g2", true);
    assert_eq!(
        answered.line().await,
        "dialogClosed t1 g2 accepted by client"
    );
    assert_eq!(answers(&bridge), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_dialog_ends_with_its_page_its_tab_or_its_clients() {
    let (bridge, tab, target) = asking().await;
    bridge.fake.dialog(&target, "alert", "one");
    bridge.settle().await;
    bridge.fake.crash(&target);
    bridge.hear("dialogClosed t1 g1 dismissed by page").await;
    bridge.hear("tabRebuilt t1 http://a.test/ crashed").await;
    bridge.settle().await;
    let target = bridge.fake.targets().pop().unwrap();
    bridge.fake.dialog(&target, "confirm", "two");
    bridge.settle().await;
    bridge.client().leave(tab);
    bridge
        .hear("dialogClosed t1 g2 dismissed by abandoned")
        .await;
    bridge
        .fake
        .dialog(&target, "confirm", "while there is no client");
    bridge
        .hear("dialogClosed t1 g3 dismissed by abandoned")
        .await;
    bridge.client().come_back(tab);
    bridge.fake.dialog(&target, "confirm", "three");
    bridge.settle().await;
    let (took, closed) = bridge.client().close(tab).timed().await;
    assert!(closed.is_ok() && took < 10 * MS, "{took:?}");
    let lines = bridge.lines();
    let at = |line: &str| lines.iter().position(|it| it == line);
    let gone = at("dialogClosed t1 g4 dismissed by page");
    assert!(gone.is_some() && gone < at("closeTab => tabClosed t1 requested"));
}
