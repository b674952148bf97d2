//! Frames of other processes, workers and popups start with what the tab is emulated with.

use serde_json::{Value, json};

use super::steps::{Lab, SEEN};
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::wait::until;

on_both_browsers!(
    frames_of_other_processes_start_as_the_page_does,
    workers_start_as_the_page_does,
    a_popup_starts_as_its_opener_does,
);

fn everything() -> Value {
    json!({"userAgent": "Agent/1", "locale": "de-DE", "timezoneId": "Asia/Tokyo", "colorScheme": "dark",
        "touch": true, "extraHeaders": {"X-Token": "abc"}})
}

#[track_caller]
fn assert_seen(seen: &Value, what: &str) {
    let told = (
        &seen["agent"],
        &seen["language"],
        &seen["zone"],
        &seen["number"],
    );
    let expected = (
        &json!("Agent/1"),
        &json!("de-DE"),
        &json!("Asia/Tokyo"),
        &json!("1.234,5"),
    );
    assert_eq!(told, expected, "{what}");
}

async fn frames_of_other_processes_start_as_the_page_does(browser: TestBrowser) {
    let lab = Lab::with(browser).await;
    let frame = format!(
        "<script>early = {SEEN}; early.dark = matchMedia('(prefers-color-scheme: dark)').matches</script>
        <img src=/picture>"
    );
    lab.site.page("/inner", &frame);
    let inner = lab.site.url_on("other.test", "/inner");
    lab.site.page(
        "/outer",
        &format!("{frame}<iframe id=in src='{inner}'></iframe>"),
    );
    let outer = lab.site.url_on("allowed.test", "/outer");
    lab.site
        .page("/page", &format!("<iframe id=out src='{outer}'></iframe>"));
    lab.emulate(everything()).await;
    lab.go("/page").await;
    for frame in ["#out", "#out >> #in"] {
        let seen = lab.evaluate_in_frame(frame, "early").await;
        assert_seen(&seen, frame);
        assert_eq!(seen["dark"], true, "{frame}");
    }
    for path in ["/outer", "/inner", "/picture"] {
        for asked in lab.site.asked(path) {
            let headers = (asked.header("x-token"), asked.header("user-agent"));
            assert_eq!(headers, ("abc", "Agent/1"), "{path}");
            assert_eq!(asked.header("accept-language"), "de-DE", "{path}");
        }
    }
    assert_eq!(lab.site.asked("/picture").len(), 2);
    // Frames that are there change with the tab.
    lab.emulate(json!({"colorScheme": "light", "locale": null, "extraHeaders": null}))
        .await;
    for frame in ["#out", "#out >> #in"] {
        let dark = lab
            .evaluate_in_frame(frame, "matchMedia('(prefers-color-scheme: dark)').matches")
            .await;
        assert_eq!(dark, false, "{frame}");
        let fetched = "fetch('/later').then(() => navigator.language)";
        assert_ne!(
            lab.evaluate_in_frame(frame, fetched).await,
            "de-DE",
            "{frame}"
        );
    }
    let later = lab.site.asked("/later");
    assert_eq!(
        later
            .iter()
            .map(|it| it.header("x-token"))
            .collect::<Vec<_>>(),
        ["", ""]
    );
    lab.bridge.stop().await;
}

async fn workers_start_as_the_page_does(browser: TestBrowser) {
    let lab = Lab::with(browser).await;
    lab.script(
        "/inner.js",
        &format!("postMessage({SEEN}); fetch('/from-inner')"),
    );
    lab.script(
        "/worker.js",
        &format!(
            "fetch('/from-worker'); new Worker('/inner.js').onmessage = (it) => postMessage({{ own: {SEEN}, inner: it.data }})"
        ),
    );
    lab.script(
        "/shared.js",
        &format!(
            "onconnect = (it) => {{ fetch('/from-shared'); it.ports[0].postMessage({SEEN}) }}"
        ),
    );
    lab.script(
        "/service.js",
        &format!("onmessage = (it) => {{ fetch('/from-service'); it.source.postMessage({SEEN}) }}"),
    );
    for path in [
        "/from-worker",
        "/from-inner",
        "/from-shared",
        "/from-service",
    ] {
        lab.site.page(path, "there");
    }
    lab.site.page(
        "/page",
        "<script>worker = null; shared = null; service = null;
        new Worker('/worker.js').onmessage = (it) => { worker = it.data };
        new SharedWorker('/shared.js').port.onmessage = (it) => { shared = it.data };
        navigator.serviceWorker.onmessage = (it) => { service = it.data };
        navigator.serviceWorker.register('/service.js').then(() => navigator.serviceWorker.ready).then((it) => it.active.postMessage(1));
        </script>",
    );
    lab.emulate(everything()).await;
    lab.go("/page").await;
    let worker = lab.value_of("worker").await;
    let (shared, service) = (lab.value_of("shared").await, lab.value_of("service").await);
    assert_seen(&worker["own"], "a worker");
    assert_seen(&worker["inner"], "a worker of a worker");
    // Chromium has no override for the `navigator` of a service worker.
    let told = (&service["language"], &service["zone"], &service["number"]);
    assert_eq!(
        told,
        (&json!("de-DE"), &json!("Asia/Tokyo"), &json!("1.234,5"))
    );
    // Shared workers belong to no page, so that no page's session attaches them.
    assert_ne!(shared["language"], "de-DE");
    for path in ["/from-worker", "/from-inner", "/from-service"] {
        until("it has fetched", async || !lab.site.asked(path).is_empty()).await;
        let asked = lab.site.asked(path);
        let headers = (asked[0].header("x-token"), asked[0].header("user-agent"));
        assert_eq!(headers, ("abc", "Agent/1"), "{path}");
    }
    lab.bridge.stop().await;
}

async fn a_popup_starts_as_its_opener_does(browser: TestBrowser) {
    let lab = Lab::with(browser).await;
    let popup = format!("<script>early = {SEEN}; early.width = innerWidth</script>");
    lab.site.page("/popup", &popup);
    lab.site.page(
        "/page",
        "<button id=same onclick=\"window.open('/popup')\">A</button><a id=apart target=_blank rel=noopener href=/popup>B</a>",
    );
    let mut wanted = everything();
    wanted["viewport"] = json!({"width": 500, "height": 400});
    let holds = lab.emulate(wanted).await;
    lab.go("/page").await;
    for selector in ["#same", "#apart"] {
        lab.ask("click", json!({"selector": selector}))
            .await
            .expect("done");
        let created = lab.client.event("tabCreated").await;
        let popup = created.id().to_owned();
        lab.client.tab_event("loadEventFired", &popup).await;
        let seen = lab.evaluate_in(&popup, "early").await;
        assert_seen(&seen, selector);
        assert_eq!(seen["width"], 500, "{selector}");
        let info = lab.client.tab_info(&popup).await.unwrap();
        assert_eq!(info["emulation"], holds, "{selector}");
        // From here on it is a tab of its own.
        let own = json!({"userAgent": null});
        lab.ask_of(&popup, "emulate", own).await.expect("emulated");
        assert_eq!(lab.told().await, holds);
        lab.client.close(&popup).await;
    }
    for asked in lab.site.asked("/popup") {
        let headers = (asked.header("x-token"), asked.header("user-agent"));
        assert_eq!(headers, ("abc", "Agent/1"));
    }
    lab.bridge.stop().await;
}
