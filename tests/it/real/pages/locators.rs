//! What locators match.

use serde_json::json;

use super::read_page::ReadPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    text_that_is_never_shown_is_not_matched,
    text_is_matched_around_what_is_not_text,
    characters_that_a_reader_does_not_see_do_not_matter,
    a_label_is_matched_without_the_content_of_its_field,
    dates_and_colours_are_text_fields_with_their_label,
    states_match_only_what_has_them,
    a_frame_that_loads_lazily_is_entered,
);

async fn text_that_is_never_shown_is_not_matched(browser: TestBrowser) {
    let hidden = "<div><script>var label = 'Sign in now';</script><style>.x::before { content: 'Sign in now' }</style>
        <noscript>Sign in now</noscript><template><b>Sign in now</b></template><iframe>Sign in now</iframe>
        <video><p>Sign in now</p></video><audio>Sign in now</audio><noembed>Sign in now</noembed>
        <datalist><option>Sign in now</datalist><svg><style>Sign in now</style><desc>Sign in now</desc>
        <script>'Sign in now'</script><metadata>Sign in now</metadata></svg><!-- Sign in now -->
        <math><semantics><mi>x</mi><annotation>Sign in now</annotation></semantics></math></div>
        <title>Sign in now</title><button id=b>Sign in now</button>";
    let page = ReadPage::with(browser, hidden).await;
    for locator in [
        "text=Sign in now",
        "text=\"Sign in now\"",
        "body >> text=sign IN now",
    ] {
        assert_eq!(page.id(locator).await, "b", "{locator}");
    }
    // The same in a shadow root, and on a page that has one.
    page.load(&format!(
        "<x-a></x-a>{hidden}<script>document.querySelector('x-a').attachShadow({{mode: 'open'}}).innerHTML =
        '<script>Sign in now<\\/script><style>Sign in now</style>'</script>"
    ))
    .await;
    assert_eq!(page.id("text=Sign in now").await, "b");
    page.load("<label for=i>Mail<script>'Mail more'</script></label><input id=i>")
        .await;
    assert_eq!(page.id("label=\"Mail\"").await, "i");
    page.bridge.stop().await;
}

async fn text_is_matched_around_what_is_not_text(browser: TestBrowser) {
    let body = "<p id=p>Sign <script>1</script>in<!-- --> now</p><button id=t><svg><title>Close</title></svg></button>
        <p id=q>Press <input type=submit value=Send> twice</p><x-a id=x>slotted</x-a>
        <script>x.attachShadow({mode: 'open'}).innerHTML = '<b>Is <slot></slot> here</b>'</script>";
    let page = ReadPage::with(browser, body).await;
    for (locator, id) in [
        ("text=Sign in now", "p"),
        ("text=\"Press Send twice\"", "q"),
    ] {
        assert_eq!(page.id(locator).await, id, "{locator}");
    }
    assert_eq!(page.count("#t >> text=Close").await, 1);
    assert_eq!(page.count("text=Is slotted here").await, 1);
    page.bridge.stop().await;
}

async fn characters_that_a_reader_does_not_see_do_not_matter(browser: TestBrowser) {
    let body = "<p id=p>Donau&shy;dampf&shy;schiff</p><button id=b>Zero&#8203;width&#8205;x &#8206;y&#65279;</button>
        <label for=i>E&shy;mail</label><input id=i placeholder='so&shy;ft'><p id=c>cafe&#769;</p>
        <select id=s><option value=1>Über&shy;sicht<option value=2>Ende</select>";
    let page = ReadPage::with(browser, body).await;
    for (locator, id) in [
        ("text=\"Donaudampfschiff\"", "p"),
        ("text=dampfschiff", "p"),
        ("text=Donau\u{ad}dampf", "p"),
        ("role=button[name=\"Zerowidthx y\"]", "b"),
        ("label=\"Email\"", "i"),
        ("placeholder=\"soft\"", "i"),
        ("text=\"caf\u{e9}\"", "c"),
    ] {
        assert_eq!(page.id(locator).await, id, "{locator}");
    }
    let waited = page
        .ask("waitFor", json!({"text": "Donaudampfschiff"}))
        .await;
    waited.expect("waited");
    let outline = page.outline(json!({})).await;
    assert!(
        outline.contains(&"- paragraph: \"Donaudampfschiff\"".to_owned()),
        "{outline:#?}"
    );
    page.bridge.stop().await;
}

async fn a_label_is_matched_without_the_content_of_its_field(browser: TestBrowser) {
    let body = "<label>Country <select id=s><option>Peru<option>Chile</select></label>
        <label>Note <textarea id=t>text</textarea></label>";
    let page = ReadPage::with(browser, body).await;
    for (locator, id) in [
        ("label=\"Country\"", "s"),
        ("label=\"Note\"", "t"),
        ("label=country", "s"),
    ] {
        assert_eq!(page.id(locator).await, id, "{locator}");
    }
    page.bridge.stop().await;
}

async fn dates_and_colours_are_text_fields_with_their_label(browser: TestBrowser) {
    let body = "<label>Birth <input type=date id=d value=2024-01-02 required></label>
        <label for=c>Paint</label><input type=color id=c><input type=time id=t role=combobox aria-label=At>";
    let page = ReadPage::with(browser, body).await;
    assert_eq!(page.id("role=textbox[name=\"Birth\"]").await, "d");
    assert_eq!(page.id("role=textbox[name=\"Paint\"]").await, "c");
    assert_eq!(page.id("role=combobox").await, "t");
    let outline = page.outline(json!({})).await;
    for line in [
        "- date \"Birth\" [required]: \"2024-01-02\"",
        "- color \"Paint\": \"#000000\"",
        "- combobox \"At\"",
    ] {
        assert!(
            outline.iter().any(|it| it == line),
            "{line} in {outline:#?}"
        );
    }
    page.bridge.stop().await;
}

async fn states_match_only_what_has_them(browser: TestBrowser) {
    let body = "<button id=plain>a</button><button id=up aria-pressed=false>b</button>
        <button id=closed aria-expanded=false>c</button><input type=checkbox id=off><input type=checkbox id=mixed>
        <div role=tab id=t1>1</div><div role=tab id=t2 aria-selected=true>2</div><p aria-expanded=maybe>p</p>
        <script>mixed.indeterminate = true</script>";
    let page = ReadPage::with(browser, body).await;
    for (locator, id) in [
        ("role=button[pressed=false]", "up"),
        ("role=button[expanded=false]", "closed"),
        ("role=checkbox[checked=false]", "off"),
        ("role=tab[selected=false]", "t1"),
        ("role=tab[selected=true]", "t2"),
    ] {
        assert_eq!(page.id(locator).await, id, "{locator}");
    }
    for locator in [
        "role=button[checked=false]",
        "role=button[selected=false]",
        "role=checkbox[expanded=false]",
    ] {
        assert_eq!(page.count(locator).await, 0, "{locator}");
    }
    assert_eq!(page.count("role=button[disabled=false]").await, 3);
    page.bridge.stop().await;
}

async fn a_frame_that_loads_lazily_is_entered(browser: TestBrowser) {
    let page = ReadPage::with(browser, "").await;
    page.site.page("/lazy", "<button>In the frame</button>");
    let there = page.site.url_on("allowed.test", "/lazy");
    for source in [
        "src=/lazy".to_owned(),
        format!("src='{there}'"),
        "srcdoc='<button>In the frame</button>'".to_owned(),
    ] {
        let body = format!(
            "<div style='height:30000px'></div><iframe id=f loading=lazy {source}></iframe>"
        );
        page.load(&body).await;
        let wait = json!({"selector": "#f >> button"});
        page.ask("waitFor", wait).await.expect("waited");
        page.load(&body).await;
        assert_eq!(
            page.query("#f >> button", "text").await,
            "In the frame",
            "{source}"
        );
    }
    page.bridge.stop().await;
}
