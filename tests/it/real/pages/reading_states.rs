//! Queries on labels, inherited states, and text that is not visible.

use serde_json::json;

use super::read_page::ReadPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    a_query_on_a_label_is_answered_for_its_field,
    aria_disabled_applies_to_descendants_that_can_be_disabled,
    invisible_text_is_not_listed,
);

async fn a_query_on_a_label_is_answered_for_its_field(browser: TestBrowser) {
    let body = "<label id=l for=i>Name <b id=in>(in full)</b></label><input id=i value=typed disabled>
        <label id=w>Country <select><option value=pe>Peru</select></label><button id=b disabled><i id=icon>x</i></button>";
    let page = ReadPage::with(browser, body).await;
    for (selector, what, expected) in [
        ("#l", "value", json!("typed")),
        ("#in", "value", json!("typed")),
        ("#w", "value", json!("pe")),
        ("#l", "enabled", json!(false)),
        ("#in", "enabled", json!(false)),
        ("#w", "enabled", json!(true)),
        ("#icon", "enabled", json!(false)),
    ] {
        assert_eq!(
            page.query(selector, what).await,
            expected,
            "{what} of {selector}"
        );
    }
    page.bridge.stop().await;
}

async fn aria_disabled_applies_to_descendants_that_can_be_disabled(browser: TestBrowser) {
    let body = "<div aria-disabled=true><h2 id=h>H</h2><p id=p>text</p><button id=b>B</button><div aria-disabled=false>
        <button id=c>C</button></div></div><h3 id=own aria-disabled=true>own</h3>";
    let page = ReadPage::with(browser, body).await;
    for (selector, expected) in [
        ("#h", true),
        ("#p", true),
        ("#b", false),
        ("#c", true),
        ("#own", false),
    ] {
        assert_eq!(
            page.query(selector, "enabled").await,
            expected,
            "{selector}"
        );
    }
    assert_eq!(page.id("role=button[disabled=true]").await, "b");
    assert_eq!(page.id("role=heading[disabled=false]").await, "h");
    page.bridge.stop().await;
}

async fn invisible_text_is_not_listed(browser: TestBrowser) {
    let body = "<style>.s::before { content: 'no ' }</style><div class=s style='visibility:hidden'>no
        <p style='visibility:visible'>yes</p><ul><li>no<li style='visibility:visible'>item</ul></div>
        <div style='visibility:collapse'>no</div><div style='content-visibility:hidden'>no</div><div hidden>no</div>";
    let page = ReadPage::with(browser, body).await;
    assert_eq!(
        page.outline(json!({})).await,
        ["- paragraph: \"yes\"", "- listitem: \"item\""]
    );
    for format in ["text", "markdown"] {
        let content = page.content(format).await;
        assert!(!content.contains("no"), "{content}");
        assert!(
            content.contains("yes") && content.contains("item"),
            "{content}"
        );
    }
    page.bridge.stop().await;
}
