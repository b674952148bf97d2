//! Captures of pages that go on by themselves, and what a page notices of a capture.

use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::received::Received;

on_both_browsers!(
    a_capture_right_after_a_navigation_shows_where_the_page_ends,
    a_screencast_that_starts_while_the_page_goes_on_shows_frames,
    what_is_visible_is_captured_without_a_resize,
    a_page_from_right_to_left_is_captured_whole,
);

/// Pages that go on by themselves, to `/end`.
const GOING_ON: [(&str, &str); 4] = [
    ("/script", "<p>first</p><script>location = '/end'</script>"),
    (
        "/later",
        "<p>first</p><script>setTimeout(() => location = '/end', 20)</script>",
    ),
    (
        "/meta",
        "<meta http-equiv=refresh content='0;url=/end'><p>first</p>",
    ),
    (
        "/twice",
        "<p>first</p><script>onload = () => location.replace('/script')</script>",
    ),
];

async fn going_on(browser: TestBrowser) -> OpenPage {
    let page = OpenPage::with(browser, "").await;
    for (path, body) in GOING_ON {
        page.site.page(path, body);
    }
    page.site.page("/end", "<body bgcolor=lime><p>end</p>");
    page
}

/// Waits until the page goes nowhere else: its own navigation would take the place of the next one.
async fn at_the_end(page: &OpenPage) {
    let fields = json!({"url": "**/end"});
    page.ask("waitFor", fields).await.expect("waited");
}

async fn a_capture_right_after_a_navigation_shows_where_the_page_ends(browser: TestBrowser) {
    let page = going_on(browser).await;
    for (path, _) in GOING_ON {
        for (kind, fields) in [
            ("getScreenshot", json!({})),
            ("getScreenshot", json!({"fullPage": true})),
            ("getScreenshot", json!({"selector": "p"})),
            ("getDomSnapshot", json!({})),
            ("getDomSnapshot", json!({"format": "structured"})),
            ("getAxSnapshot", json!({})),
            ("getContent", json!({"format": "text"})),
        ] {
            let url = page.site.url(path);
            page.client
                .navigate(&page.tab, &url)
                .await
                .expect("navigated");
            let answer = page.ask(kind, fields.clone()).await;
            assert!(!answer.is("error"), "{path}: {kind} {fields}: {answer}");
            at_the_end(&page).await;
        }
    }
    page.bridge.stop().await;
}

async fn a_screencast_that_starts_while_the_page_goes_on_shows_frames(browser: TestBrowser) {
    let page = going_on(browser).await;
    for (path, _) in GOING_ON {
        for _ in 0..3 {
            let url = page.site.url(path);
            page.client
                .navigate(&page.tab, &url)
                .await
                .expect("navigated");
            let fields = json!({"timeoutMs": 20_000});
            let started = page.ask("startScreencast", fields).await;
            started.expect("screencastStarted");
            page.client.take("a frame", |it| it.is("frame")).await;
            let stopped = page.ask("stopScreencast", json!({})).await;
            stopped.expect("screencastStopped");
            while page.client.take_now(|it| it.is("frame")).is_some() {}
            at_the_end(&page).await;
        }
    }
    page.bridge.stop().await;
}

/// The colour of the first and of the last pixel of a PNG picture.
fn corners(picture: &Received) -> [[u8; 3]; 2] {
    let mut reader = png::Decoder::new(std::io::Cursor::new(picture.bytes()))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let samples = reader.next_frame(&mut pixels).unwrap().color_type.samples();
    let colour = |at: usize| pixels[at * samples..at * samples + 3].try_into().unwrap();
    [colour(0), colour(pixels.len() / samples - 1)]
}

async fn picture(page: &OpenPage, mut fields: Value) -> Received {
    fields["format"] = json!("png");
    page.ask("getScreenshot", fields).await.expect("screenshot")
}

async fn what_is_visible_is_captured_without_a_resize(browser: TestBrowser) {
    let body = "<style>body { margin: 0 } #d { width: 200px; height: 100px; background: #0f0 }</style>
        <div style='height: 1500px'></div><div id=d></div><div style='height: 1500px; width: 3000px'></div>
        <script>let resized = 0; onresize = () => { resized += 1 }; visualViewport.onresize = onresize</script>";
    let page = OpenPage::with(browser, body).await;
    let scrolled = page.site.page(
        "/small",
        "<p id=d>small</p><script>let resized = 0; onresize = () => { resized += 1 }</script>",
    );
    for fields in [
        json!({}),
        json!({"selector": "#d"}),
        json!({"clip": {"x": 10, "y": 1510, "width": 50, "height": 20}}),
    ] {
        let picture = picture(&page, fields.clone()).await;
        if fields != json!({}) {
            assert_eq!(corners(&picture), [[0, 255, 0]; 2], "{fields}");
        }
        // The event would come with the next frame.
        let frames = "async () => { for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame); return resized }";
        assert_eq!(page.evaluate(frames).await, 0, "{fields}");
    }
    page.client.go(&page.tab, &scrolled).await;
    picture(&page, json!({"fullPage": true})).await;
    let frames = "async () => { for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame); return resized }";
    assert_eq!(page.evaluate(frames).await, 0, "the whole page is visible");
    page.bridge.stop().await;
}

async fn a_page_from_right_to_left_is_captured_whole(browser: TestBrowser) {
    let bridge = TestBridge::shared(browser).await;
    let body = "<style>html { direction: rtl } body { margin: 0 }
        #d { width: 2000px; height: 100px; background: #0f0 }
        #left { width: 50px; height: 50px; background: #00f; position: absolute; left: -700px; top: 200px }</style>
        <div id=d></div><div id=left></div>";
    let page = OpenPage::on(bridge, body).await;
    let wide = picture(&page, json!({"selector": "#d"})).await;
    assert_eq!(
        (&wide["width"], &wide["height"]),
        (&json!(2000), &json!(100))
    );
    assert_eq!(corners(&wide), [[0, 255, 0]; 2]);
    let left = picture(&page, json!({"selector": "#left"})).await;
    assert_eq!((&left["width"], &left["height"]), (&json!(50), &json!(50)));
    assert_eq!(corners(&left), [[0, 0, 255]; 2]);
    let whole = picture(&page, json!({"fullPage": true})).await;
    assert_eq!(whole["width"], 2000);
    assert_eq!(corners(&whole)[0], [0, 255, 0]);
    page.bridge.stop().await;
}
