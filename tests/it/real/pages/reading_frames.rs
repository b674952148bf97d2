//! Frames that do not respond.

use serde_json::json;

use super::read_page::ReadPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::pages::{ENDLESS, LOOPS};
use crate::support::site::Reply;
use crate::support::wait::until;

on_both_browsers!(a_frame_that_hangs_costs_only_its_own_part);

async fn a_frame_that_hangs_costs_only_its_own_part(browser: TestBrowser) {
    let isolate = |config: &mut cdp_bridge::config::Config| {
        config.browser.args.push("--site-per-process".to_owned());
    };
    let bridge = TestBridge::start_with(browser, isolate).await;
    let page = ReadPage::on(bridge, "").await;
    page.site.serve(LOOPS, Reply::page(""));
    page.site.page("/hangs", ENDLESS);
    page.site.page("/works", "<button id=b>In a frame</button>");
    let hangs = page.site.url_on("other.test", "/hangs");
    let works = page.site.url_on("allowed.test", "/works");
    page.load(&format!(
        "<h1>Before</h1><iframe title=Works src='{works}'></iframe><iframe src='{hangs}'></iframe>
        <iframe id=w src='{works}'></iframe><p>After</p>"
    ))
    .await;
    until("the frame hangs", async || {
        !page.site.asked(LOOPS).is_empty()
    })
    .await;
    let outline = page.outline(json!({})).await;
    assert_eq!(
        outline,
        [
            "- heading \"Before\" [level=1]",
            "- iframe \"Works\"",
            "  - button \"In a frame\"",
            "- iframe",
            "  - note: this frame does not respond",
            "- iframe",
            "  - button \"In a frame\"",
            "- paragraph: \"After\"",
        ]
    );
    // A ref of another frame is found although this one does not answer.
    let whole = page
        .ask("getAxSnapshot", json!({}))
        .await
        .expect("axSnapshot");
    let last = whole.text().rfind("button \"In a frame\"").unwrap();
    let (_, rest) = whole.text()[last..].split_once("[ref=").unwrap();
    let locator = format!("ref={}", rest.split_once(']').unwrap().0);
    assert_eq!(page.query(&locator, "text").await, "In a frame");
    let content = page.content("text").await;
    assert!(
        content.contains("Before") && content.contains("In a frame"),
        "{content}"
    );
    page.bridge.stop().await;
}
