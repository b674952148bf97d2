//! Screencasts of real pages.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::raw::Raw;
use crate::support::received::Received;
use crate::support::site::Site;

on_both_browsers!(
    watchers_of_one_tab_each_get_their_own_size,
    a_page_that_stands_still_is_shown_to_whoever_comes_later,
    a_tab_that_is_not_in_front_is_streamed,
    frames_end_with_the_stop_and_start_anew,
    a_screencast_goes_on_after_a_rebuild,
);

const MOVING: &str = "<div id=d style='width:200px;height:200px;background:red'></div><script>\
    let x = 0; (function f() { d.style.marginLeft = (x++ % 300) + 'px'; requestAnimationFrame(f) })()\
    </script>";

async fn cast(client: &Client, tab: &str, mut fields: serde_json::Value) {
    fields["type"] = json!("startScreencast");
    fields["tabId"] = json!(tab);
    client.ask(fields).await.expect("screencastStarted");
}

async fn frame(client: &Client, tab: &str) -> Received {
    client.tab_event("frame", tab).await
}

async fn watchers_of_one_tab_each_get_their_own_size(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::shared(browser).await;
    let (large, small) = (bridge.client().await, bridge.client().await);
    let tab = large.open(&site.page("/moving", MOVING)).await;
    cast(&large, &tab, json!({})).await;
    cast(
        &small,
        &tab,
        json!({"maxWidth": 320, "maxHeight": 320, "quality": 50}),
    )
    .await;
    for (client, width, height) in [(&large, 1280, 720), (&small, 320, 180)] {
        let mut last = None;
        for _ in 0..5 {
            let frame = frame(client, &tab).await;
            let drawn = imagesize::blob_size(frame.bytes()).unwrap();
            assert_eq!((drawn.width, drawn.height), (width, height), "{frame}");
            assert_eq!(
                (&frame["width"], &frame["height"]),
                (&json!(width), &json!(height))
            );
            assert!(frame["requestId"].is_null() && frame["mime"] == "image/jpeg");
            let number = frame["frameNo"].as_u64();
            assert!(
                number > last,
                "frames come in order: {number:?} after {last:?}"
            );
            last = number;
        }
    }
    bridge.stop().await;
}

async fn a_page_that_stands_still_is_shown_to_whoever_comes_later(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::shared(browser).await;
    let (first, second) = (bridge.client().await, bridge.client().await);
    let tab = first.open(&site.page("/still", "<p>still")).await;
    cast(&first, &tab, json!({})).await;
    frame(&first, &tab).await;
    cast(&second, &tab, json!({})).await;
    frame(&second, &tab).await;
    bridge.stop().await;
}

async fn a_tab_that_is_not_in_front_is_streamed(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let behind = client.open(&site.page("/moving", MOVING)).await;
    let front = client.open(&site.page("/other", "<p>other")).await;
    client
        .ask(json!({"type": "activateTab", "tabId": front}))
        .await
        .expect("tabActivated");
    cast(&client, &behind, json!({})).await;
    for _ in 0..10 {
        frame(&client, &behind).await;
    }
    bridge.stop().await;
}

async fn frames_end_with_the_stop_and_start_anew(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&site.page("/moving", MOVING)).await;
    for _ in 0..5 {
        cast(&client, &tab, json!({})).await;
        frame(&client, &tab).await;
        let stop = json!({"type": "stopScreencast", "tabId": tab});
        client.ask(stop).await.expect("screencastStopped");
        // One frame may have been queued for the socket when the stop came; after it there are none.
        while client.take_now(|it| it.is("frame")).is_some() {}
        client.ping().await;
        while client.take_now(|it| it.is("frame")).is_some() {}
        let more = client.take("no frame", |it| it.is("frame"));
        assert!(
            timeout(Duration::from_millis(100), more).await.is_err(),
            "it was stopped"
        );
    }
    bridge.stop().await;
}

async fn a_screencast_goes_on_after_a_rebuild(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start_on_port(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&site.page("/moving", MOVING)).await;
    cast(&client, &tab, json!({"maxFps": 20})).await;
    frame(&client, &tab).await;
    let mut raw = Raw::of_profile(&bridge.profile().await).await;
    let session = raw.page("/moving").await;
    raw.send(Some(&session), "Page.crash", json!({})).await;
    client.tab_event("tabRebuilt", &tab).await;
    while client.take_now(|it| it.is("frame")).is_some() {}
    let since = Instant::now();
    frame(&client, &tab).await;
    println!(
        "the first frame after the rebuild came after {:?}",
        since.elapsed()
    );
    bridge.stop().await;
}
