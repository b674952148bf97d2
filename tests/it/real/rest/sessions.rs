//! A session that one program makes, and another goes on with.

use serde_json::json;

use super::exchange::Http;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::Site;

on_both_browsers!(
    a_session_is_used_by_two_programs_one_after_the_other,
    a_session_sees_no_pages_of_another,
    the_title_of_a_page_is_that_of_the_document_that_has_loaded,
    what_policy_blocks_is_counted,
);

async fn the_title_of_a_page_is_that_of_the_document_that_has_loaded(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start(browser).await;
    let client = Http::to(bridge.address());
    let pages = "/v1/sessions/default/pages";
    let page = client.ask("POST", pages, &json!({})).await;
    let path = format!("/v1/pages/{}", page["pageId"].as_str().unwrap());
    for number in 0..10 {
        // The pages of the site have their path as their title.
        let title = format!("Page{number}");
        let url = site.page(&format!("/{title}"), "x");
        let navigate = json!({"action": "goto", "params": {"url": url, "waitUntil": "load"}});
        client
            .command(page["pageId"].as_str().unwrap(), &navigate)
            .await;
        let shown = client.send("GET", &path, None).await.json();
        assert_eq!(
            (&shown["url"], &shown["title"]),
            (&json!(url), &json!(title))
        );
    }
    bridge.stop().await;
}

async fn what_policy_blocks_is_counted(browser: TestBrowser) {
    let site = Site::start().await;
    let url = site.page("/page", "<img src='http://blocked.test/x.png'>");
    let bridge = TestBridge::start(browser).await;
    let client = Http::to(bridge.address());
    let allowed = url::Url::parse(&url).unwrap();
    let allowlist = json!([allowed.host_str().unwrap()]);
    let session = json!({ "allowlist": allowlist });
    let session = client.ask("POST", "/v1/sessions", &session).await;
    let path = format!("/v1/sessions/{}", session["sessionId"].as_str().unwrap());
    let open = json!({"url": url, "waitUntil": "load"});
    client.ask("POST", &format!("{path}/pages"), &open).await;
    crate::support::wait::until("the blocked request is counted", async || {
        let shown = client.send("GET", &path, None).await.json();
        shown["usage"]["blockedRequests"].as_u64() > Some(0)
    })
    .await;
    bridge.stop().await;
}

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
    let usage = &shown["usage"];
    assert!(usage["requests"].as_u64() >= Some(3), "{shown}");
    assert!(usage["egressBytes"].as_u64() > Some(200), "{shown}");
    let ended = second
        .send("DELETE", &format!("{path}?wait=true"), None)
        .await;
    assert_eq!(ended.status, 204);
    // The same for the client and for the holder of the session's token.
    for who in [&first, &second] {
        let gone = who.send("GET", &format!("/v1/pages/{id}"), None).await;
        assert_eq!(
            (gone.status, &gone.json()["code"]),
            (410, &json!("SESSION_ENDED"))
        );
    }
    let ended = first.send("GET", &path, None).await.json();
    assert!(
        ended["usage"]["egressBytes"].as_u64() >= shown["usage"]["egressBytes"].as_u64(),
        "{ended}"
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
