//! Actions that wait: what passes them, and what ends them.

use std::time::Duration;

use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::received::Received;
use crate::support::site::Reply;
use crate::support::wait::until;

on_both_browsers!(
    what_only_looks_passes_an_action_that_waits,
    a_cancelled_action_does_not_act_when_its_element_appears,
    an_action_in_a_frame_of_another_origin_is_cancelled,
    an_action_that_has_sent_input_says_so_when_it_is_cancelled,
    an_action_that_the_page_carries_out_says_so_when_it_is_cancelled,
    whatever_waits_in_a_tab_can_be_cancelled,
    a_tab_is_usable_right_after_a_cancelled_navigation,
);

impl OpenPage {
    /// Sends a request; returns its id.
    async fn begin(&self, kind: &str, mut fields: Value) -> Value {
        fields["type"] = json!(kind);
        fields["tabId"] = json!(self.tab);
        self.client.request(fields).await
    }

    /// Cancels a request; returns whether it says that it may have taken effect.
    async fn cancel(&self, id: &Value) -> bool {
        let cancel = json!({"type": "cancel", "targetRequestId": id});
        let cancelled = self.client.request(cancel).await;
        let error = self.client.answer(id).await;
        let error = error.expect_error("CANCELLED");
        assert_eq!(error["retryable"], false, "{error}");
        let done = self.client.answer(&cancelled).await.expect("done");
        assert_eq!(done["cancelled"], true, "{done}");
        assert_eq!(done["action"], "cancel", "{done}");
        error["details"]["inputSent"].as_bool().unwrap()
    }

    /// Waits until the page has asked the site for this.
    async fn until_asked(&self, path: &str) {
        until(path, async || !self.site.asked(path).is_empty()).await;
    }

    /// Waits until the page has this title.
    async fn until_titled(&self, title: &str) {
        let what = format!("the title {title}");
        let is_titled = |it: &Received| it.is("tabUpdated") && it["title"] == title;
        self.client.take(&what, is_titled).await;
    }
}

/// A script that blocks the page until the site has answered.
fn blocks(path: &str) -> String {
    format!("const r = new XMLHttpRequest(); r.open(`GET`, `{path}`, false); r.send();")
}

fn late(millis: u64) -> Reply {
    Reply::After(Duration::from_millis(millis), Box::new(Reply::page("late")))
}

async fn what_only_looks_passes_an_action_that_waits(browser: TestBrowser) {
    let page = OpenPage::with(browser, "<p id=p>text</p><input id=i disabled>").await;
    for (kind, fields) in [
        ("click", json!({"selector": "#none"})),
        ("fill", json!({"selector": "#i", "value": "x"})),
    ] {
        let waiting = page.begin(kind, fields).await;
        let behind = page.begin("evaluate", json!({"expression": "1"})).await;
        for (look, fields, answer) in [
            (
                "query",
                json!({"selector": "#p", "what": "text"}),
                "queried",
            ),
            ("getAxSnapshot", json!({}), "axSnapshot"),
            ("getContent", json!({"format": "text"}), "content"),
            ("getDomSnapshot", json!({}), "domSnapshot"),
            ("getScreenshot", json!({}), "screenshot"),
            ("getScreenshot", json!({"selector": "#p"}), "screenshot"),
            (
                "evaluate",
                json!({"expression": "p.id", "readOnly": true}),
                "evaluated",
            ),
            (
                "evaluate",
                json!({"expression": "e => e.id", "selector": "#p", "readOnly": true}),
                "evaluated",
            ),
        ] {
            page.ask(look, fields).await.expect(answer);
        }
        let is_answered = |id: &Value| page.client.take_now(|it| it["requestId"] == *id).is_some();
        assert!(!is_answered(&waiting), "{kind} waits");
        assert!(!is_answered(&behind), "a script may change the page");
        assert!(!page.cancel(&waiting).await);
        page.client.answer(&behind).await.expect("evaluated");
    }
    page.bridge.stop().await;
}

/// Each kind of action, with an element that does not exist.
fn actions(selector: &str) -> [(&'static str, Value); 13] {
    [
        ("click", json!({"selector": selector})),
        ("hover", json!({"selector": selector})),
        ("focus", json!({"selector": selector})),
        ("check", json!({"selector": selector})),
        ("uncheck", json!({"selector": selector})),
        ("scrollIntoView", json!({"selector": selector})),
        ("fill", json!({"selector": selector, "value": "x"})),
        ("type", json!({"selector": selector, "text": "x"})),
        ("press", json!({"selector": selector, "key": "Enter"})),
        ("select", json!({"selector": selector, "values": ["2"]})),
        ("scroll", json!({"selector": selector, "to": "bottom"})),
        ("drag", json!({"from": selector, "to": {"x": 5, "y": 5}})),
        ("upload", json!({"selector": selector, "files": []})),
    ]
}

/// Shows an element for every action, and counts what happens to it.
const APPEAR: &str = "(() => {
    window.events = [];
    const all = ['pointerdown', 'mousemove', 'click', 'focusin', 'input', 'change', 'keydown', 'scroll'];
    for (const name of all) addEventListener(name, (event) => events.push(name), true);
    document.body.innerHTML = '<select id=late style=\"margin-top:3000px\"><option>1<option>2</select>';
    document.body.insertAdjacentHTML('afterbegin', '<div style=\"height:9px;overflow:auto\"><p style=\"height:99px\">');
})()";

async fn a_cancelled_action_does_not_act_when_its_element_appears(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    for (kind, fields) in actions("#late") {
        page.evaluate("document.body.innerHTML = ''").await;
        let waiting = page.begin(kind, fields).await;
        // Answered once the action waits in the page.
        let look = json!({"selector": "body", "what": "count"});
        page.ask("query", look).await.expect("queried");
        assert!(!page.cancel(&waiting).await, "{kind}");
        page.evaluate(APPEAR).await;
        // Longer than the interval at which the script looks by itself.
        page.evaluate("new Promise((done) => setTimeout(done, 250))")
            .await;
        assert_eq!(page.evaluate("events").await, json!([]), "{kind}");
    }
    // Nothing of the cancelled actions is left in the page.
    page.evaluate("document.body.innerHTML = '<button id=b onclick=\"b.id = 1\">B'")
        .await;
    page.click("#b").await;
    page.bridge.stop().await;
}

async fn an_action_in_a_frame_of_another_origin_is_cancelled(browser: TestBrowser) {
    let isolate = |config: &mut cdp_bridge::config::Config| {
        config.browser.args.push("--site-per-process".to_owned());
    };
    let page = OpenPage::on(TestBridge::start_with(browser, isolate).await, "").await;
    page.site.page("/inner", "<p>inner</p>");
    let inner = page.site.url_on("other.test", "/inner");
    let outer = format!("<iframe id=f src='{inner}'></iframe>");
    let url = page.site.page("/outer", &outer);
    page.client.go(&page.tab, &url).await;
    for (kind, fields) in actions("#f >> #late") {
        let waiting = page.begin(kind, fields).await;
        let look = json!({"selector": "#f >> p", "what": "text"});
        page.ask("query", look).await.expect("queried");
        assert!(!page.cancel(&waiting).await, "{kind}");
        let appear = json!({
            "expression": format!("e => {{ {APPEAR} }}"),
            "selector": "#f >> body",
        });
        page.ask("evaluate", appear).await.expect("evaluated");
        let events = json!({
            "expression": "async (e) => { \
                await new Promise((done) => setTimeout(done, 250)); \
                const { events } = window; e.innerHTML = '<p>inner</p>'; return events; }",
            "selector": "#f >> body",
        });
        let events = page.ask("evaluate", events).await.expect("evaluated");
        assert_eq!(events["value"], json!([]), "{kind}");
    }
    page.bridge.stop().await;
}

async fn an_action_that_has_sent_input_says_so_when_it_is_cancelled(browser: TestBrowser) {
    let body = format!(
        "<input id=i oninput='document.title = i.value[0]'>\
         <button id=b onclick='b.textContent = `clicked`; {}'>B</button>",
        blocks("/late")
    );
    let page = OpenPage::with(browser, &body).await;
    page.site.serve("/late", late(2000));
    let text = "abcdefghij".repeat(20);
    let typing = json!({"selector": "#i", "text": text, "delayMs": 100});
    let typing = page.begin("type", typing).await;
    page.until_titled("a").await;
    assert!(page.cancel(&typing).await);
    let typed = page.evaluate("i.value.length").await;
    page.evaluate("new Promise((done) => setTimeout(done, 300))")
        .await;
    assert_eq!(page.evaluate("i.value.length").await, typed, "it types on");

    let hangs = page.begin("click", json!({"selector": "#b"})).await;
    page.until_asked("/late").await;
    assert!(page.cancel(&hangs).await);
    assert_eq!(page.evaluate("b.textContent").await, "clicked");
    page.bridge.stop().await;
}

async fn an_action_that_the_page_carries_out_says_so_when_it_is_cancelled(browser: TestBrowser) {
    let body = format!(
        "<select id=s onchange='{}'><option>1<option>2</select>\
         <select id=t onchange='{}'><option>1<option>2</select>",
        blocks("/soon"),
        blocks("/late")
    );
    let page = OpenPage::with(browser, &body).await;
    // The page tells in time whether it has acted, or not.
    for (id, path, millis) in [("s", "/soon", 500), ("t", "/late", 2500)] {
        page.site.serve(path, late(millis));
        let fields = json!({"selector": format!("#{id}"), "values": ["2"]});
        let select = page.begin("select", fields).await;
        page.until_asked(path).await;
        assert!(page.cancel(&select).await, "{path}");
        assert_eq!(page.evaluate(&format!("{id}.value")).await, "2");
    }
    page.bridge.stop().await;
}

async fn whatever_waits_in_a_tab_can_be_cancelled(browser: TestBrowser) {
    let page = OpenPage::with(browser, "<p>text</p>").await;
    page.site.serve("/never", Reply::Never);
    let never = page.site.url("/never");
    let first = page.begin("click", json!({"selector": "#none"})).await;
    let queued = [
        page.begin("click", json!({"selector": "p"})).await,
        page.begin("navigate", json!({"url": never})).await,
        page.begin("waitFor", json!({"text": "nowhere"})).await,
        page.begin("evaluate", json!({"expression": "1"})).await,
        page.begin("getScreenshot", json!({})).await,
        page.begin("getDomSnapshot", json!({})).await,
        page.begin("getContent", json!({"format": "text"})).await,
    ];
    // The last first: looks may run as soon as only actions precede them.
    for id in queued.iter().rev() {
        assert!(!page.cancel(id).await);
    }
    assert!(!page.cancel(&first).await);
    for wait in [
        json!({"text": "nowhere"}),
        json!({"selector": "#none"}),
        json!({"url": "nowhere"}),
    ] {
        let waiting = page.begin("waitFor", wait).await;
        page.ask("getContent", json!({"format": "text"}))
            .await
            .expect("content");
        assert!(!page.cancel(&waiting).await);
    }
    let script = json!({"expression": "document.title = 'runs'; new Promise(() => {})"});
    let script = page.begin("evaluate", script).await;
    page.until_titled("runs").await;
    assert!(page.cancel(&script).await, "it runs");
    let again = json!({"type": "cancel", "targetRequestId": script});
    let done = page.client.ask(again).await.expect("done");
    assert_eq!(done["cancelled"], false, "{done}");
    page.bridge.stop().await;
}

async fn a_tab_is_usable_right_after_a_cancelled_navigation(browser: TestBrowser) {
    let page = OpenPage::with(
        browser,
        "<button id=b onclick='b.textContent = 1'>B</button>",
    )
    .await;
    page.site.serve("/never", Reply::Never);
    let url = page.site.url("/never");
    let going = page.begin("navigate", json!({"url": url})).await;
    page.until_asked("/never").await;
    assert!(page.cancel(&going).await, "the server was asked");
    page.click("#b").await;
    assert_eq!(page.evaluate("b.textContent").await, "1");
    page.bridge.stop().await;
}
