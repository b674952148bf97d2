//! Pointing at what is slotted, and at what receives no pointer events itself.

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    the_button_of_a_web_component_is_clicked_through_its_slotted_text,
    what_receives_no_pointer_events_is_clicked_through_its_control,
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
