//! Keys for editors that render later than they are told.

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(keys_wait_until_an_editor_has_rendered_the_ones_before);

/// As Trix does: a new line is there in the next frame only, and what is typed before that goes elsewhere.
const LATE_LINES: &str = "<div id=e contenteditable></div><script>let text = '', isLate = false;
    e.onbeforeinput = (ev) => { ev.preventDefault();
        if (ev.inputType !== 'insertParagraph') text = isLate ? ev.data + text : text + ev.data;
        else { text += '\\n'; isLate = true; requestAnimationFrame(() => { isLate = false; e.innerText = text; }); } };</script>";

async fn keys_wait_until_an_editor_has_rendered_the_ones_before(browser: TestBrowser) {
    let page = OpenPage::with(browser, LATE_LINES).await;
    let press = async |fields| drop(page.ask("press", fields).await.expect("done"));
    let write = async |fields| drop(page.ask("type", fields).await.expect("done"));
    // How often a frame comes in between by chance is not known.
    for round in 0..8 {
        page.evaluate("text = ''; e.focus()").await;
        write(json!({"selector": "#e", "text": "a"})).await;
        press(json!({"selector": "#e", "key": "Enter"})).await;
        write(json!({"selector": "#e", "text": "b\nc"})).await;
        press(json!({"key": "Enter"})).await;
        write(json!({"text": "d\ne"})).await;
        assert_eq!(page.evaluate("text").await, "a\nb\nc\nd\ne", "{round}");
    }
    page.bridge.stop().await;
}
