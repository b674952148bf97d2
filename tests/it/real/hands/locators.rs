//! Every kind of segment.

use serde_json::json;

use super::steps::Hands;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    every_kind_of_segment_finds_its_element,
    locators_go_through_open_shadow_roots,
    a_locator_that_is_none_is_refused_with_the_place,
    a_page_that_takes_the_names_of_properties_is_read_all_the_same,
);

const PAGE: &str = r#"
<h1>Shop</h1><h2>Fruit</h2>
<form id=form><label for=mail>E-mail</label><input id=mail placeholder="you@example.com">
<label>Name <input id=name></label><input id=phone aria-label="Phone number">
<input type=submit id=send value="Send now"></form>
<ul><li id=l1>Apple pie</li><li id=l2>Apple</li><li id=l3>Banana  split</li></ul>
<button id=b1>Add</button><button id=b2 aria-label="Add">+</button><button id=b3 hidden>Add</button>
<button id=b4 aria-pressed=true>Bold</button><button id=b5 disabled>Later</button>
<div role=checkbox id=c aria-checked=true aria-labelledby=cl></div><span id=cl>Agree to all</span>
<a id=a data-testid=home href="/">Home</a><p id=p>It's <b id=bold>bold</b> text</p>
<table><tr><td id=td>cell</td></tr></table>"#;

async fn every_kind_of_segment_finds_its_element(browser: TestBrowser) {
    let hands = Hands::on(browser, PAGE).await;
    for (locator, id) in [
        ("#mail", "mail"),
        ("css=form > input >> nth=1", "phone"),
        ("text=apple pie", "l1"),
        ("text=\"Apple\"", "l2"),
        ("text=Banana split", "l3"),
        ("text=It's", "p"),
        ("text=bold >> nth=0", "b4"),
        ("text=\"bold\"", "bold"),
        ("text=Send now", "send"),
        ("role=button[name=\"Send now\"]", "send"),
        ("role=button[name=\"Add\"] >> nth=1", "b2"),
        ("role=button[pressed=true]", "b4"),
        ("role=button[disabled=true]", "b5"),
        ("role=checkbox[name=agree][checked=true]", "c"),
        ("role=textbox[name=\"E-mail\"]", "mail"),
        ("role=link", "a"),
        ("role=cell", "td"),
        ("label=e-mail", "mail"),
        ("label=\"Name\"", "name"),
        ("label=Phone", "phone"),
        ("placeholder=example.com", "mail"),
        ("testid=home", "a"),
        ("xpath=//ul/li[2]", "l2"),
        ("ul >> xpath=//li[3]", "l3"),
        ("ul >> li >> nth=-1", "l3"),
        ("form >> label=Name", "name"),
    ] {
        let attributes = hands.query(locator, "attributes").await;
        assert_eq!(attributes["id"], id, "{locator}");
    }
    assert_eq!(hands.query("role=heading", "count").await, 2);
    assert_eq!(hands.text("role=heading[level=2]").await, "Fruit");
    assert_eq!(hands.query("role=button[name=\"Add\"]", "count").await, 2);
    assert_eq!(hands.query("text=nothing of the kind", "count").await, 0);
    assert_eq!(hands.query("li >> nth=7", "count").await, 0);
    hands.bridge.stop().await;
}

async fn locators_go_through_open_shadow_roots(browser: TestBrowser) {
    let page = "<my-card id=card><b id=slotted>Slotted</b></my-card><button>Light</button>
        <script>customElements.define('my-card', class extends HTMLElement { constructor() { super();
        this.attachShadow({mode: 'open'}).innerHTML = '<h3>Card</h3><slot></slot><my-in></my-in>'; } });
        customElements.define('my-in', class extends HTMLElement { constructor() { super();
        this.attachShadow({mode: 'open'}).innerHTML = '<button id=deep>Deep</button><input aria-label=Inside>';
        this.shadowRoot.querySelector('button').onclick = () => { document.title = 'deep'; }; } });</script>";
    let hands = Hands::on(browser, page).await;
    for locator in [
        "#deep",
        "text=\"Deep\"",
        "role=button[name=\"Deep\"]",
        "my-card >> button",
        "my-card >> my-in >> #deep",
        "button >> nth=0",
    ] {
        assert_eq!(hands.text(locator).await, "Deep", "{locator}");
    }
    assert_eq!(hands.query("button", "count").await, 2);
    hands.click("text=Deep").await;
    assert_eq!(hands.evaluate("document.title").await, "deep");
    hands
        .fill("label=Inside", "in the shade")
        .await
        .expect("done");
    assert_eq!(hands.query("my-in >> input", "value").await, "in the shade");
    hands.bridge.stop().await;
}

async fn a_locator_that_is_none_is_refused_with_the_place(browser: TestBrowser) {
    let hands = Hands::on(browser, PAGE).await;
    for (locator, position) in [
        ("foo=bar", 0),
        ("form >> text=", 13),
        ("form >> a[", 8),
        ("form >> xpath=//[", 8),
        ("nth=0", 0),
    ] {
        for kind in ["click", "scrollIntoView", "getContent"] {
            let fields = json!({"selector": locator});
            let fields = if kind == "getContent" {
                json!({"selector": locator, "format": "text"})
            } else {
                fields
            };
            let error = hands.ask(kind, fields).await.expect_error("BAD_SELECTOR");
            assert_eq!(error["details"]["position"], position, "{locator}: {error}");
        }
    }
    hands.bridge.stop().await;
}

async fn a_page_that_takes_the_names_of_properties_is_read_all_the_same(browser: TestBrowser) {
    let page = "<form id=f><input name=localName><input name=parentNode><input name=children>
        <input name=getAttribute><input name=nodeType><input name=shadowRoot><input name=childNodes>
        <button name=textContent id=go>Go</button></form><p id=out></p>
        <script>f.onsubmit = (event) => { event.preventDefault(); out.textContent = 'sent'; };
        Element.prototype.matches = null; Node.prototype.contains = () => true;
        window.MutationObserver = null; window.requestAnimationFrame = null; JSON.stringify = () => 'x';
        document.querySelectorAll = () => [];</script>";
    let hands = Hands::on(browser, page).await;
    hands.click("form >> role=button").await;
    assert_eq!(hands.text("#out").await, "sent");
    assert!(hands.outline(json!({})).await.contains("button \"Go\""));
    hands.bridge.stop().await;
}
