//! Pages whose elements have shadow roots.

use serde_json::json;

use super::read_page::ReadPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::raw::Raw;

on_both_browsers!(
    any_element_may_be_at_the_top_of_a_shadow_root,
    a_landmark_in_a_component_depends_on_what_is_around_the_component,
    one_element_that_cannot_be_examined_does_not_fail_the_page,
    a_shadow_root_does_not_change_the_text_of_the_page,
    text_of_shadow_roots_and_of_the_frames_in_them_is_read,
);

async fn any_element_may_be_at_the_top_of_a_shadow_root(browser: TestBrowser) {
    let names = "header footer li tr td th tbody thead tfoot dd dt option optgroup legend caption summary \
        label area slot ul table details select input svg iframe img h1";
    let body = format!(
        "<x-card></x-card><button>Outside</button><script>
        const root = document.querySelector('x-card').attachShadow({{mode: 'open'}});
        for (const name of '{names}'.split(/\\s+/)) {{
            const element = document.createElement(name);
            element.textContent = 'in ' + name;
            root.append(element);
        }}</script>"
    );
    let page = ReadPage::with(browser, &body).await;
    assert_eq!(page.count("role=button[name=Outside]").await, 1);
    assert_eq!(page.count("role=banner").await, 1);
    assert_eq!(page.count("label=nothing").await, 0);
    let outline = page.outline(json!({})).await;
    for line in [
        "- banner: \"in header\"",
        "- contentinfo: \"in footer\"",
        "- listitem: \"in li\"",
        "- row \"in tr\"",
        "- cell \"in td\"",
        "- heading \"in h1\" [level=1]",
        "- button \"Outside\"",
    ] {
        assert!(
            outline.iter().any(|it| it == line),
            "{line} in {outline:#?}"
        );
    }
    let interactive = page.outline(json!({"interactiveOnly": true})).await;
    assert!(interactive.contains(&"- button \"Outside\"".to_owned()));
    for format in ["text", "markdown"] {
        let content = page.content(format).await;
        for text in ["in header", "in td", "Outside"] {
            assert!(content.contains(text), "{text} in {content}");
        }
    }
    page.bridge.stop().await;
}

async fn a_landmark_in_a_component_depends_on_what_is_around_the_component(browser: TestBrowser) {
    let body = "<x-a></x-a><article><x-a></x-a></article><ul role=none><x-li></x-li></ul><script>
        for (const a of document.querySelectorAll('x-a')) a.attachShadow({mode: 'open'}).innerHTML = '<header>H</header>';
        document.querySelector('x-li').attachShadow({mode: 'open'}).innerHTML = '<li>item</li>';</script>";
    let page = ReadPage::with(browser, body).await;
    let outline = page.outline(json!({})).await;
    assert_eq!(
        outline,
        [
            "- banner: \"H\"",
            "- article",
            "  - text: \"H\"",
            "- text: \"item\""
        ]
    );
    page.bridge.stop().await;
}

async fn one_element_that_cannot_be_examined_does_not_fail_the_page(browser: TestBrowser) {
    let body =
        "<button id=before>Before</button><div id=bad role=button><a href=/in>Inside</a></div>
        <label for=f>Field</label><input id=f><p>After</p>";
    let bridge = TestBridge::start_on_port(browser).await;
    let page = ReadPage::on(bridge, body).await;
    assert_eq!(page.count("role=button").await, 2);
    // The fault is in the world of the bridge's script, which no page reaches.
    let mut raw = Raw::of_profile(&page.bridge.profile().await).await;
    let session = raw.page("/page").await;
    let world = raw.context_of_world(&session, "cdp-bridge").await;
    let fault = "const { getAttribute } = Element.prototype;
        Element.prototype.getAttribute = function (name) {
            if (getAttribute.call(this, 'id') === 'bad') throw new TypeError('Illegal invocation');
            return getAttribute.call(this, name);
        }; null";
    let params = json!({"expression": fault, "contextId": world});
    raw.call(Some(&session), "Runtime.evaluate", params).await;
    let outline = page.outline(json!({})).await;
    for line in [
        "- button \"Before\"",
        "- link \"Inside\" [url=/in]",
        "- textbox \"Field\"",
        "- paragraph: \"After\"",
    ] {
        assert!(
            outline.iter().any(|it| it.trim() == line),
            "{line} in {outline:#?}"
        );
    }
    assert_eq!(page.count("role=button").await, 1);
    assert_eq!(page.id("label=Field").await, "f");
    for format in ["text", "markdown"] {
        let content = page.content(format).await;
        assert!(
            content.contains("Before") && content.contains("After"),
            "{content}"
        );
    }
    page.bridge.stop().await;
}

/// A page with all that the text of a page depends on.
const LINES: &str = "<p>one<br>two</p><pre>a\n  b</pre><table><caption>Cap</caption><thead><tr><th>A<th>B</thead>
    <tbody><tr><td>1<td>2<tr><td><div>x</div><td></tbody></table><div style='text-transform:uppercase'>up</div>
    <select><option>s1<option>s2</select> t <textarea>area</textarea> <button> bu <b>x</b></button> y
    <div style='white-space:pre-line'>l1\n  l2</div><div style='white-space:pre-wrap'>w1\n   w2</div>
    a <span style='display:inline-block'> in <div>blk</div> </span> c<div style='display:flex'><i>f</i> <i>g</i></div>
    <div style='visibility:hidden'>no<p style='visibility:visible'>yes</p>no</div><span hidden>gone</span>
    d<div style='display:contents'>e<p>f</p></div>g<details><summary>S</summary>hidden</details><ul><li>i<li>j</ul>
    <video>fallback</video><progress>50</progress><canvas>canvas</canvas><script>1</script><style>2{}</style>
    <dl><dt>t<dd>d</dl>u&nbsp; v <b> w </b> <h2>H</h2>end <img> <img> of<hr>it";

async fn a_shadow_root_does_not_change_the_text_of_the_page(browser: TestBrowser) {
    let page = ReadPage::with(browser, LINES).await;
    let expected = page.content("text").await;
    assert!(expected.starts_with("one\ntwo\n\na\n  b\n"), "{expected}");
    page.load(&format!(
        "{LINES}<x-chat></x-chat><script>
        document.querySelector('x-chat').attachShadow({{mode: 'open'}}).innerHTML = '<i hidden>chat</i>'</script>"
    ))
    .await;
    assert_eq!(page.content("text").await, expected);
    page.bridge.stop().await;
}

async fn text_of_shadow_roots_and_of_the_frames_in_them_is_read(browser: TestBrowser) {
    let body = "<p>before</p><x-card id=card><h2>Slotted</h2><p>first<br>second</p></x-card><p>after</p><script>
        card.attachShadow({mode: 'open'}).innerHTML = `<h1>Card</h1><section id=s>In:<slot></slot></section>
        loose text<iframe srcdoc='<p>in<br>frame'></iframe><template>not</template><style>p { color: red }</style>`;
        </script>";
    let page = ReadPage::with(browser, body).await;
    for text in ["in frame", "first second", "loose text", "In: Slotted"] {
        let waited = page.ask("waitFor", json!({"text": text})).await;
        waited.expect("waited");
    }
    assert_eq!(
        page.content("text").await,
        "before\n\nCard\nIn:\nSlotted\n\nfirst\nsecond\n\nloose text\n\nafter\nin\nframe"
    );
    assert_eq!(
        page.content("markdown").await,
        "before\n\n# Card\n\nIn:\n\n## Slotted\n\nfirst  \nsecond\n\nloose text\n\nin  \nframe\n\nafter"
    );
    // A part whose own tree has no shadow root, but a slot.
    let part = page
        .ask("getContent", json!({"format": "text", "selector": "#s"}))
        .await;
    assert_eq!(
        part.expect("content").text(),
        "In:\nSlotted\n\nfirst\nsecond"
    );
    page.bridge.stop().await;
}
