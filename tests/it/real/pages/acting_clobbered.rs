//! Actions on pages whose elements hide properties of forms and of the document by their names.

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    names_of_fields_hide_no_property_from_actions,
    names_of_images_hide_no_property_from_actions,
);

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

/// Images named like every property of the document.
const IMAGES: &str = "<div id=e contenteditable>old <b>text</b></div><input id=i><select id=s><option>a<option>b</select>
    <div id=from draggable=true>From</div><div id=to>To</div><iframe srcdoc='<button>In</button>'></iframe>
    <div style='height:3000px'></div><button id=b>Go</button><script>
    const names = new Set();
    for (let at = document; at; at = Object.getPrototypeOf(at)) for (const name of Object.getOwnPropertyNames(at)) names.add(name);
    const [from, to] = ['from', 'to'].map((id) => document.getElementById(id));
    window.log = [];
    b.onclick = () => log.push('click');
    from.ondragstart = (event) => event.dataTransfer.setData('text/plain', 'x');
    to.ondragover = (event) => event.preventDefault();
    to.ondrop = () => log.push('drop');
    const { append } = Element.prototype, { body } = document, { createElement } = Document.prototype;
    for (const name of names) append.call(body, Object.assign(createElement.call(document, 'img'), { name, alt: '' }));
    window.count = names.size</script>";

async fn names_of_images_hide_no_property_from_actions(browser: TestBrowser) {
    let page = OpenPage::with(browser, IMAGES).await;
    assert!(page.evaluate("count").await.as_u64() > Some(200));
    let named = "document.addEventListener.name";
    assert_eq!(page.evaluate(named).await, "addEventListener");
    let act = async |kind, fields| page.ask(kind, fields).await.expect("done");
    act("focus", json!({"selector": "#e"})).await;
    act("press", json!({"selector": "#e", "key": "Control+A"})).await;
    act("press", json!({"key": "Control+C"})).await;
    let filled = act("fill", json!({"selector": "#e", "value": "new "})).await;
    assert_eq!(filled["matches"], true);
    act("press", json!({"selector": "#e", "key": "Control+V"})).await;
    let html = page.evaluate("e.innerHTML").await;
    assert!(html.as_str().unwrap().contains("text</b>"), "{html}");
    act("fill", json!({"selector": "#i", "value": "one"})).await;
    act("type", json!({"selector": "#i", "text": " two"})).await;
    assert_eq!(page.evaluate("i.value").await, "one two");
    act("select", json!({"selector": "#s", "values": ["b"]})).await;
    act("drag", json!({"from": "#from", "to": "#to"})).await;
    act("click", json!({"selector": "#b"})).await;
    act("click", json!({"selector": "iframe >> button"})).await;
    assert_eq!(page.evaluate("log").await, json!(["drop", "click"]));
    let bottom = act("scroll", json!({"to": "bottom"})).await;
    assert!(bottom["position"]["y"].as_f64() > Some(500.0), "{bottom}");
    act("scroll", json!({"to": "top"})).await;
    assert_eq!(page.evaluate("scrollY").await, 0);
    page.bridge.stop().await;
}
