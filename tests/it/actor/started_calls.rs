//! CDP calls that are sent now and awaited later, and calls that have no type.

use std::time::Duration;

use cdp_bridge::cdp::methods::{EnablePage, GetVersion, StopLoading};
use cdp_bridge::cdp::{CallError, MethodName};
use serde_json::json;
use serde_json::value::to_raw_value;
use tokio::time::{sleep, timeout};

use super::connection::{LIMIT, Line};

#[tokio::test(start_paused = true)]
async fn started_calls_are_sent_in_their_order_before_they_are_awaited() {
    let mut line = Line::new();
    let page = line.attached("S1", "T1").await.session;
    let first = page.start_call(&StopLoading {}, LIMIT);
    let second = page.start_call(&EnablePage {}, LIMIT);
    let browser = line.browser.clone();
    let third = tokio::spawn(async move { browser.call(GetVersion {}, LIMIT).await });
    let mut ids = Vec::new();
    for method in ["Page.stopLoading", "Page.enable", "Browser.getVersion"] {
        let command = line.command().await;
        assert_eq!(command["method"], method);
        ids.push(command["id"].clone());
    }
    for id in ids {
        line.say(json!({"id": id, "result": {"product": "Chromium"}}))
            .await;
    }
    second.await.unwrap();
    first.await.unwrap();
    assert_eq!(third.await.unwrap().unwrap().product, "Chromium");
}

#[tokio::test(start_paused = true)]
async fn a_started_call_that_is_never_awaited_has_its_time_limit_all_the_same() {
    let line = Line::new();
    let call = line.browser.start_call(&GetVersion {}, LIMIT);
    sleep(2 * LIMIT).await;
    let outcome = timeout(Duration::ZERO, call).await.unwrap();
    assert!(
        matches!(outcome, Err(CallError::Timeout { after, .. }) if after == LIMIT),
        "{outcome:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn starting_more_calls_than_the_queue_holds_is_refused_and_others_still_wait() {
    let mut line = Line::new();
    let calls: Vec<_> = (0..2000)
        .map(|_| line.browser.start_call(&GetVersion {}, LIMIT))
        .collect();
    let browser = line.browser.clone();
    let waiting = tokio::spawn(async move { browser.call(StopLoading {}, LIMIT).await });
    let last = calls.into_iter().next_back().unwrap();
    let outcome = last.await;
    assert!(
        matches!(outcome, Err(CallError::QueueFull { .. })),
        "{outcome:?}"
    );
    loop {
        let command = line.command().await;
        if command["method"] == "Page.stopLoading" {
            line.say(json!({"id": command["id"], "result": {}})).await;
            break;
        }
    }
    waiting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_method_without_a_type_is_called_by_its_name() {
    let mut line = Line::new();
    let page = line.attached("S1", "T1").await.session;
    let name: MethodName = format!("New.{}", "thing").into();
    let params = to_raw_value(&json!({"a": [1]})).unwrap();
    let call = page.start_raw_call(name, params, LIMIT);
    let command = line.command().await;
    assert_eq!(command["method"], "New.thing");
    assert_eq!(command["params"], json!({"a": [1]}));
    assert_eq!(command["sessionId"], "S1");
    line.say(json!({"id": command["id"], "result": {"b": 2}, "sessionId": "S1"}))
        .await;
    assert_eq!(call.await.unwrap(), &br#"{"b":2}"#[..]);
}

#[tokio::test(start_paused = true)]
async fn an_error_keeps_the_data_that_chromium_adds() {
    let mut line = Line::new();
    let params = to_raw_value(&json!({})).unwrap();
    let call = line
        .browser
        .start_raw_call("New.thing".into(), params, LIMIT);
    let id = line.command().await["id"].clone();
    let error = json!({"code": -32602, "message": "Invalid parameters", "data": "a: missing"});
    line.say(json!({"id": id, "error": error})).await;
    match call.await {
        Err(CallError::Protocol {
            code: -32602,
            data: Some(data),
            ..
        }) => assert_eq!(data.get(), r#""a: missing""#),
        outcome => panic!("{outcome:?}"),
    }
}
