//! Commands, and their sizes.

use serde_json::json;

use super::exchange::Http;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::Site;

on_both_browsers!(
    a_list_of_commands_is_an_agents_step,
    a_page_that_is_larger_than_one_message_comes_in_one_piece,
);

async fn a_list_of_commands_is_an_agents_step(browser: TestBrowser) {
    let site = Site::start().await;
    let url = site.page(
        "/form",
        "<input placeholder=Name><button disabled>Send</button>",
    );
    let bridge = TestBridge::start(browser).await;
    let client = Http::to(bridge.address());
    let page = client
        .ask("POST", "/v1/sessions/default/pages", &json!({}))
        .await;
    let id = page["pageId"].as_str().unwrap();
    let path = format!("/v1/pages/{id}/commands");
    let step = json!({"commands": [
        {"action": "goto", "params": {"url": url, "options": {"waitUntil": "load"}}},
        {"action": "fill", "params": {"selector": "placeholder=Name", "value": "Ada"}},
        {"action": "click", "params": {"selector": "text=Send"}, "timeoutMs": 300},
        {"action": "query", "params": {"selector": "placeholder=Name", "what": "value"}},
    ], "onError": "continue"});
    let answer = client.ask("POST", &path, &step).await;
    assert_eq!(answer["completed"], 3, "{answer}");
    let results = &answer["results"];
    assert_eq!(results[0]["result"]["status"], 200);
    assert_eq!(results[2]["error"]["code"], "NOT_ACTIONABLE");
    assert_eq!(results[2]["error"]["status"], 422);
    assert_eq!(results[3]["result"]["value"], "Ada");
    bridge.stop().await;
}

async fn a_page_that_is_larger_than_one_message_comes_in_one_piece(browser: TestBrowser) {
    let site = Site::start().await;
    let text = "\u{1F600} \"quoted\" ".repeat(60_000);
    let url = site.page("/long", &format!("<p>{text}</p>"));
    let bridge = TestBridge::start(browser).await;
    let client = Http::to(bridge.address());
    let open = json!({"url": url, "waitUntil": "load"});
    let page = client
        .ask("POST", "/v1/sessions/default/pages", &open)
        .await;
    let id = page["pageId"].as_str().unwrap();
    let snapshot = client.command(id, &json!({"action": "snapshot"})).await;
    let html = snapshot["snapshot"].as_str().unwrap();
    assert!(html.contains(text.trim()), "{} bytes", html.len());
    bridge.stop().await;
}
