//! Console messages of pages, for subscribers.

use serde_json::{Value, json};

use super::steps::Hands;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::raw::Raw;
use crate::support::received::Received;
use crate::support::site::Site;

on_both_browsers!(
    what_a_page_writes_is_told_to_who_subscribed_and_to_nobody_else,
    what_chromium_says_and_what_nothing_caught_is_told,
    consoles_of_frames_of_any_process_are_heard,
    of_a_flood_a_little_is_told_and_the_rest_is_counted,
    a_subscription_goes_on_after_a_rebuild,
    what_cannot_be_subscribed_to_is_refused_with_what_can,
);

async fn subscribe(client: &Client, tab: &str, events: &[&str]) -> Received {
    let subscribe = json!({"type": "subscribe", "tabId": tab, "events": events});
    client.ask(subscribe).await
}

/// Subscribes, and says what was answered.
async fn listen(client: &Client, tab: &str) {
    let done = subscribe(client, tab, &["consoleMessage"]).await;
    let done = done.expect("done");
    assert_eq!(
        (done.id(), &done["action"]),
        (tab, &json!("subscribe")),
        "{done}"
    );
}

/// The next message whose text begins so.
async fn written(client: &Client, text: &str) -> Received {
    client
        .take(text, |it| {
            let said = it["text"].as_str();
            it.is("consoleMessage") && said.is_some_and(|said| said.starts_with(text))
        })
        .await
}

async fn what_a_page_writes_is_told_to_who_subscribed_and_to_nobody_else(browser: TestBrowser) {
    let body = "<script>\n\
        console.log('too early');\n\
        function speak() { console.warn('take', {care: 1, of: 'it'}, [1, 2], null, undefined, -0) }\n\
        </script>";
    let hands = Hands::on(browser, body).await;
    let other = hands.bridge.client().await;
    listen(&hands.client, &hands.tab).await;
    hands.evaluate("speak()").await;
    let message = written(&hands.client, "take").await;
    assert_eq!(
        message["text"], r#"take {care: 1, of: "it"} [1, 2] null undefined -0"#,
        "{message}"
    );
    assert_eq!(
        (&message["level"], &message["source"]),
        (&json!("warning"), &json!("console"))
    );
    let url = message["url"].as_str().unwrap();
    assert!(url.ends_with("/page"), "{message}");
    assert_eq!(message["line"], 3, "{message}");
    assert!(!message.was_asked() && message["ts"].as_u64() > Some(1_600_000_000_000));
    for (call, level) in [
        ("console.debug('d')", "debug"),
        ("console.log('l')", "log"),
        ("console.info('i')", "info"),
        ("console.error('e')", "error"),
        ("console.assert(false, 'a')", "error"),
    ] {
        hands.evaluate(call).await;
        let message = hands
            .client
            .take(level, |it| {
                it.is("consoleMessage") && it["source"] == "console"
            })
            .await;
        assert_eq!(message["level"], level, "{message}");
    }
    let long = "x".repeat(5000);
    hands.evaluate(&format!("console.log('{long}')")).await;
    let message = written(&hands.client, "x").await;
    assert_eq!(
        (
            message["text"].as_str().unwrap().len(),
            &message["truncated"]
        ),
        (4096, &json!(true))
    );
    let done = subscribe(&hands.client, &hands.tab, &[]).await;
    done.expect("done");
    hands.evaluate("console.log('too late')").await;
    hands.client.ping().await;
    other.ping().await;
    let texts = |client: &Client| {
        let received = client.log();
        let told = received.iter().filter(|it| it.is("consoleMessage"));
        told.map(|it| it["text"].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(texts(&other), [json!(null); 0]);
    let early_or_late = |text: &Value| text == "too early" || text == "too late";
    assert!(!texts(&hands.client).iter().any(early_or_late));
    hands.bridge.stop().await;
}

async fn what_chromium_says_and_what_nothing_caught_is_told(browser: TestBrowser) {
    let hands = Hands::on(browser, "<p>page").await;
    listen(&hands.client, &hands.tab).await;
    hands
        .evaluate("setTimeout(() => { throw new TypeError('no such thing') })")
        .await;
    let thrown = written(&hands.client, "Uncaught TypeError: no such thing").await;
    assert_eq!(
        (&thrown["level"], &thrown["source"]),
        (&json!("error"), &json!("exception")),
        "{thrown}"
    );
    hands
        .evaluate("void Promise.reject(new Error('broken'))")
        .await;
    written(&hands.client, "Uncaught (in promise) Error: broken").await;
    hands
        .evaluate("document.body.append(Object.assign(new Image(), {src: '/missing.png'}))")
        .await;
    let missing = hands.site.url("/missing.png");
    let failed = hands
        .client
        .take("the picture", |it| it["url"] == missing.as_str())
        .await;
    let text = failed["text"].as_str().unwrap();
    assert!(
        failed["source"] == "browser" && text.contains("Failed to load resource"),
        "{failed}"
    );
    // Later documents are reported too.
    let next = hands
        .site
        .page("/next", "<script>console.log('next page')</script>");
    hands.client.go(&hands.tab, &next).await;
    written(&hands.client, "next page").await;
    hands.bridge.stop().await;
}

async fn consoles_of_frames_of_any_process_are_heard(browser: TestBrowser) {
    let site = Site::start().await;
    let isolate = |config: &mut cdp_bridge::config::Config| {
        config.browser.args.push("--site-per-process".to_owned());
    };
    let bridge = TestBridge::start_with(browser, isolate).await;
    let client = bridge.client().await;
    let inner = "<script>console.log('before ' + location.pathname);
        onmessage = (event) => console.log(event.data + ' ' + location.pathname)</script>";
    site.page("/same", inner);
    site.page("/there", inner);
    site.page("/later", inner);
    let there = site.url_on("other.test", "/there");
    let later = site.url_on("other.test", "/later");
    let body = format!("<iframe src=/same></iframe><iframe src='{there}'></iframe>");
    let tab = client.open(&site.page("/page", &body)).await;
    listen(&client, &tab).await;
    let say = "for (const frame of Array.from(frames)) frame.postMessage('hello', '*')";
    let evaluate = async |expression: &str| {
        let request = json!({"type": "evaluate", "tabId": tab, "expression": expression});
        client.ask(request).await.expect("evaluated");
    };
    evaluate(say).await;
    written(&client, "hello /same").await;
    written(&client, "hello /there").await;
    let add = format!(
        "document.body.append(Object.assign(document.createElement('iframe'), {{src: '{later}'}}))"
    );
    evaluate(&add).await;
    written(&client, "before /later").await;
    let early = client.take_now(|it| it["text"] == "before /there" || it["text"] == "before /same");
    assert!(early.is_none(), "{early:?}");
    bridge.stop().await;
}

async fn of_a_flood_a_little_is_told_and_the_rest_is_counted(browser: TestBrowser) {
    const FLOOD: u64 = 20_000;
    let hands = Hands::on(browser, "<p>page").await;
    // New headless requests an icon, whose failure would be a console message.
    hands.site.page("/favicon.ico", "");
    let quiet = hands.site.page("/quiet", "");
    hands.client.go(&hands.tab, &quiet).await;
    listen(&hands.client, &hands.tab).await;
    let flood = format!("for (let n = 0; n < {FLOOD}; n++) console.log('drop ' + n, {{n}})");
    hands.evaluate(&flood).await;
    let (mut told, mut omitted) = (0, 0);
    while told + omitted < FLOOD {
        let message = hands.client.event("consoleMessage").await;
        told += 1;
        omitted += message["omitted"].as_u64().unwrap_or_default();
    }
    assert_eq!(told + omitted, FLOOD);
    assert!(told < FLOOD / 10, "{told} were told");
    println!("{told} of {FLOOD} were told");
    hands.client.ping().await;
    hands.bridge.stop().await;
}

async fn a_subscription_goes_on_after_a_rebuild(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start_on_port(browser).await;
    let client = bridge.client().await;
    let body = "<script>console.log('loaded')</script>";
    let tab = client.open(&site.page("/page", body)).await;
    listen(&client, &tab).await;
    let mut raw = Raw::of_profile(&bridge.profile().await).await;
    let session = raw.page("/page").await;
    raw.send(Some(&session), "Page.crash", json!({})).await;
    client.tab_event("tabRebuilt", &tab).await;
    written(&client, "loaded").await;
    bridge.stop().await;
}

async fn what_cannot_be_subscribed_to_is_refused_with_what_can(browser: TestBrowser) {
    let hands = Hands::on(browser, "<p>page").await;
    let refused = subscribe(&hands.client, &hands.tab, &["navigated"]).await;
    let refused = refused.expect_error("BAD_REQUEST");
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.contains("`navigated`") && message.contains("`consoleMessage`"),
        "{refused}"
    );
    let unknown = subscribe(&hands.client, "t99", &["consoleMessage"]).await;
    unknown.expect_error("UNKNOWN_TAB");
    hands.bridge.stop().await;
}
