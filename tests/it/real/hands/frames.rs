//! Frames of the same origin, of other origins in the same process and of other processes; nested,
//! scrolled, scaled and turned.

use serde_json::json;

use super::steps::{Hands, SHORT_MS, ref_of};
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::Site;

on_both_browsers!(
    elements_in_nested_frames_of_any_origin_are_acted_on,
    points_are_right_in_scaled_and_turned_frames_at_any_device_scale,
    a_frame_that_is_covered_or_goes_away_is_told,
    frames_of_other_processes_are_acted_on,
    text_and_content_are_found_in_frames_of_any_process,
);

const INNER: &str = "<style>body { margin: 0; height: 900px }</style><div style='height:300px'></div>
    <button id=b style='width:60px;height:30px' onclick='this.textContent = event.isTrusted + ` ` + Math.round(event.offsetX)
    + ` ` + Math.round(event.offsetY)'>B</button><input id=i aria-label=Field><a href=/away id=a>Away</a>";

async fn elements_in_nested_frames_of_any_origin_are_acted_on(browser: TestBrowser) {
    let hands = Hands::on(browser, "").await;
    hands.site.page("/inner", INNER);
    let inner_here = hands.site.url_on("127.0.0.1", "/inner");
    let elsewhere = hands.site.url_on("allowed.test", "/inner");
    let middle = format!(
        "<p>middle</p><iframe id=in src='{inner_here}' style='width:300px;height:200px;border:5px solid;padding:7px'></iframe>"
    );
    hands.site.page("/middle", &middle);
    let middle_there = hands.site.url_on("other.test", "/middle");
    let page = hands.site.page(
        "/frames",
        &format!(
            "<div style='height:500px'></div><iframe id=same src=/inner></iframe>
            <iframe id=there src='{elsewhere}'></iframe><iframe id=nested src='{middle_there}' style='width:400px;height:300px'></iframe>"
        ),
    );
    hands.client.go(&hands.tab, &page).await;
    for way in ["#same", "#there", "#nested >> #in"] {
        let at = |segment: &str| format!("{way} >> {segment}");
        hands.click(&at("#b")).await;
        assert_eq!(hands.text(&at("#b")).await, "true 28 13", "{way}");
        hands
            .fill(&at("label=Field"), "in a frame")
            .await
            .expect("done");
        assert_eq!(hands.query(&at("#i"), "value").await, "in a frame");
        hands.ask("type", json!({"text": "!"})).await.expect("done");
        assert_eq!(
            hands.query(&at("#i"), "value").await,
            "in a frame!",
            "{way}"
        );
        let fields = json!({"selector": at("#i"), "expression": "(it) => it.value.length"});
        assert_eq!(
            hands.ask("evaluate", fields).await.expect("evaluated")["value"],
            11
        );
        let scrolled = json!({"selector": at("xpath=/html"), "to": "top"});
        hands.ask("scroll", scrolled).await.expect("done");
    }
    let outline = hands.outline(json!({})).await;
    assert_eq!(
        outline.matches("button \"true 28 13\"").count(),
        3,
        "{outline}"
    );
    assert_eq!(outline.matches("textbox \"Field\"").count(), 3, "{outline}");
    // A ref identifies its frame.
    let last = outline.rfind("textbox").unwrap();
    let field = ref_of(&outline[last..], "textbox");
    hands.fill(&field, "by its number").await.expect("done");
    assert_eq!(
        hands.query("#nested >> #in >> #i", "value").await,
        "by its number"
    );
    let fields = json!({"selector": "#there >> #none", "timeoutMs": SHORT_MS});
    let error = hands.ask("click", fields).await.expect_error("NOT_FOUND");
    assert_eq!(error["details"]["segment"], "#none", "{error}");
    hands.bridge.stop().await;
}

async fn points_are_right_in_scaled_and_turned_frames_at_any_device_scale(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    site.page("/inner", INNER);
    let there = site.url_on("allowed.test", "/inner");
    for (name, style) in [
        ("scaled", "transform:scale(0.5);transform-origin:0 0"),
        ("zoomed", "zoom:1.5"),
        ("turned", "transform:rotate(30deg);margin:120px"),
        ("skewed", "transform:skewX(20deg) translate(40px, 10px)"),
    ] {
        for (origin, source) in [("same", "/inner"), ("other", there.as_str())] {
            let path = format!("/{name}-{origin}");
            let body = format!(
                "<iframe id=f src='{source}' style='width:400px;height:340px;{style}'></iframe>"
            );
            let page = site.page(&path, &body);
            for scale in [1.0, 2.0] {
                let viewport = json!({"width": 900, "height": 700, "deviceScaleFactor": scale});
                let tab = client
                    .open_with(json!({"url": page, "viewport": viewport}))
                    .await;
                let click = json!({"type": "click", "tabId": tab, "selector": "#f >> #b"});
                client.ask(click).await.expect("done");
                let query =
                    json!({"type": "query", "tabId": tab, "selector": "#f >> #b", "what": "text"});
                let text = client.ask(query).await.expect("queried");
                assert_eq!(text["value"], "true 28 13", "{path} at {scale}");
                client.close(&tab).await;
            }
        }
    }
    bridge.stop().await;
}

async fn a_frame_that_is_covered_or_goes_away_is_told(browser: TestBrowser) {
    let hands = Hands::on(browser, "").await;
    hands.site.page("/inner", INNER);
    let there = hands.site.url_on("allowed.test", "/inner");
    let page = hands.site.page(
        "/frames",
        &format!(
            "<div style='position:relative'><iframe id=f src='{there}' style='width:300px;height:200px'></iframe>
            <div id=veil style='position:absolute;inset:0;background:#0002'></div></div>"
        ),
    );
    hands.client.go(&hands.tab, &page).await;
    let error = hands
        .click_in_vain("#f >> #b")
        .await
        .expect_error("NOT_ACTIONABLE");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("<div id=\"veil\">"), "{error}");
    hands.evaluate("veil.remove()").await;
    hands.click("#f >> #b").await;
    let wait =
        json!({"type": "waitFor", "tabId": hands.tab, "selector": "#f >> #b", "state": "detached"});
    let wait = hands.client.request(wait).await;
    hands.evaluate("f.remove()").await;
    hands.client.answer(&wait).await.expect("waited");
    let error = hands
        .click_in_vain("#f >> #b")
        .await
        .expect_error("NOT_FOUND");
    assert_eq!(error["details"]["segment"], "#f", "{error}");
    hands.bridge.stop().await;
}

async fn frames_of_other_processes_are_acted_on(browser: TestBrowser) {
    let site = Site::start().await;
    // Chromium gives each site a process of its own only where it is told to, on a machine like this.
    let isolate = |config: &mut cdp_bridge::config::Config| {
        config.browser.args.push("--site-per-process".to_owned());
    };
    let bridge = TestBridge::start_with(browser, isolate).await;
    let client = bridge.client().await;
    site.page("/inner", INNER);
    let inner = site.url_on("127.0.0.1", "/inner");
    let middle = format!(
        "<iframe id=in src='{inner}' style='width:300px;height:200px;border:5px solid'></iframe>"
    );
    site.page("/middle", &middle);
    let there = site.url_on("other.test", "/middle");
    let body = format!(
        "<div style='height:300px'></div><iframe id=out src='{there}'
        style='width:400px;height:300px;transform:scale(0.8)'></iframe>"
    );
    let page = site.page("/page", &body);
    let tab = client.open(&page).await;
    let ask = async |kind: &str, mut fields: serde_json::Value| {
        fields["type"] = json!(kind);
        fields["tabId"] = json!(tab);
        client.ask(fields).await
    };
    let way = "#out >> #in >> ";
    for turn in 0..2 {
        ask("click", json!({"selector": format!("{way}#b")}))
            .await
            .expect("done");
        let text = ask(
            "query",
            json!({"selector": format!("{way}#b"), "what": "text"}),
        )
        .await;
        assert_eq!(text.expect("queried")["value"], "true 28 13", "turn {turn}");
        let fill = json!({"selector": format!("{way}#i"), "value": "far away"});
        ask("fill", fill).await.expect("done");
        let outline = ask("getAxSnapshot", json!({})).await.expect("axSnapshot");
        assert!(
            outline.text().contains("textbox \"Field\""),
            "{}",
            outline.text()
        );
        let field = ref_of(outline.text(), "textbox \"Field\"");
        let value = ask("query", json!({"selector": field, "what": "value"})).await;
        assert_eq!(value.expect("queried")["value"], "far away");
        // The same page anew: other processes, and none of the old numbers.
        ask("reload", json!({})).await.expect("navigated");
        client.tab_event("loadEventFired", &tab).await;
        ask("click", json!({"selector": field}))
            .await
            .expect_error("STALE_REF");
    }
    bridge.stop().await;
}

async fn text_and_content_are_found_in_frames_of_any_process(browser: TestBrowser) {
    let site = Site::start().await;
    let isolate = |config: &mut cdp_bridge::config::Config| {
        config.browser.args.push("--site-per-process".to_owned());
    };
    let bridge = TestBridge::start_with(browser, isolate).await;
    let client = bridge.client().await;
    site.page(
        "/inner",
        "<h2>Deep</h2><p>down <b>here</b></p><p id=late></p>
        <script>onmessage = () => { late.textContent = 'late words' }</script>",
    );
    site.page("/own", "<p>a frame of its own");
    site.page("/elsewhere", "<p>elsewhere by now");
    // One in another process, and one in the process of the page inside that.
    let inner = site.url_on("127.0.0.1", "/inner");
    let middle = format!(
        "<p>middle</p><iframe id=in src='{inner}'></iframe>
        <script>onmessage = () => frames[0].postMessage('', '*')</script>"
    );
    site.page("/middle", &middle);
    let there = site.url_on("other.test", "/middle");
    let body = format!(
        "<p>first</p><ul><li>item <iframe id=out src='{there}'></iframe></li></ul>
        <iframe hidden src='{there}'></iframe><p>last</p>"
    );
    let tab = client.open(&site.page("/page", &body)).await;
    let ask = async |kind: &str, mut fields: serde_json::Value| {
        fields["type"] = json!(kind);
        fields["tabId"] = json!(tab);
        client.ask(fields).await
    };
    // What is there already.
    let wait = ask("waitFor", json!({"text": "DOWN here"})).await;
    wait.expect("waited");
    let content = ask("getContent", json!({"format": "markdown"})).await;
    let content = content.expect("content");
    assert_eq!(
        content.text(),
        "first\n\n- item\n\n  middle\n\n  ## Deep\n\n  down **here**\n\nlast"
    );
    let content = ask("getContent", json!({"format": "text"})).await;
    let content = content.expect("content");
    for line in ["first", "item", "middle", "Deep", "down here", "last"] {
        assert_eq!(
            content.text().matches(line).count(),
            1,
            "{}",
            content.text()
        );
    }
    let part = json!({"format": "text", "selector": "#out"});
    let content = ask("getContent", part).await.expect("content");
    assert!(content.text().starts_with("middle"), "{}", content.text());
    assert!(content.text().contains("down here"), "{}", content.text());
    // What comes later; in a frame that comes later; in one that goes elsewhere.
    let source = |path: &str| site.url_on("other.test", path);
    let add = format!(
        "document.body.append(Object.assign(document.createElement('iframe'), {{src: '{}'}}))",
        source("/own")
    );
    let away = format!("out.src = '{}'", source("/elsewhere"));
    for (text, script) in [
        ("late words", "out.contentWindow.postMessage('', '*')"),
        ("a frame of its own", &add),
        ("elsewhere by now", &away),
    ] {
        let wait = json!({"type": "waitFor", "tabId": tab, "text": text});
        let wait = client.request(wait).await;
        ask("evaluate", json!({"expression": script}))
            .await
            .expect("evaluated");
        client.answer(&wait).await.expect("waited");
    }
    let fields = json!({"text": "nowhere to be seen", "timeoutMs": SHORT_MS});
    ask("waitFor", fields).await.expect_error("NOT_FOUND");
    bridge.stop().await;
}
