//! Scrolling of pages in which something else scrolls than the page.

use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    what_scrolls_inside_a_page_is_scrolled_without_a_selector,
    a_body_that_scrolls_by_itself_is_scrolled,
    a_frame_that_fills_the_page_is_scrolled,
    scroll_says_whether_anything_has_moved,
    what_has_a_place_but_no_size_is_scrolled_into_view_and_focused,
);

/// Scrolls; returns how far down it is then, and whether anything has moved.
async fn scroll(page: &OpenPage, fields: Value) -> (f64, bool) {
    let done = page.ask("scroll", fields).await.expect("done");
    let y = done["position"]["y"].as_f64().unwrap();
    (y, done["moved"].as_bool().unwrap())
}

async fn what_scrolls_inside_a_page_is_scrolled_without_a_selector(browser: TestBrowser) {
    let body = "<style>html, body { margin: 0; height: 100%; overflow: hidden }
        nav { position: fixed; inset: 0 auto 0 0; width: 200px; overflow: auto }
        main { position: fixed; inset: 0 0 0 200px; overflow-y: scroll } div { height: 3000px }</style>
        <nav id=n><div></div></nav><main id=m><div></div></main>";
    let page = OpenPage::with(browser, body).await;
    let down = json!({"by": {"x": 0, "y": 500}});
    assert_eq!(scroll(&page, down.clone()).await, (500.0, true));
    assert_eq!(
        page.evaluate("[m.scrollTop, n.scrollTop]").await,
        json!([500, 0])
    );
    scroll(&page, json!({"to": "bottom"})).await;
    assert_eq!(
        page.evaluate("m.scrollHeight - m.clientHeight - m.scrollTop < 1")
            .await,
        true
    );
    assert!(!scroll(&page, down).await.1);
    page.bridge.stop().await;
}

async fn a_body_that_scrolls_by_itself_is_scrolled(browser: TestBrowser) {
    let body = "<style>html { overflow: hidden; height: 100% } body { overflow: auto; height: 100%; margin: 0 }
        div { height: 5000px }</style><div></div>";
    let page = OpenPage::with(browser, body).await;
    for (fields, y) in [
        (json!({"selector": "body", "by": {"x": 0, "y": 500}}), 500.0),
        (json!({"by": {"x": 0, "y": 100}}), 600.0),
        (json!({"selector": "html", "by": {"x": 0, "y": 100}}), 700.0),
    ] {
        assert_eq!(scroll(&page, fields).await, (y, true));
        let shown = page.evaluate("document.body.scrollTop").await;
        assert_eq!(shown.as_f64(), Some(y));
    }
    page.bridge.stop().await;
}

async fn a_frame_that_fills_the_page_is_scrolled(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.site.page("/tall", "<div style='height:4000px'></div>");
    for host in ["127.0.0.1", "other.test"] {
        let tall = page.site.url_on(host, "/tall");
        let body = format!(
            "<style>html, body {{ margin: 0; height: 100%; overflow: hidden }} iframe {{ border: 0; width: 100%; height: 100% }}
            </style><iframe id=f src='{tall}'></iframe>"
        );
        let url = page.site.page("/outer", &body);
        page.client.go(&page.tab, &url).await;
        page.ask("query", json!({"selector": "#f >> div", "what": "count"}))
            .await
            .expect("queried");
        for (fields, y) in [
            (json!({"by": {"x": 0, "y": 300}}), 300.0),
            (json!({"selector": "#f", "by": {"x": 0, "y": 300}}), 600.0),
        ] {
            assert_eq!(scroll(&page, fields).await, (y, true), "{host}");
        }
    }
    page.bridge.stop().await;
}

async fn scroll_says_whether_anything_has_moved(browser: TestBrowser) {
    let page = OpenPage::with(browser, "<p>short</p>").await;
    let down = json!({"by": {"x": 0, "y": 300}});
    assert_eq!(scroll(&page, down.clone()).await, (0.0, false));
    page.evaluate("document.body.style.height = '3000px'").await;
    assert_eq!(scroll(&page, down).await, (300.0, true));
    page.bridge.stop().await;
}

async fn what_has_a_place_but_no_size_is_scrolled_into_view_and_focused(browser: TestBrowser) {
    let body = "<div style='height:3000px'></div><div id=sentinel></div><div id=empty tabindex=0></div>
        <button id=loose style='display:contents'>words</button><div style='height:3000px'></div>
        <div id=away style='position:fixed;left:-900px;width:10px;height:10px'></div><div id=none tabindex=0 hidden></div>";
    let page = OpenPage::with(browser, body).await;
    for id in ["sentinel", "loose"] {
        page.evaluate("scrollTo(0, 0)").await;
        let fields = json!({"selector": format!("#{id}")});
        page.ask("scrollIntoView", fields).await.expect("done");
        let y = page.evaluate("scrollY").await.as_f64().unwrap();
        assert!((2000.0..3100.0).contains(&y), "{id}: {y}");
    }
    page.ask("focus", json!({"selector": "#empty"}))
        .await
        .expect("done");
    assert_eq!(page.evaluate("document.activeElement.id").await, "empty");
    for (kind, id, reason) in [
        ("scrollIntoView", "away", "outside"),
        ("scrollIntoView", "none", "hidden"),
        ("focus", "none", "hidden"),
    ] {
        let fields = json!({"selector": format!("#{id}"), "timeoutMs": 1500});
        let error = page.ask(kind, fields).await;
        let error = error.expect_error("NOT_ACTIONABLE");
        assert_eq!(error["details"]["reason"], reason, "{error}");
    }
    page.bridge.stop().await;
}
