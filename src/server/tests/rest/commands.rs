//! Commands.

use cdp_bridge_protocol::TabId;
use serde_json::json;

use super::exchange::{header, post};
use crate::server::tests::harness::{Bridge, answer, soon};
use crate::tabs::fact::Navigation;
use crate::tabs::reply::Acted;
use crate::tabs::{AnswerKind, Change, FactKind, Reply, TabError, TabMessage};

async fn clicked(tab: &mut tokio::sync::mpsc::Receiver<TabMessage>) -> Reply {
    match soon("a click", tab.recv()).await {
        Some(TabMessage::Act(_, reply)) => reply,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_is_the_request_of_the_protocol_under_its_own_name_or_an_alias() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    for body in [
        json!({"action": "navigate", "params": {"url": "https://a.test/", "waitUntil": "load"}}),
        json!({"action": "goto", "params": {"url": "https://a.test/", "options": {"waitUntil": "load"}}}),
    ] {
        let action = body["action"].clone();
        let asked = bridge.background(post("/v1/pages/t1/command", body).text());
        let message = soon("a request", tab.recv()).await;
        let Some(TabMessage::Change(Change::Navigate { url, .. }, reply)) = message else {
            panic!("the tab is to navigate")
        };
        assert_eq!((reply.deadline - reply.arrived).as_secs(), 20);
        let navigated = FactKind::Navigated(Navigation {
            url,
            status: Some(200),
            same_document: false,
        });
        answer(reply, 1, navigated);
        let answered = asked.await.unwrap();
        assert_eq!(answered.status, 200, "{}", answered.body);
        assert_eq!(
            answered.json(),
            json!({
                "action": action, "pageId": "t1",
                "result": {"id": "t1", "url": "https://a.test/", "status": 200},
            })
        );
    }
}

#[tokio::test]
async fn a_command_that_is_wrong_names_the_field_and_reaches_no_tab() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    for (body, field) in [
        (json!({"action": "jump"}), json!("action")),
        (json!({"action": "createTab"}), json!("action")),
        (json!({}), json!("action")),
        (json!({"action": "navigate"}), json!("url")),
        (
            json!({"action": "navigate", "params": {"url": 1}}),
            json!("url"),
        ),
        (
            json!({"action": "navigate", "params": {"url": "a", "x": 1}}),
            json!("x"),
        ),
        (json!({"action": "navigate", "params": []}), json!("params")),
        (json!({"action": "navigate", "extra": 1}), json!("extra")),
        (
            json!({"action": "reload", "timeoutMs": 1}),
            json!("timeoutMs"),
        ),
        (
            json!({"action": "reload", "params": {"tabId": "t2"}}),
            json!("tabId"),
        ),
    ] {
        let answer = post("/v1/pages/t1/command", body.clone())
            .send(&bridge)
            .await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["details"]["field"], field, "{body}");
        assert_eq!(answer.json()["code"], "BAD_REQUEST", "{body}");
    }
    let bad = json!({"action": "click", "params": {"selector": "text="}});
    let answer = post("/v1/pages/t1/command", bad).send(&bridge).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (400, &json!("BAD_SELECTOR"))
    );
    assert!(tab.try_recv().is_err());
}

#[tokio::test]
async fn streams_need_a_websocket_and_the_answer_says_where() {
    let bridge = Bridge::start().await;
    let _tab = bridge.tab("default", 1);
    let cast = json!({"action": "startScreencast"});
    let answer = post("/v1/pages/t1/command", cast).send(&bridge).await;
    assert_eq!(answer.status, 405);
    assert!(header(&answer, "allow").is_some());
    assert_eq!(answer.json()["details"]["url"], "ws://localhost/ws");
}

#[tokio::test]
async fn a_list_runs_in_order_and_stops_or_goes_on_after_an_error() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let click = json!({"action": "click", "params": {"selector": "a"}});
    for (on_error, expected, completed) in [("stop", 2, 1), ("continue", 3, 2)] {
        let body = json!({"commands": [click, click, click], "onError": on_error});
        let asked = bridge.background(post("/v1/pages/t1/commands", body).text());
        for number in 0..expected {
            let reply = clicked(&mut tab).await;
            if number == 1 {
                reply.fail(TabError::Crashed);
            } else {
                reply.answer(TabId::new(1), AnswerKind::Done(Acted::default()));
            }
        }
        let answer = asked.await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer = answer.json();
        assert_eq!(answer["results"].as_array().unwrap().len(), expected);
        assert_eq!(answer["completed"], completed);
        assert_eq!(answer["results"][0]["result"]["action"], "click");
        assert_eq!(answer["results"][1]["error"]["code"], "TAB_CRASHED");
    }
    assert!(tab.try_recv().is_err());
}

#[tokio::test]
async fn a_list_is_checked_before_its_first_command_begins() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let click = json!({"action": "click", "params": {"selector": "a"}});
    let wrong = json!({"commands": [click, {"action": "click"}]});
    let answer = post("/v1/pages/t1/commands", wrong).send(&bridge).await;
    assert_eq!(answer.json()["details"]["field"], "commands[1].selector");
    for number in [0, 33] {
        let body = json!({"commands": vec![click.clone(); number]});
        let answer = post("/v1/pages/t1/commands", body).send(&bridge).await;
        assert_eq!(answer.json()["details"]["field"], "commands", "{number}");
    }
    assert!(tab.try_recv().is_err());
}

#[tokio::test]
async fn a_client_that_hangs_up_cancels_nothing() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let click = json!({"action": "click", "params": {"selector": "a"}});
    let body = json!({"commands": [click, click]});
    let asked = bridge.background(post("/v1/pages/t1/commands", body).text());
    let first = clicked(&mut tab).await;
    asked.abort();
    assert!(asked.await.is_err());
    first.answer(TabId::new(1), AnswerKind::Done(Acted::default()));
    let second = clicked(&mut tab).await;
    second.answer(TabId::new(1), AnswerKind::Done(Acted::default()));
}
