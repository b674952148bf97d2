//! Pictures, content and PDFs of pages as bytes.

use axum::body::Body;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Mode;
use crate::support::site::Site;

on_both_browsers!(
    a_picture_has_the_bytes_of_the_websockets_binary_mode,
    content_is_written_down_in_each_form,
    a_pdf_is_a_file_with_a_name,
    a_request_that_cannot_be_carried_out_names_what_is_wrong,
);

const STATIC: &str = "<style>body{margin:0;background:#def}div{width:90px;height:60px;background:#c33}</style>\
    <div id=box></div><p>Grüße aus \"Köln\" &amp; 日本 😀</p>";

async fn a_picture_has_the_bytes_of_the_websockets_binary_mode(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client_in(Mode::Binary).await;
    let tab = client.open(&site.page("/static", STATIC)).await;
    let rest = bridge.rest();
    for (query, fields) in [
        ("", json!({"format": "png"})),
        (
            "?format=jpeg&quality=55",
            json!({"format": "jpeg", "quality": 55}),
        ),
        (
            "?selector=%23box",
            json!({"format": "png", "selector": "#box"}),
        ),
        (
            "?format=webp&fullPage=true",
            json!({"format": "webp", "fullPage": true}),
        ),
        (
            "?clip=10,5,40.5,20",
            json!({"format": "png", "clip": {"x": 10, "y": 5, "width": 40.5, "height": 20}}),
        ),
    ] {
        let path = format!("/v1/pages/{tab}/screenshot{query}");
        let answer = rest.get(&path).await.expect(200);
        let mut request = json!({"type": "getScreenshot", "tabId": tab});
        request
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let picture = client.ask(request).await.expect("screenshot");
        assert!(answer.body == picture.bytes(), "{query}: other bytes");
        assert_eq!(answer.header("content-type"), picture["mime"]);
        assert_eq!(answer.header("x-image-width"), picture["width"].to_string());
        assert_eq!(
            answer.header("x-image-height"),
            picture["height"].to_string()
        );
        assert_eq!(
            answer.header("content-length"),
            answer.body.len().to_string()
        );
        let accept = [("accept", "application/json")];
        let json = rest.send(Method::GET, &path, &accept, Body::empty()).await;
        let json = json.expect(200).json();
        assert_eq!(
            (&json["mime"], &json["width"]),
            (&picture["mime"], &picture["width"])
        );
        let data = STANDARD.decode(json["data"].as_str().unwrap()).unwrap();
        assert!(data == picture.bytes(), "{query}: other bytes in JSON");
    }
    bridge.stop().await;
}

async fn content_is_written_down_in_each_form(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let long = "<p>äöü \"x\" 😀 </p>".repeat(40_000);
    let tab = client
        .open(&site.page("/content", &format!("{STATIC}<button>Go</button>")))
        .await;
    let large = client.open(&site.page("/large", &long)).await;
    let rest = bridge.rest();
    let read = async |tab: &str, query: &str| {
        rest.get(&format!("/v1/pages/{tab}/content{query}"))
            .await
            .expect(200)
    };
    let html = read(&tab, "").await;
    assert_eq!(html.text(), client.html(&tab).await);
    assert_eq!(html.header("content-type"), "text/html; charset=utf-8");
    assert!(
        html.header("content-security-policy")
            .starts_with("sandbox")
    );
    assert_eq!(html.header("x-truncated"), "false");
    let html = read(&large, "?as=html").await;
    assert!(
        html.text() == client.html(&large).await,
        "a large page has other bytes"
    );
    assert_eq!(html.header("content-length"), html.body.len().to_string());
    assert_eq!(
        read(&tab, "?selector=p").await.text(),
        "Grüße aus \"Köln\" &amp; 日本 😀"
    );
    let text = read(&tab, "?as=text&selector=p").await;
    assert_eq!(text.text().trim(), "Grüße aus \"Köln\" & 日本 😀");
    assert!(text.header("content-type").starts_with("text/plain"));
    let markdown = read(&tab, "?as=markdown").await;
    assert!(
        markdown.text().contains("Grüße")
            && markdown.header("content-type").starts_with("text/markdown")
    );
    let outline = read(&tab, "?as=outline").await;
    assert!(
        outline.text().contains("button \"Go\" [ref="),
        "{}",
        outline.text()
    );
    let page = read(&large, "?as=outline&maxChars=500").await;
    assert_eq!(page.header("x-truncated"), "true");
    let structured = read(&tab, "?as=structured").await;
    assert!(structured.json()["documents"].is_array());
    bridge.stop().await;
}

async fn a_pdf_is_a_file_with_a_name(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&site.page("/paper", STATIC)).await;
    let path = format!("/v1/pages/{tab}/pdf?paper=a5&landscape=true&margin=1,1,1,1");
    let pdf = bridge.rest().get(&path).await.expect(200);
    assert!(pdf.body.starts_with(b"%PDF-") && pdf.body.trim_ascii_end().ends_with(b"%%EOF"));
    assert_eq!(pdf.header("content-type"), "application/pdf");
    assert_eq!(
        pdf.header("content-disposition"),
        "inline; filename=\"page.pdf\""
    );
    assert_eq!(pdf.header("content-length"), pdf.body.len().to_string());
    bridge.stop().await;
}

async fn a_request_that_cannot_be_carried_out_names_what_is_wrong(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&site.page("/static", STATIC)).await;
    let other = bridge.rest();
    for (path, status, code, field) in [
        ("screenshot?quality=0", 400, "BAD_REQUEST", "quality"),
        ("screenshot?clip=1,2", 400, "BAD_REQUEST", "clip"),
        ("screenshot?mask=p", 400, "BAD_REQUEST", "mask"),
        (
            "screenshot?fullPage=true&selector=p",
            400,
            "BAD_REQUEST",
            "selector",
        ),
        ("screenshot?selector=%5B", 400, "BAD_SELECTOR", "selector"),
        (
            "content?as=text&selector=%23none&timeoutMs=300",
            422,
            "NOT_FOUND",
            "",
        ),
        ("content?as=pdf", 400, "BAD_REQUEST", "as"),
        (
            "content?as=structured&selector=p",
            400,
            "BAD_REQUEST",
            "selector",
        ),
        ("pdf?scale=9", 400, "BAD_REQUEST", "scale"),
    ] {
        let answer = other
            .get(&format!("/v1/pages/{tab}/{path}"))
            .await
            .expect(status);
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{path}: {problem}");
        assert_eq!(
            problem["details"]["field"].as_str().unwrap_or_default(),
            field,
            "{path}: {problem}"
        );
    }
    for name in ["t999", "x"] {
        let answer = other
            .get(&format!("/v1/pages/{name}/screenshot"))
            .await
            .expect(404);
        assert_eq!(answer.json()["code"], "UNKNOWN_TAB");
    }
    bridge.stop().await;
}
