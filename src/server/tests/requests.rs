//! Requests and their answers.

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::CloseReason;
use serde_json::json;

use super::harness::{Bridge, answer, created, frame, soon, with_tokens};
use crate::tabs::fact::Navigation;
use crate::tabs::{AnswerKind, Change, FactKind, TabError, TabMessage};

#[tokio::test]
async fn request_ids_are_echoed_as_they_were_given() {
    let bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    for id in [json!("r1"), json!(7), json!(-3), json!("7")] {
        let request = json!({ "type": "ping", "requestId": id });
        let answer = client.ask(&request.to_string()).await;
        assert_eq!(
            (&answer["type"], &answer["requestId"]),
            (&json!("pong"), &id)
        );
    }
    let answer = client.ask(r#"{"type":"ping"}"#).await;
    assert!(answer.get("requestId").is_none());
}

#[tokio::test]
async fn what_is_no_request_is_answered_and_the_connection_stays_open() {
    let bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    for (text, field) in [
        ("nonsense", None),
        (r#"{"type":"jump"}"#, Some("type")),
        (r#"{"type":"navigate","tabId":"t1"}"#, Some("url")),
        (r#"{"type":"ping","extra":1}"#, Some("extra")),
    ] {
        let error = client.ask(text).await;
        assert_eq!(error["code"], "BAD_REQUEST", "{text}");
        assert_eq!(error["details"]["field"].as_str(), field, "{text}");
    }
    assert_eq!(client.ask(r#"{"type":"ping"}"#).await["type"], "pong");
}

#[tokio::test]
async fn an_unknown_tab_and_another_clients_are_the_same() {
    let bridge = Bridge::with(with_tokens).await;
    let _tab = bridge.tab("b", 1);
    let mut client = bridge.connect_with(&["Authorization: Bearer alpha"]).await;
    for tab in ["t1", "t9", "nonsense"] {
        let request = json!({ "type": "closeTab", "requestId": 1, "tabId": tab });
        let error = client.ask(&request.to_string()).await;
        assert_eq!(error["code"], "UNKNOWN_TAB", "{tab}");
        assert_eq!(error["requestId"], 1);
    }
    let tabs = client.ask(r#"{"type":"listTabs"}"#).await;
    assert_eq!(tabs["tabs"], json!([]));
}

#[tokio::test]
async fn a_request_reaches_its_tab_and_its_answer_goes_to_the_one_that_asked() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut asks = bridge.connect().await;
    let mut listens = bridge.connect().await;
    asks.send(r#"{"type":"navigate","requestId":"n","tabId":"t1","url":"https://a.test/"}"#)
        .await;
    let Some(TabMessage::Change(Change::Navigate { url, .. }, reply)) = tab.recv().await else {
        panic!("the tab is to navigate")
    };
    assert_eq!(url, "https://a.test/");
    assert_eq!((reply.deadline - reply.arrived).as_secs(), 20);
    let navigated = FactKind::Navigated(Navigation {
        url,
        status: Some(200),
        same_document: false,
    });
    bridge.publish(navigated.clone(), Some(reply.call));
    answer(reply, 1, navigated);
    let answer = asks.event().await;
    assert_eq!(
        (&answer["type"], &answer["requestId"]),
        (&json!("navigated"), &json!("n"))
    );
    let event = listens.event().await;
    assert_eq!(event["type"], "navigated");
    assert!(event.get("requestId").is_none());
    // Exactly one: the next message is the answer to the next request.
    assert_eq!(asks.ask(r#"{"type":"ping"}"#).await["type"], "pong");
}

#[tokio::test]
async fn a_refused_url_reaches_no_tab_and_creates_none() {
    let mut bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut client = bridge.connect().await;
    let error = client
        .ask(r#"{"type":"navigate","requestId":1,"tabId":"t1","url":"https://evil.test/"}"#)
        .await;
    assert_eq!(error["code"], "NAV_DENIED");
    assert_eq!(error["details"]["host"], "evil.test");
    assert_eq!(error["id"], "t1");
    let error = client
        .ask(r#"{"type":"createTab","url":"file:///etc/passwd"}"#)
        .await;
    assert_eq!(error["details"]["scheme"], "file");
    assert!(tab.try_recv().is_err() && bridge.wanted.try_recv().is_err());
}

#[tokio::test]
async fn a_tab_is_created_with_the_defaults_of_the_configuration() {
    let mut bridge =
        Bridge::with_operations(|_| {}, |settings| settings.logged_out_default = true).await;
    let mut client = bridge.connect().await;
    client.send(r#"{"type":"createTab","requestId":"c"}"#).await;
    let (tab, reply) = soon("a tab", bridge.wanted.recv()).await.unwrap();
    assert_eq!((tab.url.as_str(), tab.logged_out), ("about:blank", true));
    answer(reply, 1, created(&tab.url, true));
    let created = client.event().await;
    assert_eq!(
        (&created["type"], &created["requestId"]),
        (&json!("tabCreated"), &json!("c"))
    );
}

#[tokio::test]
async fn an_id_in_flight_must_not_be_used_again_but_an_answered_one_may() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut client = bridge.connect().await;
    let request = r#"{"type":"activateTab","requestId":"x","tabId":"t1"}"#;
    client.send(request).await;
    let error = client.ask(request).await;
    assert_eq!(
        (&error["code"], &error["requestId"]),
        (&json!("BAD_REQUEST"), &json!("x"))
    );
    let Some(TabMessage::Change(Change::Activate, reply)) = tab.recv().await else {
        panic!("the first one runs")
    };
    reply.fail(TabError::Crashed);
    let error = client.event().await;
    assert_eq!(
        (&error["code"], &error["retryable"]),
        (&json!("TAB_CRASHED"), &json!(true))
    );
    client.send(request).await;
    assert!(matches!(tab.recv().await, Some(TabMessage::Change(..))));
}

#[tokio::test]
async fn a_request_that_is_lost_is_answered_all_the_same() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut client = bridge.connect().await;
    client
        .send(r#"{"type":"getDomSnapshot","requestId":5,"tabId":"t1"}"#)
        .await;
    drop(tab.recv().await);
    let error = client.event().await;
    assert_eq!(
        (&error["code"], &error["requestId"]),
        (&json!("INTERNAL"), &json!(5))
    );
}

#[tokio::test]
async fn frames_of_a_screencast_come_by_way_of_a_slot_until_the_connection_ends() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut client = bridge.connect().await;
    let request =
        r#"{"type":"startScreencast","requestId":1,"tabId":"t1","maxFps":5,"maxWidth":320}"#;
    client.send(request).await;
    let Some(TabMessage::Watch(spec, watcher, reply)) = tab.recv().await else {
        panic!("the tab is asked for a screencast");
    };
    assert_eq!(
        (spec.quality, spec.max_width, watcher.max_fps),
        (70, Some(320), Some(5))
    );
    reply.answer(TabId::new(1), AnswerKind::ScreencastStarted);
    assert_eq!(client.event().await["type"], "screencastStarted");
    watcher.slot.put(frame(7));
    let shown = client.event().await;
    assert_eq!(
        (&shown["type"], &shown["frameNo"]),
        (&json!("frame"), &json!(7))
    );
    assert_eq!((&shown["seq"], &shown["total"]), (&json!(0), &json!(1)));
    client.ws.close(None).await.unwrap();
    while !watcher.slot.is_closed() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn too_many_unanswered_requests_are_refused_but_ping_and_close_still_go() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut client = bridge.connect().await;
    for id in 0..4 {
        let request = json!({ "type": "activateTab", "requestId": id, "tabId": "t1" });
        client.send(&request.to_string()).await;
    }
    let error = client
        .ask(r#"{"type":"activateTab","requestId":9,"tabId":"t1"}"#)
        .await;
    assert_eq!(error["code"], "LIMIT_EXCEEDED");
    assert_eq!(error["details"]["limit"], 4);
    assert_eq!(client.ask(r#"{"type":"ping"}"#).await["type"], "pong");
    client
        .send(r#"{"type":"closeTab","requestId":"c","tabId":"t1"}"#)
        .await;
    let mut waiting = Vec::new();
    let reply = loop {
        match tab.recv().await.unwrap() {
            TabMessage::Close(CloseReason::Requested, Some(reply)) => break reply,
            message => waiting.push(message),
        }
    };
    let reason = CloseReason::Requested;
    answer(reply, 1, FactKind::TabClosed { reason });
    assert_eq!(client.event().await["type"], "tabClosed");
}

#[tokio::test]
async fn a_connection_that_asks_too_often_is_told_when_to_try_again() {
    let bridge = Bridge::with(|settings| settings.limits.rate_per_second = 2).await;
    let mut client = bridge.connect().await;
    for _ in 0..2 {
        assert_eq!(client.ask(r#"{"type":"ping"}"#).await["type"], "pong");
    }
    let error = client.ask(r#"{"type":"ping","requestId":3}"#).await;
    assert_eq!(error["code"], "RATE_LIMITED");
    let after = error["details"]["retryAfterMs"].as_u64().unwrap();
    assert!((1..=501).contains(&after), "{after}");
    tokio::time::sleep(std::time::Duration::from_millis(after)).await;
    assert_eq!(client.ask(r#"{"type":"ping"}"#).await["type"], "pong");
}
