//! Snapshots and screenshots: their order, rate and sharing.

use std::time::Duration;

use cdp_bridge::tabs::{AnswerKind, TabSettings};
use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::payload::{EscapedText, Payload};
use cdp_bridge_protocol::request::{ImageFormat, SnapshotFormat, Viewport};
use tokio::time::sleep;

use super::harness::{Bridge, MS, settings};

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_the_html_of_the_page() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let text = text(bridge.client().html(tab).answer().await.kind);
    assert_eq!(&text.decode()[..], b"<html><title>A</title></html>");
}

fn text(answer: AnswerKind) -> EscapedText {
    match answer {
        AnswerKind::Payload {
            payload: Payload::Text(text),
            ..
        } => text,
        other => panic!("a snapshot is text, not {other:?}"),
    }
}

/// A bridge with a tab whose page has this many bytes.
async fn large_page(bytes: usize) -> (Bridge, TabId, String) {
    let mut settings = settings();
    settings.flow.max_snapshot_bytes = 10_000_000;
    let bridge = Bridge::with(settings).await;
    let html = format!("<p>{}</p>", "0123456789\n".repeat(bytes / 11));
    bridge.fake.page("http://large.test/", &html);
    let (tab, _) = bridge.tab("http://large.test/").await;
    (bridge, tab, html)
}

#[tokio::test(start_paused = true)]
async fn a_large_page_is_read_in_parts_which_are_then_released() {
    let (bridge, tab, html) = large_page(1_000_000).await;
    let text = text(bridge.client().html(tab).answer().await.kind);
    assert!(text.decode() == html.as_bytes(), "the page is whole");
    assert_eq!(bridge.fake.calls_of("Runtime.evaluate").len(), 1);
    assert!(bridge.fake.calls_of("Runtime.callFunctionOn").len() > 10);
    bridge.fake.wait_for("Runtime.releaseObject", 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_large_page_that_is_replaced_between_parts_is_captured_again() {
    let (bridge, tab, html) = large_page(1_000_000).await;
    let gone = "Could not find object with given id";
    bridge.fake.fail("Runtime.callFunctionOn", gone);
    let text = text(bridge.client().html(tab).answer().await.kind);
    assert!(text.decode() == html.as_bytes(), "the page is whole");
    assert_eq!(bridge.fake.calls_of("Runtime.evaluate").len(), 2);
    bridge.fake.wait_for("Runtime.releaseObject", 2).await;
}

#[tokio::test(start_paused = true)]
async fn parts_that_time_out_are_released() {
    let (bridge, tab, _) = large_page(1_000_000).await;
    bridge.fake.hold("Runtime.callFunctionOn");
    assert_eq!(bridge.client().html(tab).code().await, "CDP_TIMEOUT");
    bridge.fake.wait_for("Runtime.releaseObject", 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_capture_waits_for_the_changes_before_it() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Page.navigate");
    let client = bridge.client();
    let navigated = client.navigate(tab, "http://b.test/");
    let (html, picture) = (client.html(tab), client.screenshot(tab));
    bridge.settle().await;
    assert!(bridge.fake.calls_of("Runtime.evaluate").is_empty());
    assert!(bridge.fake.calls_of("Page.captureScreenshot").is_empty());
    bridge.fake.release("Page.navigate");
    navigated.line().await;
    assert_eq!(html.line().await, "domSnapshot t1 http://b.test/");
    assert_eq!(picture.line().await, "screenshot t1 image/jpeg 800x600");
}

#[tokio::test(start_paused = true)]
async fn a_capture_does_not_wait_for_the_changes_after_it() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.silence("http://slow.test/");
    let client = bridge.client();
    client.html(tab).line().await;
    let second = client.html(tab);
    let slow = client.navigate(tab, "http://slow.test/");
    let (took, outcome) = second.timed().await;
    assert!(outcome.is_ok());
    assert_eq!(
        took,
        300 * MS,
        "it waited for the window and for nothing else"
    );
    assert!(!slow.is_answered());
}

#[tokio::test(start_paused = true)]
async fn snapshots_within_a_window_share_one_capture_at_its_end() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let other = client.clone().on_connection(2);
    let (took, _) = client.html(tab).timed().await;
    assert_eq!(
        took,
        Duration::ZERO,
        "the first after a quiet time runs at once"
    );
    sleep(10 * MS).await;
    let (second, third) = (client.html(tab), client.html(tab));
    let (fourth, theirs) = (client.html(tab), other.html(tab));
    let ids = format!("{}, {}", second.number, third.number);
    let expected = format!("domSnapshot t1 http://a.test/ for {ids} too");
    assert_eq!(fourth.line().await, expected);
    assert_eq!(second.line().await, "coalesced");
    assert_eq!(third.line().await, "coalesced");
    assert_eq!(theirs.line().await, "domSnapshot t1 http://a.test/");
    let calls = bridge.fake.calls_of("Runtime.evaluate");
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].at - calls[0].at, 300 * MS);
}

#[tokio::test(start_paused = true)]
async fn snapshots_of_different_formats_never_share_a_capture() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let html = client.html(tab);
    let structured = client.snapshot(tab, SnapshotFormat::Structured);
    let (took, outcome) = structured.timed().await;
    assert!(outcome.is_ok() && took < MS);
    html.line().await;
    assert_eq!(bridge.fake.calls_of("DOMSnapshot.captureSnapshot").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_one_snapshot_of_a_format_runs_at_a_time() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Runtime.evaluate");
    let first = bridge.client().html(tab);
    sleep(400 * MS).await;
    let second = bridge.client().html(tab);
    sleep(400 * MS).await;
    assert_eq!(bridge.fake.calls_of("Runtime.evaluate").len(), 1);
    bridge.fake.release("Runtime.evaluate");
    first.line().await;
    second.line().await;
}

#[tokio::test(start_paused = true)]
async fn a_page_with_too_many_elements_is_not_captured() {
    let bridge = Bridge::start().await;
    bridge.fake.page("http://big.test/", &"<p>".repeat(101));
    bridge.fake.page("http://long.test/", &"x".repeat(10_001));
    let client = bridge.client();
    for url in ["http://big.test/", "http://long.test/"] {
        let (tab, _) = bridge.tab(url).await;
        assert_eq!(client.html(tab).code().await, "SNAPSHOT_FAIL");
    }
    let (tab, _) = bridge.tab("http://big.test/").await;
    let structured = client.snapshot(tab, SnapshotFormat::Structured);
    assert_eq!(structured.code().await, "SNAPSHOT_FAIL");
    assert!(
        bridge
            .fake
            .calls_of("DOMSnapshot.captureSnapshot")
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn a_capture_that_fails_is_not_tried_again() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.fail("Runtime.evaluate", "Internal error");
    assert_eq!(bridge.client().html(tab).code().await, "SNAPSHOT_FAIL");
    bridge.fake.fail("Page.captureScreenshot", "Internal error");
    assert_eq!(
        bridge.client().screenshot(tab).code().await,
        "SCREENSHOT_FAIL"
    );
    assert_eq!(bridge.fake.calls_of("Runtime.evaluate").len(), 1);
    assert_eq!(bridge.fake.calls_of("Page.captureScreenshot").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_picture_of_a_surface_that_is_being_replaced_is_taken_a_little_later() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let (method, message) = ("Page.captureScreenshot", "Unable to capture screenshot");
    bridge.fake.fail(method, message);
    bridge.client().screenshot(tab).answer().await;
    assert_eq!(bridge.fake.calls_of(method).len(), 2);
    for _ in 0..9 {
        bridge.fake.fail(method, message);
    }
    assert_eq!(
        bridge.client().screenshot(tab).code().await,
        "SCREENSHOT_FAIL",
        "some pages can never be pictured"
    );
    assert_eq!(bridge.fake.calls_of(method).len(), 2 + 5);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_not_active_yet_is_captured_a_little_later() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    for _ in 0..3 {
        bridge
            .fake
            .fail("Page.captureScreenshot", "Not attached to an active page");
    }
    let (took, outcome) = bridge.client().screenshot(tab).timed().await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(took < 200 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn screenshots_keep_their_distance() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let asked: Vec<_> = (0..4).map(|_| client.screenshot(tab)).collect();
    for (number, asked) in (0..4).zip(asked) {
        let (took, outcome) = asked.timed().await;
        assert!(outcome.is_ok());
        assert_eq!(took, number * 500 * MS);
    }
}

#[tokio::test(start_paused = true)]
async fn the_oldest_queued_screenshot_is_dropped_for_a_newer_one() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let mut asked: Vec<_> = (0..7).map(|_| client.screenshot(tab)).collect();
    bridge.settle().await;
    let rest = asked.split_off(3);
    let mut codes = Vec::new();
    for asked in asked.drain(1..) {
        codes.push(asked.code().await);
    }
    assert_eq!(codes, ["DROPPED", "DROPPED"]);
    for asked in rest {
        asked.line().await;
    }
    assert_eq!(bridge.fake.calls_of("Page.captureScreenshot").len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_screenshot_that_waits_runs_out_of_its_own_time() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    client.screenshot(tab).line().await;
    let (took, outcome) = client
        .clone()
        .within(200 * MS)
        .screenshot(tab)
        .timed()
        .await;
    assert!(outcome.is_err());
    assert_eq!(took, 200 * MS);
    sleep(1000 * MS).await;
    assert_eq!(bridge.fake.calls_of("Page.captureScreenshot").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_capture_that_is_not_answered_runs_out_of_time_and_makes_room() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Page.captureScreenshot");
    bridge.fake.hold("Runtime.evaluate");
    let client = bridge.client().within(1000 * MS);
    let (picture, html) = (client.screenshot(tab), client.html(tab));
    assert_eq!(picture.code().await, "CDP_TIMEOUT");
    assert_eq!(html.code().await, "CDP_TIMEOUT");
    bridge.fake.release("Page.captureScreenshot");
    bridge.fake.release("Runtime.evaluate");
    client.screenshot(tab).line().await;
    client.html(tab).line().await;
}

#[tokio::test(start_paused = true)]
async fn each_picture_has_the_size_and_the_format_that_were_asked_for() {
    let bridge = Bridge::start().await;
    let viewport = Viewport {
        width: 400,
        height: 300,
        device_scale_factor: Some(2.0),
    };
    let client = bridge.client();
    let created = client.create_tab("http://a.test/", false, Some(viewport));
    let tab = created.tab().await;
    let picture = client.shot(tab, ImageFormat::Png, false);
    assert_eq!(picture.line().await, "screenshot t1 image/png 800x600");
    let picture = client.shot(tab, ImageFormat::Webp, true);
    assert_eq!(picture.line().await, "screenshot t1 image/webp 800x1200");
}

#[tokio::test(start_paused = true)]
async fn a_page_larger_than_the_largest_picture_is_refused() {
    let mut settings: TabSettings = settings();
    settings.flow.max_screenshot_pixels = 800 * 600;
    let bridge = Bridge::with(settings).await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let whole = client.shot(tab, ImageFormat::Png, true);
    assert_eq!(whole.code().await, "SCREENSHOT_FAIL");
    client.shot(tab, ImageFormat::Png, false).line().await;
}
