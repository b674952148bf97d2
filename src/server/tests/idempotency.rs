//! Changes that are made once.

use serde_json::{Value, json};

use super::harness::{
    Bridge, Client, answer as answer_with, created as tab_created, soon, with_tokens,
};
use crate::tabs::{FactKind, TabError};

async fn create(client: &mut Client, id: &str, key: &str) {
    let request = json!({ "type": "createTab", "requestId": id, "idempotencyKey": key });
    client.send(&request.to_string()).await;
}

async fn answer(bridge: &mut Bridge, id: u64) {
    let (tab, reply) = soon("a tab", bridge.wanted.recv()).await.unwrap();
    answer_with(reply, id, tab_created(&tab.url, false));
}

fn created(event: &Value) -> (&str, &str, &str) {
    let text = |field: &str| event[field].as_str().unwrap_or_default();
    (text("type"), text("requestId"), text("id"))
}

#[tokio::test]
async fn a_change_that_is_asked_for_again_gets_the_first_answer_and_is_made_once() {
    let mut bridge = Bridge::start().await;
    let mut first = bridge.connect().await;
    let mut second = bridge.connect().await;
    create(&mut first, "a", "k").await;
    create(&mut first, "b", "k").await;
    create(&mut second, "c", "k").await;
    // Each connection's requests are read in their order.
    for client in [&mut first, &mut second] {
        assert_eq!(client.ask(r#"{"type":"ping"}"#).await["type"], "pong");
    }
    answer(&mut bridge, 7).await;
    let mut answers = [first.event().await, first.event().await];
    answers.sort_by_key(|answer| answer["requestId"].to_string());
    assert_eq!(created(&answers[0]), ("tabCreated", "a", "t7"));
    assert_eq!(created(&answers[1]), ("tabCreated", "b", "t7"));
    assert_eq!(created(&second.event().await), ("tabCreated", "c", "t7"));
    create(&mut second, "d", "k").await;
    assert_eq!(created(&second.event().await), ("tabCreated", "d", "t7"));
    assert!(bridge.wanted.try_recv().is_err());
    create(&mut second, "e", "other").await;
    answer(&mut bridge, 8).await;
    assert_eq!(created(&second.event().await), ("tabCreated", "e", "t8"));
}

#[tokio::test]
async fn the_same_key_on_another_request_is_a_bad_one() {
    let mut bridge = Bridge::start().await;
    let _tab = bridge.tab("default", 1);
    let mut client = bridge.connect().await;
    create(&mut client, "a", "k").await;
    for request in [
        json!({ "type": "createTab", "url": "https://a.test/", "idempotencyKey": "k" }),
        json!({ "type": "closeTab", "tabId": "t1", "idempotencyKey": "k" }),
    ] {
        let error = client.ask(&request.to_string()).await;
        assert_eq!(error["code"], "BAD_REQUEST");
        assert_eq!(error["details"]["field"], "idempotencyKey");
    }
    answer(&mut bridge, 7).await;
    assert_eq!(created(&client.event().await), ("tabCreated", "a", "t7"));
}

#[tokio::test]
async fn keys_of_different_clients_are_different_keys() {
    let mut bridge = Bridge::with(with_tokens).await;
    let mut a = bridge.connect_with(&["Authorization: Bearer alpha"]).await;
    let mut b = bridge.connect_with(&["Authorization: Bearer beta"]).await;
    create(&mut a, "a", "k").await;
    answer(&mut bridge, 1).await;
    create(&mut b, "b", "k").await;
    answer(&mut bridge, 2).await;
    assert_eq!(created(&a.event().await), ("tabCreated", "a", "t1"));
    assert_eq!(created(&b.event().await), ("tabCreated", "b", "t2"));
}

#[tokio::test]
async fn an_error_that_may_have_changed_something_is_the_answer_and_one_that_has_not_is_not() {
    let mut bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut client = bridge.connect().await;
    let navigate = json!({
        "type": "navigate", "tabId": "t1", "url": "https://a.test/", "idempotencyKey": "n",
    })
    .to_string();
    client.send(&navigate).await;
    let reply = tab.recv().await.unwrap().into_reply().unwrap();
    reply.fail(TabError::Crashed);
    assert_eq!(client.event().await["code"], "TAB_CRASHED");
    assert_eq!(client.ask(&navigate).await["code"], "TAB_CRASHED");
    assert!(tab.try_recv().is_err());

    create(&mut client, "a", "k").await;
    let (_, reply) = soon("a tab", bridge.wanted.recv()).await.unwrap();
    reply.fail(TabError::TooManyTabs { limit: 1 });
    assert_eq!(client.event().await["code"], "LIMIT_EXCEEDED");
    create(&mut client, "b", "k").await;
    answer(&mut bridge, 7).await;
    assert_eq!(created(&client.event().await), ("tabCreated", "b", "t7"));
}

#[tokio::test]
async fn one_key_too_many_is_refused_until_an_older_one_is_forgotten() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut client = bridge.connect().await;
    let request = |key: u8| {
        json!({ "type": "activateTab", "tabId": "t1", "idempotencyKey": key.to_string() })
            .to_string()
    };
    for key in 0..4 {
        client.send(&request(key)).await;
        let reply = tab.recv().await.unwrap().into_reply().unwrap();
        answer_with(reply, 1, FactKind::TabActivated);
        assert_eq!(client.event().await["type"], "tabActivated");
    }
    let error = client.ask(&request(4)).await;
    assert_eq!(error["code"], "LIMIT_EXCEEDED");
    let after = error["details"]["retryAfterMs"].as_u64().unwrap();
    assert!((50_000..=60_001).contains(&after), "{after}");
    assert_eq!(client.ask(&request(0)).await["type"], "tabActivated");
    assert!(tab.try_recv().is_err());
}

#[tokio::test]
async fn a_first_request_that_is_lost_answers_those_that_joined_it() {
    let mut bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    create(&mut client, "a", "k").await;
    create(&mut client, "b", "k").await;
    assert_eq!(client.ask(r#"{"type":"ping"}"#).await["type"], "pong");
    drop(bridge.wanted.recv().await);
    for _ in 0..2 {
        assert_eq!(client.event().await["code"], "INTERNAL");
    }
}
