//! Each request that names an element, with each way in which that can fail.

use futures::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::steps::Hands;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::processes;

on_both_browsers!(
    each_request_says_of_each_locator_what_is_wrong_with_it,
    each_action_says_what_keeps_it_from_its_element,
    requests_about_a_page_that_dies_are_answered_so,
);

const PAGE: &str = "<p id=p>plain</p><i>1</i><i>2</i><i>3</i><button id=gone>Gone</button>
    <div style='visibility:hidden'><button id=hiddenButton>b</button><input id=hiddenInput>
    <input type=checkbox id=hiddenBox><input type=checkbox id=hiddenChecked checked><select id=hiddenSelect><option>1</select></div>
    <input id=offInput disabled><button id=offButton disabled>b</button>
    <input type=checkbox id=offBox disabled><select id=offSelect disabled><option>1</select>
    <input id=fixed readonly><a id=anchor>a</a>";

/// Requests about an element: all of those that take a `selector`.
fn rows(selector: &str) -> Vec<(&'static str, Value)> {
    let files = json!([{"name": "a.txt", "data": "YQ=="}]);
    let mut rows = vec![
        ("click", json!({})),
        ("hover", json!({})),
        ("focus", json!({})),
        ("check", json!({})),
        ("uncheck", json!({})),
        ("scrollIntoView", json!({})),
        ("fill", json!({"value": "v"})),
        ("type", json!({"text": "t"})),
        ("press", json!({"key": "A"})),
        ("select", json!({"values": ["1"]})),
        ("scroll", json!({"to": "bottom"})),
        ("upload", json!({"files": files})),
        ("waitFor", json!({"state": "visible"})),
        ("query", json!({"what": "text"})),
        ("evaluate", json!({"expression": "(element) => element.id"})),
        ("getAxSnapshot", json!({})),
        ("getContent", json!({"format": "text"})),
        ("getScreenshot", json!({})),
    ];
    for (_, fields) in &mut rows {
        fields["selector"] = json!(selector);
    }
    let to_itself = json!({"from": {"x": 1, "y": 1}, "to": selector});
    rows.extend([
        ("drag", json!({"from": selector, "to": {"x": 1, "y": 1}})),
        ("drag", to_itself),
    ]);
    rows
}

async fn each_request_says_of_each_locator_what_is_wrong_with_it(browser: TestBrowser) {
    let hands = Hands::on(browser, PAGE).await;
    // No request changes its page, so that the same tabs serve every locator.
    let tabs = hands.tabs(rows("p").len()).await;
    for (selector, code, detail) in [
        ("p >> #none", "NOT_FOUND", json!({"segment": "#none"})),
        ("i", "AMBIGUOUS", json!({"count": 3})),
        ("p >> role=", "BAD_SELECTOR", json!({"position": 10})),
        ("ref=e987654", "STALE_REF", json!({})),
    ] {
        let mut rows = rows(selector);
        // What is waited for may be there several times.
        rows.retain(|(kind, _)| code != "AMBIGUOUS" || *kind != "waitFor");
        let answers = hands.ask_apart(&tabs, &rows).await;
        for ((kind, fields), answer) in rows.into_iter().zip(answers) {
            let error = answer.expect_error(code);
            for (name, value) in detail.as_object().unwrap() {
                assert_eq!(&error["details"][name], value, "{kind} {fields}: {error}");
            }
            if code == "AMBIGUOUS" {
                let lines = error["details"]["elements"].as_array().map(Vec::len);
                assert_eq!(lines, Some(3), "{kind}: {error}");
            }
        }
    }
    hands.bridge.stop().await;
}

async fn each_action_says_what_keeps_it_from_its_element(browser: TestBrowser) {
    let hands = Hands::on(browser, PAGE).await;
    let cases = [
        ("click", "#hiddenButton", "hidden"),
        ("hover", "#hiddenButton", "hidden"),
        ("focus", "#hiddenButton", "hidden"),
        ("check", "#hiddenBox", "hidden"),
        ("uncheck", "#hiddenChecked", "hidden"),
        ("scrollIntoView", "#hiddenButton", "hidden"),
        ("fill", "#hiddenInput", "hidden"),
        ("type", "#hiddenInput", "hidden"),
        ("press", "#hiddenInput", "hidden"),
        ("select", "#hiddenSelect", "hidden"),
        ("waitFor", "#hiddenButton", "hidden"),
        ("getScreenshot", "#hiddenButton", "hidden"),
        ("click", "#offButton", "disabled"),
        ("check", "#offBox", "disabled"),
        ("fill", "#offInput", "disabled"),
        ("select", "#offSelect", "disabled"),
        ("fill", "#fixed", "readOnly"),
        ("fill", "#p", "unsuitable"),
        ("check", "#p", "unsuitable"),
        ("uncheck", "#p", "unsuitable"),
        ("select", "#p", "unsuitable"),
        ("upload", "#p", "unsuitable"),
        ("focus", "#anchor", "unsuitable"),
        ("type", "#anchor", "unsuitable"),
        ("press", "#anchor", "unsuitable"),
    ];
    let of = |kind: &str, selector: &str| {
        let mut rows = rows(selector).into_iter();
        rows.find(|(name, _)| *name == kind).unwrap()
    };
    let asked = cases.map(|(kind, selector, _)| of(kind, selector));
    let tabs = hands.tabs(asked.len()).await;
    let answers = hands.ask_apart(&tabs, &asked).await;
    for ((kind, selector, reason), answer) in cases.into_iter().zip(answers) {
        let error = answer.expect_error("NOT_ACTIONABLE");
        assert_eq!(
            error["details"]["reason"], reason,
            "{kind} {selector}: {error}"
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(selector), "{kind}: {message}");
    }
    hands.bridge.stop().await;
}

async fn requests_about_a_page_that_dies_are_answered_so(browser: TestBrowser) {
    let hands = Hands::alone(browser, "<p>dies</p>").await;
    let (client, url) = (&hands.client, &hands.site.url("/page"));
    // Nothing fits, so that each waits; then the renderers die.
    let asked = rows("#none")
        .into_iter()
        .map(|(kind, mut fields)| async move {
            let tab = client.open(url).await;
            fields["type"] = json!(kind);
            fields["tabId"] = json!(tab);
            fields["timeoutMs"] = json!(60_000);
            (kind, tab, client.request(fields).await)
        });
    let asked = join_all(asked).await;
    for process in processes::of_group(hands.bridge.browser_pid().await) {
        if process.kind() == Some("renderer") {
            processes::try_signal(process.pid, Signal::KILL);
        }
    }
    for (kind, tab, pending) in asked {
        let error = client.answer(&pending).await.expect_error("TAB_CRASHED");
        assert_eq!(error["id"], json!(tab), "{kind}: {error}");
    }
    hands.bridge.stop().await;
}
