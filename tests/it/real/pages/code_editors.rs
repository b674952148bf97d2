//! Filling of editors whose text is elsewhere than where they receive keys.

use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    an_editor_whose_field_is_clipped_is_filled,
    an_editor_with_an_edit_context_is_filled,
);

async fn fill(page: &OpenPage, selector: &str, value: &str) -> Value {
    let fill = json!({"selector": selector, "value": value});
    let done = page.ask("fill", fill).await.expect("done");
    done["matches"].clone()
}

/// As `CodeMirror` 5 does: the field is wide, but what is around it hides nearly all of it. What is typed is
/// taken out of it.
async fn an_editor_whose_field_is_clipped_is_filled(browser: TestBrowser) {
    let body = "<div style='overflow:hidden;position:relative;width:3px;height:0'>
        <textarea id=e style='position:absolute;width:500px;height:1em'></textarea></div><pre>old text</pre><script>
        let text = 'old text', all = false;
        e.onkeydown = (ev) => { if (ev.ctrlKey && ev.key === 'a') { all = true; ev.preventDefault(); }
            if (ev.key === 'Delete') { text = all ? '' : text.slice(1); all = false; } };
        e.oninput = () => { text = all ? e.value : e.value + text; all = false; e.value = ''; };</script>";
    let page = OpenPage::with(browser, body).await;
    for value in ["new", "two\nlines", ""] {
        let matches = fill(&page, "#e", value).await;
        assert_eq!(page.evaluate("text").await, value);
        // The field is empty, which says nothing of the text.
        let expected = if value.is_empty() {
            json!(true)
        } else {
            Value::Null
        };
        assert_eq!(matches, expected, "{value:?}");
    }
    page.bridge.stop().await;
}

/// As Monaco does: the element with the context has no size.
async fn an_editor_with_an_edit_context_is_filled(browser: TestBrowser) {
    let body = "<div id=e role=textbox aria-label=Code tabindex=0></div><pre id=shown>old text</pre><script>
        const context = new EditContext({text: 'old text'});
        e.editContext = context;
        e.onkeydown = (ev) => { if (ev.ctrlKey && ev.key === 'a') { context.updateSelection(0, context.text.length); ev.preventDefault(); } };
        context.ontextupdate = () => { shown.textContent = context.text; };</script>";
    let page = OpenPage::with(browser, body).await;
    for value in ["new", "two\nlines", "😀"] {
        assert_eq!(fill(&page, "#e", value).await, Value::Null);
        assert_eq!(page.evaluate("shown.textContent").await, value);
    }
    fill(&page, "#e", "").await;
    assert_eq!(page.evaluate("context.text").await, "");
    page.evaluate("e.style.display = 'none'").await;
    let hidden = json!({"selector": "#e", "value": "x", "timeoutMs": 1500});
    let error = page.ask("fill", hidden).await;
    assert_eq!(
        error.expect_error("NOT_ACTIONABLE")["details"]["reason"],
        "hidden"
    );
    page.bridge.stop().await;
}
