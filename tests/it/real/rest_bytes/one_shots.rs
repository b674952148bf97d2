//! One-shots leave nothing behind, whatever happens.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::raw::Raw;
use crate::support::site::{Reply, Site};
use crate::support::wait::until;

on_both_browsers!(
    a_one_shot_is_given_a_page_and_leaves_nothing,
    html_is_shown_without_a_server_and_is_under_the_policy,
    a_one_shot_that_fails_or_whose_client_hangs_up_leaves_nothing,
);

/// The browser contexts that Chromium has beside its own.
async fn contexts(bridge: &TestBridge) -> usize {
    let mut raw = Raw::of_profile(&bridge.profile().await).await;
    let answer = raw.call(None, "Target.getBrowserContexts", json!({})).await;
    answer["browserContextIds"].as_array().unwrap().len()
}

/// Waits until there is nothing but what was before.
async fn nothing_is_left(bridge: &TestBridge, before: usize) {
    until("the tabs are closed", async || {
        bridge.get("/health").await.json()["tabs"]["open"] == 0
    })
    .await;
    until("the contexts are gone", async || {
        contexts(bridge).await == before
    })
    .await;
}

async fn a_one_shot_is_given_a_page_and_leaves_nothing(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start_on_port(browser).await;
    let rest = bridge.rest();
    let before = contexts(&bridge).await;
    let popup = site.page("/popup", "popup");
    let script = format!(
        "<p id=late></p><script>window.open('{popup}');
        setTimeout(() => late.textContent = navigator.userAgent, 50)</script>"
    );
    let url = site.page("/shot", &script);
    let body = json!({
        "url": url,
        "userAgent": "Printer/7",
        "setExtraHTTPHeaders": {"X-Test": "canary"},
        "cookies": [{"name": "a", "value": "1"}, {"name": "b", "value": "2", "url": url, "httpOnly": true}],
        "viewport": {"width": 300, "height": 200},
        "waitForSelector": {"selector": "text=Printer/7", "timeout": 20_000},
    });
    let with = |options: Value| {
        let mut body = body.clone();
        body["options"] = options;
        body
    };
    let content = rest
        .post_json("/v1/content", &with(json!({"as": "text"})))
        .await
        .expect(200);
    assert!(content.text().contains("Printer/7"), "{}", content.text());
    let asked = site.asked("/shot");
    assert_eq!(asked[0].header("x-test"), "canary");
    assert_eq!(asked[0].cookies, "a=1; b=2");
    let png = rest.post_json("/v1/screenshot", &body).await.expect(200);
    assert_eq!(
        (png.header("x-image-width"), png.header("x-image-height")),
        ("300", "200")
    );
    assert_eq!(png.header("content-type"), "image/png");
    let jpeg = with(json!({"type": "jpeg", "quality": 20, "fullPage": true}));
    let jpeg = rest.post_json("/screenshot", &jpeg).await.expect(200);
    assert_eq!(jpeg.header("content-type"), "image/jpeg");
    let pdf = with(json!({"format": "A4", "printBackground": true}));
    let pdf = rest.post_json("/v1/pdf", &pdf).await.expect(200);
    assert!(pdf.body.starts_with(b"%PDF-"));
    nothing_is_left(&bridge, before).await;
    bridge.stop().await;
}

async fn html_is_shown_without_a_server_and_is_under_the_policy(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start_with(browser, |config| {
        config.policy.allowlist = vec!["127.0.0.1".to_owned()];
    })
    .await;
    let rest = bridge.rest();
    let seen = site.serve("/seen", Reply::page("x"));
    let denied = site.url_on("other.test", "/denied");
    let html = format!(
        "<!doctype html><h1>Rechnung</h1><script>document.write('<b>ran</b>')</script>
        <img src='{seen}'><img src='{denied}'>"
    );
    let body = json!({"html": html, "options": {"as": "text"}, "gotoOptions": {"waitUntil": "networkidle0"}});
    let content = rest.post_json("/v1/content", &body).await.expect(200);
    assert!(content.text().contains("Rechnung") && content.text().contains("ran"));
    assert_eq!(
        (site.asked("/seen").len(), site.asked("/denied").len()),
        (1, 0)
    );
    let shot = rest
        .post_json("/v1/screenshot", &json!({"html": "<p>a"}))
        .await
        .expect(200);
    assert!(shot.body.starts_with(b"\x89PNG"));
    let denied = rest
        .post_json("/v1/screenshot", &json!({"url": denied}))
        .await
        .expect(403);
    assert_eq!(denied.json()["code"], "NAV_DENIED");
    bridge.stop().await;
}

async fn a_one_shot_that_fails_or_whose_client_hangs_up_leaves_nothing(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start_on_port(browser).await;
    let rest = bridge.rest();
    let before = contexts(&bridge).await;
    let (hanging, slow) = (
        site.serve("/hanging", Reply::Never),
        site.serve("/picture", Reply::Never),
    );
    let page = site.page("/page", &format!("<p>there</p><img src='{slow}'>"));
    let of = async |body: Value, status: u16| {
        rest.post_json("/v1/content", &body)
            .await
            .expect(status)
            .json()
    };
    let late = of(
        json!({"url": hanging, "gotoOptions": {"timeout": 300}}),
        504,
    )
    .await;
    assert_eq!(late["code"], "CDP_TIMEOUT", "{late}");
    let late = of(json!({"url": hanging, "timeoutMs": 1000}), 504).await;
    assert!(
        late["detail"].as_str().unwrap().contains("timeoutMs"),
        "{late}"
    );
    let missing = json!({"url": page, "gotoOptions": {"waitUntil": "commit"}, "options": {"as": "text", "selector": "#none"}, "timeoutMs": 2000});
    of(missing, 504).await;
    for (body, field) in [
        (
            json!({"url": page, "rejectResourceTypes": ["image"]}),
            "rejectResourceTypes",
        ),
        (json!({"url": page, "options": {"quality": 1}}), "quality"),
        (json!({"url": page, "html": "x"}), "html"),
        (json!({}), "url"),
    ] {
        let problem = of(body, 400).await;
        let named = problem["details"]["field"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(named.ends_with(field), "{problem}");
    }
    // What is there is given nevertheless, if that is wanted.
    let body = json!({"url": page, "gotoOptions": {"timeout": 500}, "bestAttempt": true, "options": {"as": "text"}});
    let text = rest.post_json("/v1/content", &body).await.expect(200);
    assert!(text.text().contains("there"));
    // The client hangs up while the page loads, long before the time limit.
    let body = json!({"url": hanging, "timeoutMs": 120_000}).to_string();
    let mut socket = TcpStream::connect(bridge.address()).await.unwrap();
    let head = format!(
        "POST /v1/pdf HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let asked = site.asked("/hanging").len();
    socket.write_all(head.as_bytes()).await.unwrap();
    until("the page is asked for", async || {
        site.asked("/hanging").len() > asked
    })
    .await;
    drop(socket);
    nothing_is_left(&bridge, before).await;
    let health = rest.get("/health").await.expect(200).json();
    assert_eq!(health["status"], "ok", "{health}");
    bridge.stop().await;
}
