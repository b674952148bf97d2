//! `listFrames`.

use cdp_bridge::config::Config;
use serde_json::json;

use super::read_page::ReadPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::pages::{ENDLESS, LOOPS};
use crate::support::site::Reply;
use crate::support::wait::until;

on_both_browsers!(
    every_frame_is_listed_with_a_locator_that_leads_into_it,
    many_frames_and_a_frame_that_hangs_are_bounded,
);

async fn every_frame_is_listed_with_a_locator_that_leads_into_it(browser: TestBrowser) {
    let page = ReadPage::with(browser, "").await;
    page.site.page("/leaf", "<p>leaf</p>");
    let there = page.site.url_on("allowed.test", "/far");
    page.site.page(
        "/far",
        "<p>far</p><iframe name='a&quot;b' src=/leaf></iframe>",
    );
    page.site.page(
        "/near",
        &format!("<p>near</p><iframe id=x src='{there}'></iframe>"),
    );
    page.load(
        "<iframe id='my frame' src=/near></iframe><iframe src=/leaf></iframe><iframe id=twin src=/leaf></iframe>
        <iframe id=twin srcdoc='<p>doc</p>'></iframe><x-a></x-a>
        <script>document.querySelector('x-a').attachShadow({mode: 'open'}).innerHTML = '<iframe name=s src=/leaf>'</script>",
    )
    .await;
    let wait = json!({"selector": "#my\\ frame >> #x >> iframe >> p"});
    page.ask("waitFor", wait).await.expect("waited");
    let listed = page.ask("listFrames", json!({})).await.expect("frames");
    assert_eq!(listed["truncated"], json!(null), "{listed}");
    let frames = listed["frames"].as_array().unwrap();
    assert_eq!(frames[0], json!({"url": page.site.url("/page")}));
    let mut texts = Vec::new();
    for (at, frame) in frames.iter().enumerate().skip(1) {
        let parent = frame["parent"].as_u64().unwrap();
        assert!(usize::try_from(parent).unwrap() < at, "{listed}");
        let selector = frame["selector"].as_str().unwrap();
        let text = page.query(&format!("{selector} >> p"), "text").await;
        texts.push((text, frame["url"].clone(), frame["name"].clone(), parent));
    }
    let at = |text: &str| {
        texts
            .iter()
            .position(|it| it.0 == text)
            .map(|at| at as u64 + 1)
    };
    let (near, far) = (at("near").unwrap(), at("far").unwrap());
    let leaf = json!(page.site.url("/leaf"));
    let far_leaf = json!(page.site.url_on("allowed.test", "/leaf"));
    for (text, url, name, parent) in [
        ("near", json!(page.site.url("/near")), json!(null), 0),
        ("far", json!(there), json!(null), near),
        ("leaf", far_leaf, json!("a\"b"), far),
        ("leaf", leaf.clone(), json!(null), 0),
        ("leaf", leaf, json!("s"), 0),
        ("doc", json!("about:srcdoc"), json!(null), 0),
    ] {
        let expected = (json!(text), url, name, parent);
        assert!(texts.contains(&expected), "{expected:?} in {listed}");
    }
    assert_eq!(texts.len(), 7, "{listed}");
    page.load("<p>alone</p>").await;
    let listed = page.ask("listFrames", json!({})).await.expect("frames");
    assert_eq!(listed["frames"], json!([{"url": page.site.url("/page")}]));
    page.bridge.stop().await;
}

async fn many_frames_and_a_frame_that_hangs_are_bounded(browser: TestBrowser) {
    let isolate = |config: &mut Config| {
        config.browser.args.push("--site-per-process".to_owned());
    };
    let page = ReadPage::on(TestBridge::start_with(browser, isolate).await, "").await;
    let hung = page.site.url_on("allowed.test", "/hung");
    page.site.serve(LOOPS, Reply::page(""));
    page.site.page("/hung", ENDLESS);
    page.site.page("/fine", "<p>fine</p>");
    page.load(&format!(
        "<iframe src='{hung}'></iframe><iframe src=/fine></iframe>"
    ))
    .await;
    until("the frame hangs", async || {
        !page.site.asked(LOOPS).is_empty()
    })
    .await;
    let listed = page.ask("listFrames", json!({})).await.expect("frames");
    let frames = listed["frames"].as_array().unwrap();
    assert_eq!(frames[1]["url"], hung, "{listed}");
    assert_eq!(frames[1]["unresponsive"], true, "{listed}");
    assert_eq!(frames[2]["url"], page.site.url("/fine"), "{listed}");
    page.load("<script>for (let n = 0; n < 300; n++) document.body.append(document.createElement('iframe'))</script>")
        .await;
    let listed = page.ask("listFrames", json!({})).await.expect("frames");
    assert_eq!(listed["frames"].as_array().unwrap().len(), 256);
    assert_eq!(listed["truncated"], true);
    page.bridge.stop().await;
}
