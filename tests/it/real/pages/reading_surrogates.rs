//! Pages with half a surrogate pair in their texts.

use serde_json::{Value, json};

use super::read_page::ReadPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::received::Received;

on_both_browsers!(
    whatever_is_read_has_replacement_characters_for_lone_surrogates,
    events_with_lone_surrogates_are_sent,
    a_choice_with_lone_surrogates_is_answered,
);

const BODY: &str = "<h1 id=h></h1><a id=a>link</a><button id=b></button><input id=i><iframe id=f></iframe><script>
    const lone = 'a\\ud800b \\udc00\\ud83d\\ude00';
    for (const it of [h, b]) it.textContent = lone;
    a.href = '/\\ud800'; a.title = lone; i.value = lone; i.setAttribute('data-x', lone); document.title = lone;
    f.contentDocument.body.innerHTML = '<p>'; f.contentDocument.querySelector('p').textContent = lone;</script>";
const READ: &str = "a\u{fffd}b \u{fffd}\u{1f600}";

async fn whatever_is_read_has_replacement_characters_for_lone_surrogates(browser: TestBrowser) {
    let page = ReadPage::with(browser, BODY).await;
    page.ask("waitFor", json!({"selector": "#f >> p"}))
        .await
        .expect("waited");
    for (selector, what, expected) in [
        ("#h", "text", json!(READ)),
        ("#h", "html", json!(READ)),
        ("#i", "value", json!(READ)),
        ("#f >> p", "text", json!(READ)),
    ] {
        assert_eq!(
            page.query(selector, what).await,
            expected,
            "{what} of {selector}"
        );
    }
    assert_eq!(page.query("#i", "attributes").await["data-x"], READ);
    for format in ["text", "markdown"] {
        let content = page.content(format).await;
        assert_eq!(
            content.matches(READ).count(),
            if format == "text" { 3 } else { 4 },
            "{content}"
        );
    }
    let outline = page.outline(json!({})).await;
    assert!(
        outline.contains(&format!("- heading \"{READ}\" [level=1]")),
        "{outline:#?}"
    );
    let snapshot = page.ask("getDomSnapshot", json!({})).await;
    assert!(snapshot.expect("domSnapshot").text().contains(READ));
    let error = page
        .ask("query", json!({"selector": "h1, button", "what": "text"}))
        .await;
    let error = error.expect_error("AMBIGUOUS");
    assert!(
        error["details"]["elements"][0]
            .as_str()
            .unwrap()
            .contains(READ),
        "{error}"
    );
    let thrown = json!({"expression": "throw new Error('a\\ud800b')"});
    let error = page
        .ask("evaluate", thrown)
        .await
        .expect_error("EVALUATION_FAILED");
    assert!(
        error["message"].as_str().unwrap().contains("a\u{fffd}b"),
        "{error}"
    );
    page.bridge.stop().await;
}

async fn events_with_lone_surrogates_are_sent(browser: TestBrowser) {
    let page = ReadPage::with(browser, "").await;
    let subscribe = json!({"events": ["consoleMessage"]});
    page.ask("subscribe", subscribe).await.expect("done");
    // Larger ones are shortened before they are kept.
    for (script, expected) in [
        ("console.log('1', 'a\\ud800b')", "1 a\u{fffd}b".to_owned()),
        (
            "console.log('2', {k: 'a\\ud800b'})",
            "2 {k: \"a\u{fffd}b\"}".to_owned(),
        ),
        (
            "console.log('3', 'x'.repeat(20000) + '\\ud800')",
            format!("3 {}", "x".repeat(1000)),
        ),
        (
            "console.log('4', '\\ud800' + 'x'.repeat(20000))",
            format!("4 \u{fffd}{}", "x".repeat(1000)),
        ),
        (
            "setTimeout(() => { throw new Error('5 a\\ud800b') }) && 0",
            "Uncaught Error: 5 a\u{fffd}b".to_owned(),
        ),
    ] {
        page.evaluate(script).await;
        let is_expected = |it: &Received| {
            let text = it["text"].as_str();
            it.is("consoleMessage") && text.is_some_and(|text| text.starts_with(&expected))
        };
        page.client.take(script, is_expected).await;
    }
    page.evaluate("setTimeout(() => alert('a\\ud800b')) && 0")
        .await;
    let dialog = page
        .client
        .take("the dialog", |it| it.is("dialogOpened"))
        .await;
    assert_eq!(dialog["message"], Value::from("a\u{fffd}b"), "{dialog}");
    page.bridge.stop().await;
}

async fn a_choice_with_lone_surrogates_is_answered(browser: TestBrowser) {
    let body = "<select id=s><option>a<option id=o>b</select><script>o.value = '\\ud800'; o.label = 'x\\ud800'</script>";
    let page = ReadPage::with(browser, body).await;
    let select = json!({"selector": "#s", "values": [1]});
    let done = page.ask("select", select).await.expect("done");
    assert_eq!(done["values"], json!(["\u{fffd}"]), "{done}");
    page.bridge.stop().await;
}
