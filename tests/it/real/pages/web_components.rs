//! Pointing at what is slotted, and at what receives no pointer events itself.

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    the_button_of_a_web_component_is_clicked_through_its_slotted_text,
    what_receives_no_pointer_events_is_clicked_through_its_control,
    a_part_that_receives_no_pointer_events_is_clicked_through_its_host,
    a_component_is_filled_and_checked_by_what_labels_it,
);

const COMPONENTS: &str = r##"<x-button id=b>Send form</x-button><x-outer id=o>Nested <i>icon</i></x-outer>
    <x-link id=l>Link</x-link><x-contents id=c>Loose</x-contents><script>
    window.log = [];
    const define = (name, html) => customElements.define(name, class extends HTMLElement {
        constructor() { super(); this.attachShadow({mode: 'open'}).innerHTML = html; } });
    define('x-button', '<button onclick="log.push(`button`)"><slot></slot></button>');
    define('x-outer', '<x-button><slot></slot></x-button>');
    define('x-link', '<a href="#there" onclick="log.push(`link`)"><span><slot></slot></span></a>');
    define('x-contents', '<style>:host { display: contents }</style><button onclick="log.push(`loose`)"><slot></slot></button>');
    </script>"##;

async fn the_button_of_a_web_component_is_clicked_through_its_slotted_text(browser: TestBrowser) {
    let page = OpenPage::with(browser, COMPONENTS).await;
    for (selector, clicked) in [
        ("#b >> button", "button"),
        ("role=button[name='Send form']", "button"),
        ("text=Send form", "button"),
        ("#b", "button"),
        ("#o >> button", "button"),
        ("#o >> i", "button"),
        ("text=Nested", "button"),
        ("#l >> a", "link"),
        ("text=Link", "link"),
        ("#c >> button", "loose"),
        ("#c", "loose"),
    ] {
        page.evaluate("log.length = 0").await;
        page.click(selector).await;
        assert_eq!(page.evaluate("log").await, json!([clicked]), "{selector}");
    }
    let outline = page.ask("getAxSnapshot", json!({})).await;
    let outline = outline.expect("axSnapshot");
    let line = outline
        .text()
        .lines()
        .find(|line| line.contains("button \"Send form\""));
    let (_, reference) = line.unwrap().split_once("[ref=").unwrap();
    let (reference, _) = reference.split_once(']').unwrap();
    page.click(&format!("ref={reference}")).await;
    assert_eq!(page.evaluate("log.at(-1)").await, "button");
    let hover = json!({"selector": "#b >> button"});
    page.ask("hover", hover).await.expect("done");
    page.bridge.stop().await;
}

async fn what_receives_no_pointer_events_is_clicked_through_its_control(browser: TestBrowser) {
    let body = "<style>.none { pointer-events: none }</style>
        <button id=b><i class=none>+</i><b class=none>Add</b></button>
        <label id=l><span class=none>Agree</span><input type=checkbox id=c></label>
        <p style='position:relative'><label for=m class=none style='position:absolute'>Mail</label><input id=m></p>
        <a href='#there' id=a><svg class=none id=s width=20 height=20><rect width=20 height=20 /></svg></a>
        <div role=tab id=t><span class=none>Tab</span></div>
        <div id=d><b class=none>Plain</b></div>
        <script>window.log = []; addEventListener('click', (event) => log.push(event.target.id));</script>";
    let page = OpenPage::with(browser, body).await;
    for (selector, clicked) in [
        ("text=Add", "b"),
        ("i", "b"),
        ("text=Mail", "m"),
        ("#s", "a"),
        ("text=Tab", "t"),
    ] {
        page.evaluate("log.length = 0").await;
        page.click(selector).await;
        assert_eq!(page.evaluate("log").await, json!([clicked]), "{selector}");
    }
    page.click("text=Agree").await;
    assert_eq!(page.evaluate("c.checked").await, true);
    // A click on it would be one on something that was not asked for.
    let fields = json!({"selector": "text=Plain", "timeoutMs": 1500});
    let error = page.ask("click", fields).await;
    let error = error.expect_error("NOT_ACTIONABLE");
    assert_eq!(error["details"]["reason"], "covered", "{error}");
    page.bridge.stop().await;
}

/// As Ionic's segments do: the button is for keyboards and assistive technology, and the host listens.
async fn a_part_that_receives_no_pointer_events_is_clicked_through_its_host(browser: TestBrowser) {
    let body = "<x-tab id=one>One</x-tab><div id=cover style='pointer-events:auto'><p id=p style='pointer-events:none'>Plain</p></div><script>
        window.log = [];
        customElements.define('x-tab', class extends HTMLElement { constructor() { super();
            this.attachShadow({mode: 'open'}).innerHTML = '<button role=tab style=\"pointer-events:none\"><span><slot></slot></span></button>'; } });
        addEventListener('click', (event) => log.push(event.target.id));</script>";
    let page = OpenPage::with(browser, body).await;
    for selector in ["role=tab[name=One]", "#one >> button", "text=One"] {
        page.evaluate("log.length = 0").await;
        page.click(selector).await;
        assert_eq!(page.evaluate("log").await, json!(["one"]), "{selector}");
    }
    // No host of a shadow root is around it.
    let error = page.ask("click", json!({"selector": "#p", "timeoutMs": 1500}));
    error.await.expect_error("NOT_ACTIONABLE");
    page.bridge.stop().await;
}

async fn a_component_is_filled_and_checked_by_what_labels_it(browser: TestBrowser) {
    let body = "<x-field id=f><div><label for=in>Name</label><input id=in></div></x-field>
        <label>Agree <x-check id=c></x-check></label><label for=d>Mail</label><x-mail id=d></x-mail><script>
        const define = (name, html) => customElements.define(name, class extends HTMLElement { static formAssociated = true;
            constructor() { super(); this.attachInternals(); this.attachShadow({mode: 'open'}).innerHTML = html;
                this.onclick = (event) => { if (event.composedPath()[0] === this) inside(this).click(); }; } });
        define('x-check', '<input type=checkbox>');
        define('x-mail', '<input type=email>');
        window.inside = (it) => it.shadowRoot.firstChild;</script>";
    let page = OpenPage::with(browser, body).await;
    let act = async |kind, fields| drop(page.ask(kind, fields).await.expect("done"));
    // Without a shadow root, the field is among the children of the component.
    act("fill", json!({"selector": "#f", "value": "Ada"})).await;
    assert_eq!(
        page.evaluate("document.getElementById('in').value").await,
        "Ada"
    );
    for selector in ["label=Agree", "text=Agree", "#c"] {
        act("check", json!({"selector": selector})).await;
        assert_eq!(page.evaluate("inside(c).checked").await, true, "{selector}");
        act("uncheck", json!({"selector": selector})).await;
        assert_eq!(
            page.evaluate("inside(c).checked").await,
            false,
            "{selector}"
        );
    }
    for selector in ["label=Mail", "text=Mail", "#d"] {
        act("fill", json!({"selector": selector, "value": selector})).await;
        assert_eq!(page.evaluate("inside(d).value").await, selector);
    }
    page.bridge.stop().await;
}
