//! Screenshots of elements and areas.

use serde_json::{Value, json};

use super::steps::{Hands, SHORT_MS};
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(an_element_and_a_part_are_pictured_as_large_as_they_are);

async fn an_element_and_a_part_are_pictured_as_large_as_they_are(browser: TestBrowser) {
    let page = "<style>body { margin: 0 }</style><div style='height:1500px'></div>
        <div id=d style='width:200px;height:900px;background:rgb(0,255,0)'></div><i id=h hidden>h</i>";
    let hands = Hands::on(browser, page).await;
    let shot = async |mut fields: Value| {
        fields["format"] = json!("png");
        hands.ask("getScreenshot", fields).await
    };
    let picture = shot(json!({"selector": "#d"})).await.expect("screenshot");
    assert_eq!(
        (&picture["width"], &picture["height"]),
        (&json!(200), &json!(900)),
        "{picture}"
    );
    let mut reader = png::Decoder::new(std::io::Cursor::new(picture.bytes()))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let samples = info.color_type.samples();
    for at in [0, pixels.len() / samples - 1] {
        assert_eq!(
            pixels[at * samples..at * samples + 3],
            [0, 255, 0],
            "it is the element, and all of it"
        );
    }
    let clip = json!({"clip": {"x": 10, "y": 1490, "width": 50, "height": 20}});
    let picture = shot(clip).await.expect("screenshot");
    assert_eq!(
        (&picture["width"], &picture["height"]),
        (&json!(50), &json!(20)),
        "{picture}"
    );
    shot(json!({"selector": "#none", "timeoutMs": SHORT_MS}))
        .await
        .expect_error("NOT_FOUND");
    let error = shot(json!({"selector": "#h", "timeoutMs": SHORT_MS})).await;
    error.expect_error("NOT_ACTIONABLE");
    shot(json!({"selector": "div"}))
        .await
        .expect_error("AMBIGUOUS");
    shot(json!({"selector": "a["}))
        .await
        .expect_error("BAD_SELECTOR");
    hands.bridge.stop().await;
}
