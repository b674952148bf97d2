//! A session that one program makes, and another goes on with.

use serde_json::json;

use super::exchange::Http;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::Site;

on_both_browsers!(
    a_session_is_used_by_two_programs_one_after_the_other,
    a_session_sees_no_pages_of_another,
);

async fn a_session_is_used_by_two_programs_one_after_the_other(browser: TestBrowser) {
    let site = Site::start().await;
    let url = site.page(
        "/page",
        "<title>Start</title><button onclick=\"document.title='clicked'\">Go</button>",
    );
    let bridge = TestBridge::start(browser).await;
    let first = Http::to(bridge.address());
    let session = first.ask("POST", "/v1/sessions", &json!({})).await;
    let path = format!("/v1/sessions/{}", session["sessionId"].as_str().unwrap());
    let page = first
        .ask(
            "POST",
            &format!("{path}/pages"),
            &json!({"url": url, "waitUntil": "load"}),
        )
        .await;
    assert_eq!(page["sessionId"], session["sessionId"]);
    assert!(page["targetId"].is_string(), "{page}");
    let id = page["pageId"].as_str().unwrap().to_owned();
    let picture = first.command(&id, &json!({"action": "screenshot"})).await;
    assert!(picture["data"].as_str().unwrap().len() > 100);
    assert!(picture.get("total").is_none() && picture["width"].is_u64());

    let mut second = Http::to(bridge.address());
    second.token = Some(session["token"].as_str().unwrap().to_owned());
    let click = json!({"action": "click", "params": {"selector": "text=Go"}});
    assert_eq!(second.command(&id, &click).await["action"], "click");
    let wait = json!({"action": "wait", "params": {"expression": "document.title === 'clicked'"}});
    second.command(&id, &wait).await;
    let shown = second.send("GET", &path, None).await.json();
    assert_eq!(shown["pages"][0]["title"], "clicked");
    assert!(shown["usage"]["requests"].as_u64() >= Some(3), "{shown}");
    let ended = second
        .send("DELETE", &format!("{path}?wait=true"), None)
        .await;
    assert_eq!(ended.status, 204);
    let gone = first.send("GET", &format!("/v1/pages/{id}"), None).await;
    assert_eq!(
        (gone.status, &gone.json()["code"]),
        (404, &json!("UNKNOWN_TAB"))
    );
    bridge.stop().await;
}

async fn a_session_sees_no_pages_of_another(browser: TestBrowser) {
    let site = Site::start().await;
    let url = site.page("/page", "x");
    let bridge = TestBridge::start(browser).await;
    let client = Http::to(bridge.address());
    let mut holders = Vec::new();
    for value in ["one", "two"] {
        let session = client.ask("POST", "/v1/sessions", &json!({})).await;
        let mut holder = Http::to(bridge.address());
        holder.token = Some(session["token"].as_str().unwrap().to_owned());
        let pages = format!(
            "/v1/sessions/{}/pages",
            session["sessionId"].as_str().unwrap()
        );
        let open = json!({"url": url, "waitUntil": "load"});
        let page = holder.ask("POST", &pages, &open).await;
        let id = page["pageId"].as_str().unwrap().to_owned();
        let store = format!("localStorage.seen = (localStorage.seen ?? '') + '{value}'");
        let stored = json!({"action": "evaluate", "params": {"expression": store}});
        let stored = holder.command(&id, &stored).await;
        assert_eq!(stored["value"], value, "a storage of its own");
        holders.push((holder, id));
    }
    let (other, _) = &holders[1];
    let foreign = format!("/v1/pages/{}", holders[0].1);
    for (method, path) in [("GET", foreign.clone()), ("DELETE", foreign.clone())] {
        assert_eq!(
            other.send(method, &path, None).await.status,
            404,
            "{method}"
        );
    }
    let click = json!({"action": "reload"});
    let command = other
        .send("POST", &format!("{foreign}/command"), Some(&click))
        .await;
    assert_eq!(command.json()["code"], "UNKNOWN_TAB");
    assert_eq!(client.send("GET", &foreign, None).await.status, 200);
    bridge.stop().await;
}
