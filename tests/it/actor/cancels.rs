//! Cancelled requests, and requests that pass an action that waits.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge::operations::failure::{Failure, TabError};
use cdp_bridge::operations::{Call, OperationError, OperationOutcome, Permissions, Success, Tap};
use cdp_bridge_protocol::{Request, RequestBody, RequestKind, TabId};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::harness::{Asked, Bridge, MS};
use super::second_door::Door;

const MOUSE: &str = "Input.dispatchMouseEvent";
const EVALUATE: &str = "Runtime.evaluate";

/// The fake page never has this element.
const ABSENT: &str = "#never-there";

#[tokio::test(start_paused = true)]
async fn what_only_looks_passes_an_action_that_waits_and_nothing_else_does() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let click = client.click(tab, ABSENT);
    let queued = client.fill(tab, "#b", "x");
    let looks = [
        client.query(tab, "#a"),
        client.html(tab),
        client.screenshot(tab),
    ];
    let wait = client.wait_for_url(tab, "http://*.test/");
    sleep(400 * MS).await;
    let is_early = looks.iter().any(Asked::is_answered);
    assert!(!is_early, "most actions are done by then");
    for look in looks {
        look.answer().await;
    }
    bridge.settle().await;
    assert!(!click.is_answered() && !queued.is_answered() && !wait.is_answered());
    let behind_change = client.navigate(tab, "http://b.test/");
    let look = client.query(tab, "#a");
    sleep(Duration::from_secs(2)).await;
    assert!(!look.is_answered(), "a navigation precedes it");
    assert!(client.cancel(tab, &click).report().await);
    assert_eq!(queued.line().await, "done");
    behind_change.answer().await;
    assert_eq!(look.line().await, "queried");
    assert_eq!(wait.line().await, "waited");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_in_the_queue_is_cancelled_and_the_others_run() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    bridge.fake.hold(MOUSE);
    let first = client.click(tab, "#a");
    let waiting = [
        client.click(tab, "#b"),
        client.navigate(tab, "http://b.test/"),
        client.switch(tab, true),
        client.query(tab, "#a"),
        client.html(tab),
        client.screenshot(tab),
        client.wait_for_url(tab, "never"),
    ];
    bridge.fake.wait_for(MOUSE, 3).await;
    bridge.forget();
    for asked in waiting {
        let cancelling = client.cancel(tab, &asked);
        assert!(!asked.input_sent().await);
        assert!(cancelling.report().await);
    }
    let order = bridge.forget();
    assert_eq!(order[..2], ["click => CANCELLED", "cancel click => true"]);
    bridge.fake.release(MOUSE);
    assert_eq!(first.line().await, "done");
    assert_eq!(bridge.fake.calls_of(MOUSE).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_action_that_has_sent_input_says_so_and_the_next_one_runs() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    bridge.fake.hold(MOUSE);
    let click = client.click(tab, "#a");
    let next = client.fill(tab, "#b", "x");
    bridge.fake.wait_for(MOUSE, 3).await;
    assert!(client.cancel(tab, &click).report().await);
    assert!(click.input_sent().await);
    assert_eq!(next.line().await, "done");
    assert_eq!(bridge.fake.calls_of(MOUSE).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_page_is_asked_whether_it_has_acted_and_has_a_second_to_tell() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let fill = client.fill(tab, ABSENT, "x");
    bridge.settle().await;
    assert!(client.cancel(tab, &fill).report().await);
    assert!(!fill.input_sent().await);

    let fill = client.fill(tab, ABSENT, "x");
    bridge.settle().await;
    bridge.fake.hold(EVALUATE);
    let cancelling = [client.cancel(tab, &fill), client.cancel(tab, &fill)];
    let next = client.fill(tab, "#b", "x");
    sleep(900 * MS).await;
    assert!(!fill.is_answered());
    let (took, outcome) = fill.timed().await;
    let TabError::Cancelled { input_sent: true } = outcome.unwrap_err().error else {
        panic!("the page has not told");
    };
    assert!(took < Duration::from_secs(2), "{took:?}");
    for cancelling in cancelling {
        assert!(cancelling.report().await);
    }
    bridge.fake.release(EVALUATE);
    assert_eq!(next.line().await, "done");
}

#[tokio::test(start_paused = true)]
async fn a_crash_while_the_page_is_asked_does_not_change_the_answer() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let fill = client.fill(tab, ABSENT, "x");
    bridge.settle().await;
    bridge.fake.hold(EVALUATE);
    let cancelling = client.cancel(tab, &fill);
    bridge.settle().await;
    bridge.fake.crash(&target);
    assert!(fill.input_sent().await);
    assert!(cancelling.report().await);
}

#[tokio::test(start_paused = true)]
async fn changes_under_way_are_cancelled_and_the_tab_goes_on() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    bridge.fake.silence("http://silent.test/");
    for method in [
        "Page.navigate",
        "Target.activateTarget",
        "Target.createTarget",
    ] {
        let held = method != "Page.navigate";
        if held {
            bridge.fake.hold(method);
        }
        let (asked, acts) = match method {
            "Page.navigate" => (client.navigate(tab, "http://silent.test/"), true),
            "Target.activateTarget" => (client.activate(tab), true),
            _ => (client.switch(tab, true), false),
        };
        bridge.settle().await;
        assert!(client.cancel(tab, &asked).report().await, "{method}");
        assert_eq!(asked.input_sent().await, acts, "{method}");
        if held {
            bridge.fake.release(method);
        }
        let next = client.navigate(tab, "http://b.test/").line().await;
        assert_eq!(next, "navigated t1 http://b.test/ 200");
    }
    bridge.settle().await;
    assert_eq!(bridge.fake.targets().len(), 1, "no page is left behind");
}

#[tokio::test(start_paused = true)]
async fn a_tab_whose_opening_is_cancelled_is_never_announced() {
    let bridge = Bridge::start().await;
    bridge.fake.hold("Target.createTarget");
    let create = bridge.client().create("http://a.test/");
    bridge.settle().await;
    assert!(bridge.client().cancel_create(&create).report().await);
    assert!(!create.input_sent().await);
    bridge.fake.release("Target.createTarget");
    sleep(Duration::from_secs(5)).await;
    assert!(bridge.registry.is_empty() && bridge.fake.targets().is_empty());
    let told = bridge.forget();
    assert_eq!(told, ["createTab => CANCELLED", "cancel createTab => true"]);
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_cancelled_goes_on() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Target.closeTarget");
    let close = bridge.client().close(tab);
    bridge.settle().await;
    assert!(bridge.client().cancel(tab, &close).report().await);
    assert!(close.input_sent().await);
    bridge.hear("tabClosed t1 requested").await;
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_not_open_yet_are_cancelled() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    bridge.fake.hold("Runtime.enable");
    let (subscribing, _present) = client.subscribe(tab);
    bridge.settle().await;
    assert!(client.cancel(tab, &subscribing).report().await);
    assert!(!subscribing.input_sent().await);
}

#[tokio::test(start_paused = true)]
async fn there_is_nothing_to_cancel_after_the_answer() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let click = client.click(tab, "#a");
    bridge.hear("click => done").await;
    assert!(!client.cancel(tab, &click).report().await);
    let close = client.close(tab);
    let cancelling = client.cancel(tab, &click);
    close.answer().await;
    assert!(!cancelling.report().await);
}

#[derive(Debug)]
struct NoTap;

impl Tap for NoTap {
    fn before(&self, _: &Call, _: &RequestBody) {}
    fn after(&self, _: &Call, _: &OperationOutcome) {}
}

impl Door {
    /// Begins a request with an id; returns the receiver of its outcome.
    fn begin(&self, request: &Value) -> oneshot::Receiver<OperationOutcome> {
        let request = Request::parse(&request.to_string()).unwrap();
        let (sender, outcome) = oneshot::channel();
        let arrival = self.caller.message_arrived();
        self.operations
            .begin(&self.caller, arrival, request, move |_, outcome| {
                let _ = sender.send(outcome);
            });
        outcome
    }

    async fn cancel(&self, id: &str) -> (bool, Option<u64>) {
        let cancel = json!({"type": "cancel", "targetRequestId": id, "requestId": "cancel"});
        match self.begin(&cancel).await.unwrap() {
            Ok(Success::Cancel { cancelled, tab }) => (cancelled, tab.map(TabId::number)),
            outcome => panic!("{outcome:?}"),
        }
    }
}

fn is_cancelled(outcome: &OperationOutcome) -> bool {
    matches!(
        outcome,
        Err(OperationError::Failed(Failure {
            error: TabError::Cancelled { input_sent: false },
            ..
        }))
    )
}

#[tokio::test(start_paused = true)]
async fn requests_with_one_idempotency_key_are_cancelled_together_and_stay_so() {
    let door = Door::open(Permissions::ALL, Arc::new(NoTap)).await;
    door.ask(RequestKind::CreateTab, 1).await.unwrap();
    let click = |id: &str| {
        json!({"type": "click", "tabId": "t1", "selector": ABSENT, "requestId": id,
               "idempotencyKey": "k"})
    };
    let (leader, joined) = (door.begin(&click("a")), door.begin(&click("b")));
    sleep(50 * MS).await;
    assert_eq!(door.cancel("b").await, (true, Some(1)));
    assert!(is_cancelled(&leader.await.unwrap()) && is_cancelled(&joined.await.unwrap()));
    let again = door.begin(&click("c")).await.unwrap();
    assert!(is_cancelled(&again), "{again:?}");
    for id in ["a", "b", "c", "unknown", "cancel"] {
        assert_eq!(door.cancel(id).await, (false, None), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_cancels_only_its_own_calls() {
    let door = Door::open(Permissions::ALL, Arc::new(NoTap)).await;
    door.ask(RequestKind::CreateTab, 1).await.unwrap();
    let click = json!({"type": "click", "tabId": "t1", "selector": ABSENT});
    let click = Request::parse(&click.to_string()).unwrap();
    let (sender, mut outcome) = oneshot::channel();
    let arrival = door.caller.message_arrived();
    let respond = move |_: &Call, outcome| _ = sender.send(outcome);
    let call = door.operations.begin(&door.caller, arrival, click, respond);
    let other = door
        .operations
        .caller("test", door.caller.principal().clone());
    for (caller, cancels) in [(&other, false), (&door.caller, true)] {
        let (report, cancelled) = oneshot::channel();
        let report = move |cancelled| _ = report.send(cancelled);
        door.operations.cancel(caller, call, report);
        assert_eq!(cancelled.await.unwrap(), cancels);
        assert_eq!(outcome.try_recv().is_ok(), cancels);
    }
}
