//! Input that begins a navigation to a server that does not answer.

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::Reply;

on_both_browsers!(
    input_that_begins_a_slow_navigation_is_done,
    a_click_in_a_frame_that_begins_a_slow_navigation_is_done,
    an_action_that_fails_after_its_input_is_not_retryable,
);

async fn input_that_begins_a_slow_navigation_is_done(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.site.serve("/never", Reply::Never);
    let url = page.site.page(
        "/form",
        "<a href=/never>go</a><button id=b onclick='location = \"/never\"'>B</button>
        <p id=p onmousemove='location = \"/never\"'>P</p><form action=/never>
        <input type=checkbox id=c onchange='form.submit()'><input id=i oninput='form.submit()'>
        <input id=k><select id=s onchange='form.submit()'><option>1<option>2</select></form>",
    );
    for (kind, fields) in [
        ("click", json!({"selector": "a"})),
        ("click", json!({"selector": "#b"})),
        ("hover", json!({"selector": "#p"})),
        ("check", json!({"selector": "#c"})),
        ("fill", json!({"selector": "#i", "value": "x"})),
        ("press", json!({"selector": "#k", "key": "Enter"})),
        ("select", json!({"selector": "#s", "values": ["2"]})),
    ] {
        let tab = page.client.open(&url).await;
        let mut request = fields;
        request["type"] = json!(kind);
        request["tabId"] = json!(tab);
        page.client.ask(request.clone()).await.expect("done");
        page.client.close(&tab).await;
    }
    page.bridge.stop().await;
}

async fn a_click_in_a_frame_that_begins_a_slow_navigation_is_done(browser: TestBrowser) {
    let isolate = |config: &mut cdp_bridge::config::Config| {
        config.browser.args.push("--site-per-process".to_owned());
    };
    let page = OpenPage::on(TestBridge::start_with(browser, isolate).await, "").await;
    page.site.serve("/never", Reply::Never);
    page.site.page(
        "/inner",
        "<a href=/never id=own>in the frame</a> <a href=/never target=_top id=top>above</a>",
    );
    for host in ["127.0.0.1", "other.test"] {
        let inner = page.site.url_on(host, "/inner");
        let url = page
            .site
            .page("/outer", &format!("<iframe id=f src='{inner}'></iframe>"));
        for link in ["own", "top"] {
            let tab = page.client.open(&url).await;
            let click =
                json!({"type": "click", "tabId": tab, "selector": format!("#f >> #{link}")});
            page.client.ask(click).await.expect("done");
            page.client.close(&tab).await;
        }
    }
    page.bridge.stop().await;
}

async fn an_action_that_fails_after_its_input_is_not_retryable(browser: TestBrowser) {
    let body = "<button id=b onclick='for (;;);'>B</button><p>text</p>";
    let page = OpenPage::with(browser, body).await;
    let fields = json!({"selector": "#none", "timeoutMs": 1000});
    let error = page.ask("click", fields).await.expect_error("NOT_FOUND");
    assert_eq!(error["retryable"], true, "{error}");
    let fields = json!({"selector": "#b", "timeoutMs": 1500});
    let error = page.ask("click", fields).await;
    let error = error.expect_error("CDP_TIMEOUT");
    assert_eq!(error["retryable"], false, "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("may have taken effect"), "{error}");
    page.bridge.stop().await;
}
