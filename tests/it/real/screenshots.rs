//! Screenshots of tabs in front and in the background.

use futures::future::join_all;
use serde_json::json;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::pages;
use crate::support::received::Received;
use crate::support::site::Site;

on_both_browsers!(
    tabs_that_are_not_in_front_are_pictured_too,
    a_picture_is_as_large_as_its_viewport_in_every_format,
    a_page_larger_than_the_largest_picture_is_refused_with_the_numbers,
);

#[track_caller]
fn assert_size(picture: &Received, mime: &str, width: usize, height: usize) {
    assert_eq!(picture["mime"], mime, "{picture}");
    let size = imagesize::blob_size(picture.bytes()).unwrap();
    assert_eq!((size.width, size.height), (width, height), "{picture}");
    assert_eq!(
        (&picture["width"], &picture["height"]),
        (&json!(width), &json!(height))
    );
    let expected = match mime {
        "image/png" => imagesize::ImageType::Png,
        "image/jpeg" => imagesize::ImageType::Jpeg,
        _ => imagesize::ImageType::Webp,
    };
    assert_eq!(imagesize::image_type(picture.bytes()).unwrap(), expected);
}

async fn tabs_that_are_not_in_front_are_pictured_too(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let mut tabs = Vec::new();
    for number in 0..8 {
        let page = site.page(&format!("/{number}"), &pages::tall(900));
        tabs.push(client.open(&page).await);
    }
    client
        .ask(json!({"type": "activateTab", "tabId": tabs[3]}))
        .await
        .expect("tabActivated");
    for full_page in [false, true] {
        let shots = tabs
            .iter()
            .map(|tab| client.screenshot(tab, "jpeg", full_page));
        for picture in join_all(shots).await {
            assert_size(
                &picture,
                "image/jpeg",
                1280,
                if full_page { 900 } else { 720 },
            );
        }
    }
    bridge.stop().await;
}

async fn a_picture_is_as_large_as_its_viewport_in_every_format(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", &pages::tall(1000));
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let viewports = [
        (json!({"width": 640, "height": 360}), 640, 360, 1000),
        (
            json!({"width": 400, "height": 300, "deviceScaleFactor": 2}),
            800,
            600,
            2000,
        ),
        (
            json!({"width": 801, "height": 603, "deviceScaleFactor": 1.5}),
            1202,
            905,
            1500,
        ),
    ];
    // The pace of pictures is each tab's own, so that the tabs need not wait for each other.
    let (client, page) = (&client, &page);
    let checks = viewports.map(|(viewport, width, height, tall)| async move {
        let tab = client
            .open_with(json!({"url": page, "viewport": viewport}))
            .await;
        for (format, mime) in [
            ("png", "image/png"),
            ("jpeg", "image/jpeg"),
            ("webp", "image/webp"),
        ] {
            assert_size(
                &client.screenshot(&tab, format, false).await,
                mime,
                width,
                height,
            );
            assert_size(
                &client.screenshot(&tab, format, true).await,
                mime,
                width,
                tall,
            );
        }
        // The viewport outlives the target.
        let switch = json!({"type": "setLoggedOutMode", "tabId": tab, "enabled": true});
        client.ask(switch).await.expect("loggedOutModeSet");
        assert_size(
            &client.screenshot(&tab, "png", false).await,
            "image/png",
            width,
            height,
        );
        client.close(&tab).await;
    });
    join_all(checks).await;
    let tab = client.open(page).await;
    let mut sizes = Vec::new();
    for quality in [10, 95] {
        let request =
            json!({"type": "getScreenshot", "tabId": tab, "format": "jpeg", "quality": quality});
        sizes.push(client.ask(request).await.expect("screenshot").bytes().len());
    }
    assert!(sizes[0] < sizes[1], "quality counts: {sizes:?}");
    let default = client
        .ask(json!({"type": "getScreenshot", "tabId": tab}))
        .await
        .expect("screenshot");
    assert_size(&default, "image/jpeg", 1280, 720);
    bridge.stop().await;
}

async fn a_page_larger_than_the_largest_picture_is_refused_with_the_numbers(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", &pages::tall(20_000));
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    let request =
        json!({"type": "getScreenshot", "tabId": tab, "fullPage": true, "format": "webp"});
    let error = client.ask(request).await.expect_error("SCREENSHOT_FAIL");
    let details = &error["details"];
    assert_eq!(
        (&details["width"], &details["height"]),
        (&json!(1280), &json!(20_000)),
        "{error}"
    );
    assert_size(
        &client.screenshot(&tab, "jpeg", true).await,
        "image/jpeg",
        1280,
        20_000,
    );
    bridge.stop().await;
}
