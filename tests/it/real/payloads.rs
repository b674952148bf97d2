//! Large payloads arrive whole, in order, and as Chromium holds them.

use serde_json::{Value, json};

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Mode;
use crate::support::pages;
use crate::support::raw::Raw;
use crate::support::received::Received;
use crate::support::site::{Reply, Site};

on_both_browsers!(
    a_page_of_five_megabytes_is_what_chromium_holds_in_text_and_binary_mode,
    a_tall_page_is_pictured_as_chromium_does_in_text_and_binary_mode,
    lone_surrogates_of_a_page_become_replacement_characters,
    a_structured_snapshot_is_chromiums_own_and_is_json,
    a_page_with_too_many_nodes_is_refused_with_the_numbers,
);

const CHUNK: usize = 262_144;

#[track_caller]
fn assert_split(received: &Received, wire_length: usize) {
    let (parts, rest) = received.parts.split_at(received.parts.len() - 1);
    assert!(
        parts.iter().chain(rest).all(|part| *part <= CHUNK),
        "{received}: {:?}",
        received.parts
    );
    // A part is only shortened to avoid splitting a character, an escape or a base64 group.
    assert!(
        parts.iter().all(|part| *part > CHUNK - 16),
        "{received}: {:?}",
        received.parts
    );
    assert_eq!(
        received.parts.iter().sum::<usize>(),
        wire_length,
        "{received}"
    );
    assert_eq!(received["total"], received.parts.len(), "{received}");
}

async fn a_page_of_five_megabytes_is_what_chromium_holds_in_text_and_binary_mode(
    browser: TestBrowser,
) {
    let site = Site::start().await;
    let page = site.serve("/large", Reply::page(pages::large(5 << 20)));
    let bridge = TestBridge::start_on_port(browser).await;
    let (text, binary) = (bridge.client().await, bridge.client_in(Mode::Binary).await);
    let tab = text.open(&page).await;
    let mut raw = Raw::of_profile(&bridge.profile().await).await;
    let session = raw.page("/large").await;
    let held = raw
        .evaluate(
            &session,
            "'<!DOCTYPE html>' + document.documentElement.outerHTML",
        )
        .await;
    let held = held.as_str().unwrap();
    assert!(
        held.len() > 5 << 20 && held.ends_with("the end</b></body></html>"),
        "{}",
        held.len()
    );

    for client in [&text, &binary] {
        // Other answers come between the parts without losing any.
        let snapshot = client
            .request(json!({"type": "getDomSnapshot", "tabId": tab}))
            .await;
        for _ in 0..20 {
            client.ping().await;
        }
        let snapshot = client.answer(&snapshot).await.expect("domSnapshot");
        assert!(
            snapshot.text() == held,
            "{snapshot} is not the {} bytes held",
            held.len()
        );
        assert_eq!(
            (&snapshot["url"], &snapshot["format"]),
            (&json!(page), &json!("html"))
        );
        assert!(snapshot.parts.len() > 20, "{snapshot}");
    }
    let log = binary.log();
    let snapshot = log.iter().find(|it| it.is("domSnapshot")).unwrap();
    assert_split(snapshot, held.len());
    bridge.stop().await;
}

async fn a_tall_page_is_pictured_as_chromium_does_in_text_and_binary_mode(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/tall", &pages::tall(10_000));
    let bridge = TestBridge::start_on_port(browser).await;
    let (text, binary) = (bridge.client().await, bridge.client_in(Mode::Binary).await);
    let tab = text.open(&page).await;
    let mut raw = Raw::of_profile(&bridge.profile().await).await;
    let session = raw.page("/tall").await;
    let sizes = "[innerWidth, innerHeight, document.documentElement.scrollHeight]";
    let before = raw.evaluate(&session, sizes).await;
    assert_eq!(before, json!([1280, 720, 10_000]));
    let clip = json!({"x": 0, "y": 0, "width": 1280, "height": 10_000, "scale": 1});
    let own = json!({"format": "png", "clip": clip, "captureBeyondViewport": true, "optimizeForSpeed": true});
    let own = raw.picture(&session, own).await;

    for client in [&text, &binary] {
        let picture = client.screenshot(&tab, "png", true).await;
        assert_eq!(
            (&picture["width"], &picture["height"]),
            (&json!(1280), &json!(10_000))
        );
        assert!(
            picture.bytes() == own,
            "{picture} is not the {} bytes that Chromium gives",
            own.len()
        );
        let wire = if std::ptr::eq(client, &raw const text) {
            own.len().div_ceil(3) * 4
        } else {
            own.len()
        };
        assert_split(&picture, wire);
        assert!(picture.parts.len() > 1, "{picture}");
    }
    assert_eq!(
        raw.evaluate(&session, sizes).await,
        before,
        "the page's size is as it was"
    );
    let viewport = text.screenshot(&tab, "png", false).await;
    assert_eq!(
        (&viewport["width"], &viewport["height"]),
        (&json!(1280), &json!(720))
    );
    bridge.stop().await;
}

async fn lone_surrogates_of_a_page_become_replacement_characters(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page(
        "/page",
        r"<p id=p></p><script>p.textContent = 'a\ud83d-b\udd80-\ud83e\udd80-\udd80\ud83e.'; p.title = '\ud800'</script>",
    );
    let bridge = TestBridge::shared(browser).await;
    let (text, binary) = (bridge.client().await, bridge.client_in(Mode::Binary).await);
    let tab = text.open(&page).await;
    for client in [&text, &binary] {
        let html = client.html(&tab).await;
        assert!(
            html.contains("a\u{fffd}-b\u{fffd}-🦀-\u{fffd}\u{fffd}."),
            "{html}"
        );
        assert!(html.contains("title=\"\u{fffd}\""), "{html}");
        let structured = json!({"type": "getDomSnapshot", "tabId": tab, "format": "structured"});
        let structured = client.ask(structured).await.expect("domSnapshot");
        let value: Value = serde_json::from_slice(structured.bytes()).unwrap();
        assert!(value.to_string().contains("🦀"));
    }
    bridge.stop().await;
}

async fn a_structured_snapshot_is_chromiums_own_and_is_json(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.serve("/large", Reply::page(pages::large(300_000)));
    let bridge = TestBridge::start_on_port(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    client.settled(&tab, "large").await;
    let request = json!({"type": "getDomSnapshot", "tabId": tab, "format": "structured"});
    let snapshot = client.ask(request).await.expect("domSnapshot");
    assert_eq!(snapshot["format"], "structured");
    let value: Value = serde_json::from_slice(snapshot.bytes()).unwrap();
    let mut raw = Raw::of_profile(&bridge.profile().await).await;
    let session = raw.page("/large").await;
    let held = raw
        .call(
            Some(&session),
            "DOMSnapshot.captureSnapshot",
            json!({"computedStyles": []}),
        )
        .await;
    assert!(value == held, "the snapshot is what Chromium gives");
    bridge.stop().await;
}

async fn a_page_with_too_many_nodes_is_refused_with_the_numbers(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", &"<i></i>".repeat(500));
    let wide = site.serve("/wide", Reply::page("x".repeat(100_000)));
    let bridge = TestBridge::start_with(browser, |config| {
        config.flow.max_snapshot_nodes = 400;
        config.flow.max_snapshot_bytes = 65_536;
    })
    .await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    for format in ["html", "structured"] {
        let request = json!({"type": "getDomSnapshot", "tabId": tab, "format": format});
        let error = client.ask(request).await.expect_error("SNAPSHOT_FAIL");
        let details = &error["details"];
        assert_eq!(details["maxNodes"], 400, "{error}");
        assert!(
            details["nodes"]
                .as_u64()
                .is_some_and(|nodes| (500..520).contains(&nodes)),
            "{error}"
        );
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("flow.max_snapshot_nodes"),
            "{error}"
        );
    }
    client.go(&tab, &wide).await;
    let request = json!({"type": "getDomSnapshot", "tabId": tab});
    let error = client.ask(request).await.expect_error("SNAPSHOT_FAIL");
    assert_eq!(error["details"]["maxBytes"], 65_536, "{error}");
    assert!(
        error["details"]["bytes"].as_u64().unwrap() > 100_000,
        "{error}"
    );
    client
        .navigate(&tab, "about:blank")
        .await
        .expect("navigated");
    assert!(
        client.html(&tab).await.contains("<body>"),
        "the tab works on"
    );
    bridge.stop().await;
}
