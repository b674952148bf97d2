//! What a page sees of a drag.

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(a_page_sees_each_position_of_a_drag);

async fn a_page_sees_each_position_of_a_drag(browser: TestBrowser) {
    let body = "<style>html { height: 600px }</style><script>window.log = [];
        for (const type of ['mousedown', 'mousemove', 'mouseup']) addEventListener(type, (event) =>
            log.push(`${type} ${event.clientX} ${event.clientY} ${event.buttons}`));</script>";
    let page = OpenPage::with(browser, body).await;
    let wanted = json!([
        "mousemove 20 20 0",
        "mousedown 20 20 1",
        "mousemove 26 26 1",
        "mousemove 76 66 1",
        "mousemove 126 106 1",
        "mousemove 176 146 1",
        "mousemove 226 186 1",
        "mousemove 276 226 1",
        "mousemove 326 266 1",
        "mouseup 326 266 0",
    ]);
    for _ in 0..3 {
        page.evaluate("log.length = 0").await;
        let ends = json!({"from": {"x": 20, "y": 20}, "to": {"x": 326, "y": 266}});
        page.ask("drag", ends).await.expect("done");
        assert_eq!(page.evaluate("log").await, wanted);
    }
    page.bridge.stop().await;
}
