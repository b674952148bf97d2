//! Pages.

use cdp_bridge_protocol::event::CloseReason;
use serde_json::json;

use super::exchange::{delete, get, header, post};
use crate::server::tests::harness::{Bridge, answer, created, soon, with_tokens};
use crate::tabs::{FactKind, TabError, TabMessage};

#[tokio::test]
async fn a_page_is_opened_with_the_rules_of_the_protocol() {
    let mut bridge = Bridge::start().await;
    let opening = post(
        "/v1/sessions/default/pages",
        json!({"url": "https://a.test/", "viewport": {"width": 640, "height": 480}}),
    );
    let asked = bridge.background(opening.text());
    let (tab, reply) = soon("a tab", bridge.wanted.recv()).await.unwrap();
    assert_eq!(tab.url, "https://a.test/");
    assert_eq!(tab.viewport.unwrap().width, 640);
    let _tab = bridge.tab("default", 1);
    answer(reply, 1, created(&tab.url, false));
    let answer = asked.await.unwrap();
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(header(&answer, "location"), Some("/v1/pages/t1"));
    let page = answer.json();
    assert_eq!(
        (&page["pageId"], &page["sessionId"]),
        (&json!("t1"), &json!("default"))
    );
    for (body, field) in [
        (json!({"uri": "https://a.test/"}), "uri"),
        (json!({"url": 5}), "url"),
        (
            json!({"viewport": {"width": 0, "height": 1}}),
            "viewport.width",
        ),
        (json!({"timeoutMs": 5}), "timeoutMs"),
    ] {
        let answer = post("/v1/sessions/default/pages", body).send(&bridge).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["details"]["field"], field);
    }
    let denied = post(
        "/sessions/default/pages",
        json!({"url": "https://evil.test/"}),
    );
    let denied = denied.send(&bridge).await;
    assert_eq!(
        (denied.status, &denied.json()["code"]),
        (403, &json!("NAV_DENIED"))
    );
    let elsewhere = post("/sessions/other/pages", json!({})).send(&bridge).await;
    assert_eq!(elsewhere.status, 404);
}

#[tokio::test]
async fn pages_are_listed_shown_and_closed_and_others_are_unknown() {
    let bridge = Bridge::with(with_tokens).await;
    let (mut tab, _other) = (bridge.tab("a", 1), bridge.tab("b", 2));
    let list = get("/v1/sessions/default/pages").bearer("alpha");
    let list = list.send(&bridge).await.json();
    assert_eq!(list["pages"].as_array().unwrap().len(), 1);
    let page = get("/pages/t1").bearer("alpha").send(&bridge).await.json();
    assert_eq!(page, list["pages"][0]);
    for unknown in ["t2", "t9", "nonsense", "%2e%2e", "t01"] {
        for exchange in [
            get(&format!("/v1/pages/{unknown}")),
            delete(&format!("/v1/pages/{unknown}")),
        ] {
            let answer = exchange.bearer("alpha").send(&bridge).await;
            let code = answer.json()["code"].clone();
            assert_eq!(
                (answer.status, code),
                (404, json!("UNKNOWN_TAB")),
                "{unknown}"
            );
        }
    }
    let closing = bridge.background(delete("/v1/pages/t1").bearer("alpha").text());
    let Some(TabMessage::Close(CloseReason::Requested, Some(reply))) = tab.recv().await else {
        panic!("it is to close")
    };
    let reason = CloseReason::Requested;
    answer(reply, 1, FactKind::TabClosed { reason });
    let closed = closing.await.unwrap();
    assert_eq!((closed.status, closed.body.as_str()), (204, ""));
}

#[tokio::test]
async fn a_page_that_was_closed_is_gone_and_closing_it_again_is_no_error() {
    let bridge = Bridge::with(with_tokens).await;
    let _tab = bridge.tab("a", 1);
    bridge.tab_ended("a", 1);
    for exchange in [
        get("/v1/pages/t1"),
        get("/v1/pages/t1/screenshot"),
        post("/v1/pages/t1/command", json!({"action": "reload"})),
    ] {
        let answer = exchange.bearer("alpha").send(&bridge).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (410, &json!("TAB_CLOSED"))
        );
    }
    let again = delete("/v1/pages/t1").bearer("alpha").send(&bridge).await;
    assert_eq!(again.status, 204);
    let other = delete("/v1/pages/t1").bearer("beta").send(&bridge).await;
    assert_eq!(
        (other.status, &other.json()["code"]),
        (404, &json!("UNKNOWN_TAB"))
    );
}

#[tokio::test]
async fn a_tab_that_was_closed_meanwhile_is_gone() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let asked = bridge.background(post("/v1/pages/t1/command", json!({"action": "reload"})).text());
    let Some(TabMessage::Change(_, reply)) = tab.recv().await else {
        panic!("it is to reload")
    };
    reply.fail(TabError::Closed);
    let answer = asked.await.unwrap();
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (410, &json!("TAB_CLOSED"))
    );
}
