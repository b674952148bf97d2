//! Values of fields: what Chromium writes in another way, and what the page makes of them.

use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    values_that_chromium_writes_in_another_way_are_set,
    values_that_chromium_would_replace_are_refused,
    fill_says_whether_the_field_holds_the_value,
    the_label_around_a_text_leads_to_its_field,
);

const FIELDS: &str =
    "<input id=r type=range max=100 value=20><input type=color id=c value='#010203'>
    <input type=datetime-local id=d value='2020-01-01T00:00'><input type=time id=t value='01:01'>";

async fn fill(page: &OpenPage, selector: &str, value: &str) -> Value {
    let fill = json!({"selector": selector, "value": value});
    let done = page.ask("fill", fill).await.expect("done");
    done["matches"].clone()
}

async fn values_that_chromium_writes_in_another_way_are_set(browser: TestBrowser) {
    let page = OpenPage::with(browser, FIELDS).await;
    for (id, value, expected) in [
        ("d", "2024-02-29T13:45:00", "2024-02-29T13:45"),
        ("d", "2024-03-01 10:20", "2024-03-01T10:20"),
        ("d", "", ""),
        ("t", "13:45:00", "13:45:00"),
        ("r", "30.0", "30"),
        ("c", "#ABC123", "#abc123"),
    ] {
        assert_eq!(fill(&page, &format!("#{id}"), value).await, true, "{value}");
        let now = page.evaluate(&format!("{id}.value")).await;
        assert_eq!(now, expected, "{value}");
    }
    page.bridge.stop().await;
}

async fn values_that_chromium_would_replace_are_refused(browser: TestBrowser) {
    let page = OpenPage::with(browser, FIELDS).await;
    for (id, value, before) in [
        ("r", "150", "20"),
        ("r", "-1", "20"),
        ("r", "many", "20"),
        ("c", "no color", "#010203"),
        ("d", "2024-02-30T13:45", "2020-01-01T00:00"),
        ("t", "25:00", "01:01"),
    ] {
        let fields = json!({"selector": format!("#{id}"), "value": value});
        let error = page.ask("fill", fields).await;
        let error = error.expect_error("NOT_ACTIONABLE");
        assert_eq!(error["details"]["reason"], "unsuitable", "{error}");
        let now = page.evaluate(&format!("{id}.value")).await;
        assert_eq!(now, before, "{value}");
    }
    page.bridge.stop().await;
}

async fn fill_says_whether_the_field_holds_the_value(browser: TestBrowser) {
    let body = "<input id=plain><input id=short maxlength=3><input id=upper oninput='value = value.toUpperCase()'>
        <input id=late onchange='setTimeout(() => { value = `late` })'><input id=number type=number>
        <textarea id=area></textarea><input id=gone oninput='this.remove()'>";
    let page = OpenPage::with(browser, body).await;
    for (id, value, matches) in [
        ("plain", "abc", json!(true)),
        ("plain", "", json!(true)),
        ("short", "abc", json!(true)),
        ("short", "abcdef", json!(false)),
        ("upper", "abc", json!(false)),
        ("late", "abc", json!(false)),
        ("number", "1e2", json!(true)),
        ("area", "one\r\ntwo", json!(true)),
        ("gone", "abc", Value::Null),
    ] {
        let found = fill(&page, &format!("#{id}"), value).await;
        assert_eq!(found, matches, "{id} {value:?}");
    }
    page.bridge.stop().await;
}

async fn the_label_around_a_text_leads_to_its_field(browser: TestBrowser) {
    let body = "<label><b>Name</b><input id=i></label><label><b>Size</b><select id=s><option>S<option>L</select></label>";
    let page = OpenPage::with(browser, body).await;
    assert_eq!(fill(&page, "text=Name", "Ada").await, true);
    assert_eq!(page.evaluate("i.value").await, "Ada");
    let select = json!({"selector": "label >> nth=1 >> b", "values": ["L"]});
    page.ask("select", select).await.expect("done");
    assert_eq!(page.evaluate("s.value").await, "L");
    page.bridge.stop().await;
}
