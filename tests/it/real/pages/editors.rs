//! Filling of elements that scripts of the page edit.

use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    an_editor_that_keeps_its_own_selection_is_filled,
    an_editor_that_is_selected_only_by_keys_is_filled,
    an_editor_that_keeps_its_old_text_is_an_error,
    a_part_of_an_editor_is_filled,
    a_document_in_design_mode_is_filled,
);

async fn fill(page: &OpenPage, selector: &str, value: &str) -> Value {
    let fill = json!({"selector": selector, "value": value});
    let done = page.ask("fill", fill).await.expect("done");
    done["matches"].clone()
}

/// An editor that keeps its text and its selection itself. The document's selection reaches it by
/// events only.
const OWN_SELECTION: &str = "<div id=e contenteditable>old text</div><script>
    let text = 'old text', sel = [0, 0];
    document.addEventListener('selectionchange', () => { if (document.activeElement !== e) return;
      const r = getSelection().getRangeAt(0), p = document.createRange(); p.selectNodeContents(e);
      p.setEnd(r.startContainer, r.startOffset); const a = p.toString().length; sel = [a, a + r.toString().length]; });
    e.addEventListener('beforeinput', (ev) => { ev.preventDefault(); let [a, b] = sel;
      if (ev.inputType === 'deleteContentForward' && a === b) b++;
      const d = ev.data ?? ''; text = text.slice(0, a) + d + text.slice(b); sel = [a + d.length, a + d.length]; e.textContent = text; });
    </script>";

async fn an_editor_that_keeps_its_own_selection_is_filled(browser: TestBrowser) {
    let page = OpenPage::with(browser, OWN_SELECTION).await;
    for value in ["new", "and again", "", "at last"] {
        assert_eq!(fill(&page, "#e", value).await, true, "{value:?}");
        assert_eq!(page.evaluate("text").await, value);
    }
    page.bridge.stop().await;
}

async fn an_editor_that_is_selected_only_by_keys_is_filled(browser: TestBrowser) {
    let body = "<div id=e contenteditable>old text</div><script>let text = 'old text', all = false;
        e.onkeydown = (ev) => { if (ev.ctrlKey && ev.key === 'a') { all = true; ev.preventDefault(); } };
        e.onbeforeinput = (ev) => { ev.preventDefault(); if (all) text = ''; all = false;
        text += ev.data ?? ''; e.textContent = text; };</script>";
    let page = OpenPage::with(browser, body).await;
    assert_eq!(fill(&page, "#e", "new").await, true);
    assert_eq!(page.evaluate("text").await, "new");
    assert_eq!(fill(&page, "#e", "").await, true);
    assert_eq!(page.evaluate("text").await, "");
    page.bridge.stop().await;
}

async fn an_editor_that_keeps_its_old_text_is_an_error(browser: TestBrowser) {
    let body = "<div id=e contenteditable>old text</div><script>e.onbeforeinput = (ev) => { ev.preventDefault();
        e.textContent += ev.data ?? ''; };</script>";
    let page = OpenPage::with(browser, body).await;
    let fill = json!({"selector": "#e", "value": "new"});
    let error = page.ask("fill", fill).await;
    let error = error.expect_error("NOT_ACTIONABLE");
    assert_eq!(error["details"]["reason"], "unsuitable", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("old text"), "{error}");
    assert_eq!(error["retryable"], false, "the text was typed: {error}");
    page.bridge.stop().await;
}

async fn a_part_of_an_editor_is_filled(browser: TestBrowser) {
    let body = "<div id=e contenteditable><p id=p>old</p><ul><li id=l>item</li></ul></div>
        <div contenteditable=plaintext-only id=t>plain</div>";
    let page = OpenPage::with(browser, body).await;
    assert_eq!(fill(&page, "#p", "new").await, true);
    assert_eq!(fill(&page, "#l", "first").await, true);
    assert_eq!(fill(&page, "#t", "text").await, true);
    assert_eq!(page.evaluate("p.innerText").await, "new");
    assert_eq!(page.evaluate("l.innerText").await, "first");
    assert_eq!(page.evaluate("t.innerText").await, "text");
    page.bridge.stop().await;
}

async fn a_document_in_design_mode_is_filled(browser: TestBrowser) {
    let body = "<iframe id=f srcdoc='<body>old'></iframe><script>
        addEventListener('load', () => { f.contentDocument.designMode = 'on'; });</script>";
    let page = OpenPage::with(browser, body).await;
    assert_eq!(fill(&page, "#f >> body", "new").await, true);
    let text = page.evaluate("f.contentDocument.body.innerText").await;
    assert_eq!(text, "new");
    page.bridge.stop().await;
}
