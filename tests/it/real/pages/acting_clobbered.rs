//! Actions on forms whose fields hide properties of the form by their names. (What images hide of the document
//! is hidden only from the page's own scripts, not from those in isolated worlds.)

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(names_of_fields_hide_no_property_from_actions);

/// A form that is edited, scrolled and has the focus, with a field for every property that elements have.
const FORM: &str = "<form id=f tabindex=0 contenteditable style='height:100px;overflow:auto'><p id=p>text</p>
    <div style='height:900px'></div></form><script>
    const names = new Set();
    for (let at = f; at; at = Object.getPrototypeOf(at)) for (const name of Object.getOwnPropertyNames(at)) names.add(name);
    for (const name of names) Element.prototype.append.call(f, Object.assign(document.createElement('input'), {type: 'hidden', name}));
    const listen = EventTarget.prototype.addEventListener;
    window.log = [];
    for (const type of ['focus', 'input', 'change', 'click', 'copy']) listen.call(f, type, () => { if (log.at(-1) !== type) log.push(type); });
    const own = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get.call(f);
    window.textOf = () => own(HTMLElement.prototype, 'innerText').trim();
    window.topOf = () => own(Element.prototype, 'scrollTop');
    window.count = names.size;</script>";

async fn names_of_fields_hide_no_property_from_actions(browser: TestBrowser) {
    let page = OpenPage::with(browser, FORM).await;
    assert!(page.evaluate("count").await.as_u64() > Some(200));
    let act = async |kind, fields| page.ask(kind, fields).await.expect("done");
    act("focus", json!({"selector": "#f"})).await;
    assert_eq!(page.evaluate("log").await, json!(["focus"]));
    let scrolled = act("scroll", json!({"selector": "#f", "by": {"x": 0, "y": 50}})).await;
    assert_eq!(scrolled["position"]["y"], 50.0);
    assert_eq!(page.evaluate("topOf()").await, 50);
    act("scrollIntoView", json!({"selector": "#p"})).await;
    act("hover", json!({"selector": "#f"})).await;
    act("click", json!({"selector": "#f"})).await;
    act("press", json!({"selector": "#f", "key": "Control+A"})).await;
    act("press", json!({"selector": "#f", "key": "Control+C"})).await;
    assert_eq!(
        page.evaluate("log.slice(-2)").await,
        json!(["click", "copy"])
    );
    // This also takes the fields away.
    let filled = act("fill", json!({"selector": "#f", "value": "new"})).await;
    assert_eq!(filled["matches"], true);
    assert_eq!(page.evaluate("textOf()").await, "new");
    assert_eq!(
        page.evaluate("log.slice(-2)").await,
        json!(["input", "change"])
    );
    act("press", json!({"selector": "#f", "key": "Control+A"})).await;
    act("press", json!({"selector": "#f", "key": "Control+V"})).await;
    assert_eq!(page.evaluate("textOf()").await, "text");
    page.bridge.stop().await;
}
