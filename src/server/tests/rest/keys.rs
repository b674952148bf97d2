//! `Idempotency-Key`.

use cdp_bridge_protocol::TabId;
use serde_json::json;

use super::exchange::{Exchange, header, post};
use crate::server::tests::harness::{Bridge, soon};
use crate::tabs::reply::Acted;
use crate::tabs::{AnswerKind, Reply, TabError, TabMessage};

fn click(selector: &str) -> Exchange {
    let body = json!({"action": "click", "params": {"selector": selector}});
    post("/v1/pages/t1/command", body)
}

async fn clicked(tab: &mut tokio::sync::mpsc::Receiver<TabMessage>) -> Reply {
    match soon("a click", tab.recv()).await {
        Some(TabMessage::Act(_, reply)) => reply,
        other => panic!("{other:?}"),
    }
}

fn done(reply: Reply) {
    reply.answer(TabId::new(1), AnswerKind::Done(Acted::default()));
}

#[tokio::test]
async fn a_request_with_a_key_is_carried_out_once_and_answered_alike() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let first = bridge.background(click("a").key("k").text());
    let reply = clicked(&mut tab).await;
    let second = bridge.background(click("a").key("k").text());
    done(reply);
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    let third = click("a").key("k").send(&bridge).await;
    assert_eq!(header(&first, "idempotency-replayed"), None);
    for repeated in [second, third] {
        assert_eq!(header(&repeated, "idempotency-replayed"), Some("true"));
        assert_eq!((repeated.status, &repeated.body), (200, &first.body));
    }
    assert!(tab.try_recv().is_err());
    let unprefixed = post(
        "/pages/t1/command",
        json!({"params": {"selector": "a"}, "action": "click"}),
    );
    let same = unprefixed.key("k").send(&bridge).await;
    assert_eq!((same.status, same.body), (200, first.body));
}

#[tokio::test]
async fn a_key_of_another_request_is_422() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let first = bridge.background(click("a").key("k").text());
    done(clicked(&mut tab).await);
    first.await.unwrap();
    let other = click("b").key("k").send(&bridge).await;
    assert_eq!(
        (other.status, &other.json()["details"]["field"]),
        (422, &json!("idempotencyKey"))
    );
    let bad = click("b").key(&"k".repeat(65)).send(&bridge).await;
    assert_eq!(bad.status, 400);
}

#[tokio::test]
async fn a_client_that_hangs_up_finds_its_answer_with_the_key() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let first = bridge.background(click("a").key("k").text());
    let reply = clicked(&mut tab).await;
    first.abort();
    assert!(first.await.is_err());
    done(reply);
    assert_eq!(click("a").key("k").send(&bridge).await.status, 200);
    assert!(tab.try_recv().is_err());
}

#[tokio::test]
async fn what_never_began_may_be_tried_again_with_the_same_key_and_what_did_may_not() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let first = bridge.background(click("a").key("k").text());
    clicked(&mut tab).await.fail(TabError::Dropped);
    assert_eq!(first.await.unwrap().status, 429);
    let second = bridge.background(click("a").key("k").text());
    clicked(&mut tab).await.fail(TabError::Crashed);
    let second = second.await.unwrap();
    assert_eq!(
        (second.status, header(&second, "x-should-retry")),
        (502, None)
    );
    let third = click("a").key("k").send(&bridge).await;
    assert_eq!(
        (third.status, header(&third, "idempotency-replayed")),
        (502, Some("true"))
    );
    assert!(tab.try_recv().is_err());
}

#[tokio::test]
async fn without_a_key_a_generated_client_is_told_not_to_click_twice() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let failing = bridge.background(click("a").text());
    clicked(&mut tab).await.fail(TabError::Crashed);
    let failed = failing.await.unwrap();
    assert_eq!(header(&failed, "x-should-retry"), Some("false"));
    let failing = bridge.background(click("a").text());
    let down = TabError::BrowserDown {
        reason: "it left".to_owned(),
    };
    clicked(&mut tab).await.fail(down);
    let failed = failing.await.unwrap();
    assert_eq!(
        (failed.status, header(&failed, "x-should-retry")),
        (503, Some("true"))
    );
    assert!(header(&failed, "retry-after-ms").is_some());
}
