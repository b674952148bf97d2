//! `check` and `uncheck`.

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    an_indeterminate_checkbox_is_as_checked_as_it_is_beneath,
    a_hidden_checkbox_is_checked_by_its_visible_label,
    a_label_is_not_clicked_on_the_link_inside_it,
);

async fn an_indeterminate_checkbox_is_as_checked_as_it_is_beneath(browser: TestBrowser) {
    let body = "<input type=checkbox id=on checked><input type=checkbox id=off>
        <script>on.indeterminate = off.indeterminate = true;</script>";
    let page = OpenPage::with(browser, body).await;
    let checked = async |id: &str| {
        let query = json!({"selector": format!("#{id}"), "what": "checked"});
        page.ask("query", query).await.expect("queried")["value"].clone()
    };
    assert_eq!(
        (checked("on").await, checked("off").await),
        (json!(true), json!(false))
    );
    page.ask("check", json!({"selector": "#on"}))
        .await
        .expect("done");
    page.ask("uncheck", json!({"selector": "#off"}))
        .await
        .expect("done");
    let untouched = "on.checked && on.indeterminate && !off.checked && off.indeterminate";
    assert_eq!(page.evaluate(untouched).await, true);
    page.ask("uncheck", json!({"selector": "#on"}))
        .await
        .expect("done");
    page.ask("check", json!({"selector": "#off"}))
        .await
        .expect("done");
    assert_eq!(
        (checked("on").await, checked("off").await),
        (json!(false), json!(true))
    );
    page.bridge.stop().await;
}

async fn a_hidden_checkbox_is_checked_by_its_visible_label(browser: TestBrowser) {
    let body = "<style>input { display: none }</style><input type=checkbox id=a><label for=a>Accept</label>
        <label>Inside <input type=checkbox id=i></label><input type=checkbox id=alone>";
    let page = OpenPage::with(browser, body).await;
    for (selector, id) in [("#a", "a"), ("label=Inside", "i")] {
        page.ask("check", json!({"selector": selector}))
            .await
            .expect("done");
        assert_eq!(page.evaluate(&format!("{id}.checked")).await, true);
        page.ask("uncheck", json!({"selector": selector}))
            .await
            .expect("done");
        assert_eq!(page.evaluate(&format!("{id}.checked")).await, false);
    }
    let fields = json!({"selector": "#alone", "timeoutMs": 1500});
    let error = page.ask("check", fields).await;
    let error = error.expect_error("NOT_ACTIONABLE");
    assert_eq!(error["details"]["reason"], "hidden", "{error}");
    page.bridge.stop().await;
}

async fn a_label_is_not_clicked_on_the_link_inside_it(browser: TestBrowser) {
    let body = "<input type=checkbox id=c style='display:none'>
        <label for=c>I <a href='#terms'>agree to the long terms and conditions of this shop</a></label>";
    let page = OpenPage::with(browser, body).await;
    page.ask("check", json!({"selector": "#c"}))
        .await
        .expect("done");
    assert_eq!(
        page.evaluate("c.checked && location.hash === ''").await,
        true
    );
    page.bridge.stop().await;
}
