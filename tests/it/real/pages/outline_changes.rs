//! Outlines in parts: what has changed since an earlier one, the lines that match, and pages.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::read_page::ReadPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::processes;
use crate::support::received::Received;

on_both_browsers!(
    only_what_has_changed_since_an_outline_is_answered,
    the_outlines_of_a_connection_outlive_its_page_and_are_no_other_ones,
    lines_that_match_come_with_those_around_them_and_long_outlines_in_pages,
    the_compact_form_has_the_same_content_on_fewer_lines,
);

const SHOP: &str = r#"<header><span id=cart>Cart: 0</span></header>
<main><h1>Fruit</h1><ul aria-label=Products><li><h2>Pear</h2><button>Add</button></li>
<li><h2>Plum</h2><button id=add onclick="cart.textContent = 'Cart: 1'">Add</button></li></ul>
<p>Each of them is fresh, and was picked only this morning.</p></main>"#;

async fn snapshot(page: &ReadPage, fields: Value) -> Received {
    page.ask("getAxSnapshot", fields).await.expect("axSnapshot")
}

async fn only_what_has_changed_since_an_outline_is_answered(browser: TestBrowser) {
    let page = ReadPage::with(browser, SHOP).await;
    for form in [
        json!({}),
        json!({"compact": true}),
        json!({"mode": "controls"}),
    ] {
        page.load(SHOP).await;
        let since = async |revision: &Value| {
            let mut fields = form.clone();
            fields["since"] = revision.clone();
            snapshot(&page, fields).await
        };
        let whole = snapshot(&page, form.clone()).await;
        let unchanged = since(&whole["revision"]).await;
        assert_eq!(
            (unchanged.text(), &unchanged["lines"]),
            ("", &json!(0)),
            "{unchanged}"
        );
        assert_eq!(unchanged["changesSince"], whole["revision"]);
        page.ask("click", json!({"selector": "#add"}))
            .await
            .expect("done");
        let changes = since(&whole["revision"]).await;
        assert_eq!(changes["changesSince"], whole["revision"]);
        assert_eq!(changes["lost"], Value::Null);
        let text = changes.text();
        assert!(text.len() <= 200, "{text}");
        assert_eq!(
            text.contains("\"Cart: 0\" -> \"Cart: 1\""),
            form["mode"].is_null(),
            "{text}"
        );
        assert!(text.contains("~ button \"Add\" [active] [ref="), "{text}");
        // What has changed since the newer one is nothing.
        assert_eq!(since(&changes["revision"]).await.text(), "");
        // An outline of another form or another connection cannot be compared.
        for (revision, other) in [
            (
                changes["revision"].clone(),
                json!({"interactiveOnly": true}),
            ),
            (json!(7_000_000), form.clone()),
        ] {
            let mut fields = other;
            fields["since"] = revision;
            let lost = snapshot(&page, fields).await;
            assert_eq!(
                (&lost["lost"], &lost["changesSince"]),
                (&json!(true), &Value::Null),
                "{lost}"
            );
            assert!(lost.text().contains("button \"Add\""), "{lost}");
        }
    }
    // Another document has other refs: what has changed is longer than the outline itself.
    let before = snapshot(&page, json!({})).await;
    page.load(SHOP).await;
    let after = snapshot(&page, json!({"since": before["revision"]})).await;
    assert_eq!(
        (&after["changesSince"], &after["lost"]),
        (&Value::Null, &Value::Null),
        "{after}"
    );
    assert!(after.text().starts_with("- banner"), "{after}");
    page.bridge.stop().await;
}

async fn the_outlines_of_a_connection_outlive_its_page_and_are_no_other_ones(browser: TestBrowser) {
    let page = ReadPage::on(TestBridge::start(browser).await, SHOP).await;
    let before = snapshot(&page, json!({})).await;
    for process in processes::of_group(page.bridge.browser_pid().await) {
        if process.kind() == Some("renderer") {
            processes::signal(process.pid, Signal::KILL);
        }
    }
    page.client.tab_event("tabRebuilt", &page.tab).await;
    page.client.tab_event("loadEventFired", &page.tab).await;
    let rebuilt = snapshot(&page, json!({"since": before["revision"]})).await;
    assert_eq!(rebuilt["lost"], Value::Null, "{rebuilt}");
    assert!(rebuilt.text().contains("heading \"Plum\""), "{rebuilt}");
    let kept = snapshot(&page, json!({"revision": before["revision"]})).await;
    assert_eq!((kept.text(), &kept["lost"]), (before.text(), &Value::Null));
    let other = page.bridge.client().await;
    let fields = json!({"type": "getAxSnapshot", "tabId": page.tab, "since": rebuilt["revision"]});
    assert_eq!(other.ask(fields).await.expect("axSnapshot")["lost"], true);
    page.bridge.stop().await;
}

async fn lines_that_match_come_with_those_around_them_and_long_outlines_in_pages(
    browser: TestBrowser,
) {
    let page = ReadPage::with(browser, SHOP).await;
    assert_eq!(
        page.outline(json!({"find": "plum"})).await,
        [
            "- main",
            "  - list \"Products\"",
            "    - listitem",
            "      - heading \"Plum\" [level=2]"
        ]
    );
    assert_eq!(page.outline(json!({"find": "not there"})).await, [""; 0]);
    let whole = snapshot(&page, json!({})).await;
    let lines = whole["lines"].as_u64().unwrap();
    let mut text = String::new();
    let mut offset = 0;
    // The page changes meanwhile; what is read on is not read again.
    let mut revision = Value::Null;
    while offset < lines {
        let mut fields = json!({"maxChars": 200, "offset": offset});
        if !revision.is_null() {
            fields["revision"] = revision.clone();
        }
        let part = snapshot(&page, fields).await;
        assert!(part.text().chars().count() <= 200, "{part}");
        assert_eq!(part["lost"], Value::Null);
        text.push_str(part.text());
        offset += part["lines"].as_u64().unwrap();
        let left = part["linesLeft"].as_u64().unwrap_or(0);
        assert_eq!(offset + left, lines, "{part}");
        assert!(revision.is_null() || part["revision"] == revision, "{part}");
        revision = part["revision"].clone();
        page.evaluate("cart.textContent = 'Cart: 9'").await;
    }
    assert_eq!(text, whole.text());
    let beyond = snapshot(&page, json!({"offset": 1000})).await;
    assert_eq!((beyond.text(), &beyond["lines"]), ("", &json!(0)));
    let again = snapshot(&page, json!({"revision": 7_000_000})).await;
    assert_eq!(again["lost"], true);
    assert!(again.text().contains("Cart: 9"));
    page.bridge.stop().await;
}

async fn the_compact_form_has_the_same_content_on_fewer_lines(browser: TestBrowser) {
    let body = r"<main><section aria-label=Fruit><ul><li><a href=/pear><img alt=Pear src=x width=9 height=9> Pear</a>
        <li>Plum <button>Add</button></ul></section>
        <table aria-label=Sums><tr><th>Name<th>Sum</tr><tr><td>Ann<td><a href=/ann>3 €</a></tr></table>
        <select aria-label=Size><option>S<option selected>L</select></main>";
    let page = ReadPage::with(browser, body).await;
    assert_eq!(
        page.outline(json!({"compact": true})).await,
        [
            "- main",
            "  - region \"Fruit\" > list",
            "    - link \"Pear Pear\" [url=/pear]",
            "    - listitem",
            "      - \"Plum\"",
            "      - button \"Add\"",
            "  - table \"Sums\"",
            "    - row: columnheader \"Name\" | columnheader \"Sum\"",
            "    - row: \"Ann\" | link \"3 €\" [url=/ann]",
            "  - combobox \"Size\": \"L\" of \"S\", \"L\"",
        ]
    );
    page.bridge.stop().await;
}
