//! Errors of real pages: the same over HTTP and over a WebSocket.

use serde_json::{Value, json};

use super::exchange::Http;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::Site;

on_both_browsers!(an_error_of_a_page_is_the_same_over_http_and_over_a_websocket);

/// A command, its status over HTTP, and its code.
fn faults(dead: &str) -> Vec<(&'static str, Value, u16, &'static str)> {
    let selector = |text: &str| json!({"selector": text});
    vec![
        (
            "navigate",
            json!({"url": "file:///etc/passwd"}),
            403,
            "NAV_DENIED",
        ),
        ("click", selector("text="), 400, "BAD_SELECTOR"),
        ("click", selector("#nothing"), 422, "NOT_FOUND"),
        ("click", selector("b"), 422, "AMBIGUOUS"),
        ("click", selector("#off"), 422, "NOT_ACTIONABLE"),
        ("click", selector("ref=e99"), 422, "STALE_REF"),
        (
            "evaluate",
            json!({"expression": "throw new Error('no')"}),
            422,
            "EVALUATION_FAILED",
        ),
        (
            "waitFor",
            json!({"expression": "false"}),
            504,
            "CDP_TIMEOUT",
        ),
        (
            "getDownload",
            json!({"downloadId": "none"}),
            422,
            "NOT_FOUND",
        ),
        (
            "removeInitScript",
            json!({"scriptId": "none"}),
            422,
            "NOT_FOUND",
        ),
        (
            "setPermissions",
            json!({"permissions": ["clipboardRead"]}),
            403,
            "PERMISSION_DENIED",
        ),
        // Afterwards the page is gone.
        ("navigate", json!({"url": dead}), 502, "NAV_FAILED"),
    ]
}

async fn an_error_of_a_page_is_the_same_over_http_and_over_a_websocket(browser: TestBrowser) {
    let site = Site::start().await;
    let url = site.page(
        "/page",
        "<b>1</b><b>2</b><button id=off disabled>off</button>",
    );
    let bridge = TestBridge::start(browser).await;
    let dead = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let (http, client) = (Http::to(bridge.address()), bridge.client().await);
    let open = json!({"url": url, "waitUntil": "load"});
    let page = http.ask("POST", "/v1/sessions/default/pages", &open).await;
    let id = page["pageId"].as_str().unwrap();
    for (action, params, status, code) in faults(&dead) {
        // What a page has to be waited for fails after a short time; the others have theirs.
        let limit = if action == "navigate" { 30_000 } else { 300 };
        let command = json!({"action": action, "params": params, "timeoutMs": limit});
        let path = format!("/v1/pages/{id}/command");
        let answer = http.send("POST", &path, Some(&command)).await;
        let problem = answer.json();
        assert_eq!(
            (answer.status, &problem["code"]),
            (status, &json!(code)),
            "{command} {problem}"
        );
        let mut request = params.clone();
        request["type"] = json!(action);
        request["tabId"] = json!(id);
        request["timeoutMs"] = json!(limit);
        let error = client.ask(request).await;
        assert_eq!(error["code"], code, "{command}");
        assert_eq!(error["retryable"], problem["retryable"], "{command}");
        assert_eq!(
            error["details"]["field"], problem["details"]["field"],
            "{command}"
        );
    }
    bridge.stop().await;
}
