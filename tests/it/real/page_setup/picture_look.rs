//! What is stilled, hidden and covered in a screenshot, and that the page is as before afterwards.

use serde_json::{Value, json};

use super::steps::Lab;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::received::Received;

on_both_browsers!(
    a_picture_shows_what_it_is_asked_to_and_leaves_the_page_as_it_was,
    a_picture_that_fails_or_is_cancelled_leaves_the_page_as_it_was,
);

const PAGE: &str = "<style>body { margin: 0; background: transparent } div { position: absolute; width: 20px; height: 20px }
    @keyframes spin { from { background: rgb(1, 2, 3) } to { background: rgb(3, 2, 1) } }
    @keyframes move { from { transform: translateX(0) } to { transform: translateX(60px) } }
    #endless { left: 0; top: 40px; background: rgb(9, 9, 9); animation: spin 1s infinite }
    #finite { left: 0; top: 80px; background: rgb(8, 8, 8); animation: move 100s linear forwards }
    input { position: absolute; left: 100px; top: 0; border: 0; padding: 0; width: 60px; height: 20px; outline: 0; caret-color: red; font: 16px monospace }
    iframe { position: absolute; left: 200px; top: 0; width: 50px; height: 50px; border: 0 }</style>
    <div id=secret style='left:0;top:0;background:rgb(0,0,255)'>s</div><div id=endless></div><div id=finite></div><input id=field>";

struct Pixels {
    width: usize,
    samples: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    fn of(picture: &Received) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(picture.bytes()))
            .read_info()
            .unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        Self {
            width: info.width as usize,
            samples: info.color_type.samples(),
            bytes,
        }
    }

    fn at(&self, x: usize, y: usize) -> &[u8] {
        let start = (y * self.width + x) * self.samples;
        &self.bytes[start..start + self.samples]
    }

    fn color(&self, x: usize, y: usize) -> [u8; 3] {
        let pixel = self.at(x, y);
        [pixel[0], pixel[1], pixel[2]]
    }
}

const MAGENTA: [u8; 3] = [255, 0, 255];

/// What must be as before a picture. Animations have gone on.
const STATE: &str = "(() => { const running = document.getAnimations().map((it) => it.playState).join();
    const { activeElement } = document; return [document.documentElement.outerHTML, document.adoptedStyleSheets.length, running,
    activeElement.id, changes].join('|') })()";

async fn page(lab: &Lab) -> Value {
    lab.site.page("/frame", "<style>body { margin: 0; background: rgb(0, 200, 0) }</style><b id=inner style='display:block;width:20px;height:20px;background:blue'></b>");
    let frame = lab.site.url_on("allowed.test", "/frame");
    let page = format!("{PAGE}<iframe src='{frame}'></iframe><script>changes = 0;
        new MutationObserver((all) => {{ changes += all.filter((it) => it.type === 'attributes').length }}).observe(document, {{ subtree: true, attributes: true }});
        for (const kind of ['animationstart', 'animationend', 'animationcancel', 'transitionend']) addEventListener(kind, () => {{ changes += 1 }});</script>");
    lab.site.page("/page", &page);
    lab.go("/page").await;
    lab.ask("focus", json!({"selector": "#field"}))
        .await
        .expect("done");
    // What has begun with the page is no change.
    lab.evaluate("new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame)).then(() => { changes = 0 })")
        .await;
    lab.evaluate(STATE).await
}

async fn a_picture_shows_what_it_is_asked_to_and_leaves_the_page_as_it_was(browser: TestBrowser) {
    let lab = Lab::with(browser).await;
    let before = page(&lab).await;
    let shot = async |mut fields: Value| {
        fields["format"] = json!("png");
        let picture = lab.ask("getScreenshot", fields).await.expect("screenshot");
        // Events of animations come with frames.
        lab.evaluate("new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame)).then(() => 0)").await;
        assert_eq!(lab.evaluate(STATE).await, before);
        Pixels::of(&picture)
    };
    let masked = shot(json!({"mask": ["#secret", "#none", "iframe >> #inner"]})).await;
    assert_eq!(
        (masked.color(0, 0), masked.color(19, 19)),
        (MAGENTA, MAGENTA)
    );
    assert_ne!(masked.color(21, 10), MAGENTA);
    assert_eq!(masked.color(205, 5), MAGENTA, "a frame of another process");
    assert_eq!(masked.color(230, 30), [0, 200, 0]);
    let own = shot(json!({"mask": ["div"], "maskColor": "#010203", "fullPage": true})).await;
    assert_eq!(own.color(10, 10), [1, 2, 3]);
    let plain = shot(json!({})).await;
    assert_eq!(
        plain.color(1, 1),
        [0, 0, 255],
        "nothing is covered afterwards"
    );

    let still = shot(json!({"animations": "off", "caret": "hide"})).await;
    assert_eq!(
        still.color(10, 50),
        [9, 9, 9],
        "an endless animation has not begun"
    );
    assert_eq!(still.color(70, 90), [8, 8, 8], "a finite one has ended");
    assert_ne!(still.color(10, 90), [8, 8, 8]);
    let red = (100..160).flat_map(|x| (0..20).map(move |y| (x, y)));
    let carets = red
        .filter(|(x, y)| still.color(*x, *y) == [255, 0, 0])
        .count();
    assert_eq!(carets, 0);
    assert_eq!(lab.evaluate("document.getAnimations().every((it) => it.playState === 'running' && it.currentTime > 0)").await, true);

    let clear = shot(json!({"omitBackground": true})).await;
    assert_eq!(clear.at(500, 500), [0, 0, 0, 0]);
    assert_eq!(clear.at(1, 1)[3], 255);
    let opaque = shot(json!({})).await;
    assert_eq!(
        opaque.color(500, 500),
        [255, 255, 255],
        "the background is back"
    );
    lab.bridge.stop().await;
}

async fn a_picture_that_fails_or_is_cancelled_leaves_the_page_as_it_was(browser: TestBrowser) {
    let lab = Lab::with(browser).await;
    let before = page(&lab).await;
    let everything = json!({"mask": ["#secret"], "animations": "off", "caret": "hide", "omitBackground": true, "format": "png"});
    // The element to be pictured is looked for after the page was stilled.
    let mut missing = everything.clone();
    missing["selector"] = json!("#none");
    missing["timeoutMs"] = json!(2000);
    lab.ask("getScreenshot", missing)
        .await
        .expect_error("NOT_FOUND");
    assert_eq!(lab.evaluate(STATE).await, before);
    let mut bad = everything.clone();
    bad["mask"] = json!(["#secret", "a["]);
    lab.ask("getScreenshot", bad)
        .await
        .expect_error("BAD_SELECTOR");
    assert_eq!(lab.evaluate(STATE).await, before);
    let unknown = json!({"mask": ["role="]});
    let error = lab
        .ask("getScreenshot", unknown)
        .await
        .expect_error("BAD_SELECTOR");
    assert_eq!(error["details"]["field"], "mask", "{error}");
    let mut waiting = everything;
    waiting["selector"] = json!("#none");
    waiting["type"] = json!("getScreenshot");
    waiting["tabId"] = json!(lab.tab);
    waiting["timeoutMs"] = json!(1500);
    let asked = lab.client.request(waiting).await;
    let cancel = json!({"type": "cancel", "targetRequestId": asked});
    lab.client.ask(cancel).await.expect("done");
    lab.client.answer(&asked).await.expect_error("CANCELLED");
    let opaque = lab.client.screenshot(&lab.tab, "png", false).await;
    assert_eq!(Pixels::of(&opaque).color(500, 500), [255, 255, 255]);
    assert_eq!(lab.evaluate(STATE).await, before);
    lab.bridge.stop().await;
}
