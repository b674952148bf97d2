//! The outline, and its refs.

use serde_json::{Value, json};

use super::steps::{Hands, ref_of};
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::raw::Raw;
use crate::support::site::Site;

on_both_browsers!(
    an_outline_has_roles_names_states_and_values,
    only_what_can_be_operated_is_listed_where_that_is_wanted,
    a_ref_lives_as_long_as_its_element_and_is_never_given_again,
    an_outline_that_is_too_long_says_what_is_missing,
    a_long_outline_comes_in_parts,
    roles_and_names_are_those_of_chromium,
);

const PAGE: &str = r#"<header><nav aria-label=Main><a href=/a>Home</a> <a href=/b aria-current=page>Shop</a></nav></header>
<main><h1>Fruit <small>and more</small></h1><p>Plain <b>text</b> here.</p>
<form aria-label=Order><label for=q>Amount</label><input id=q type=number value=3 required>
<label><input type=checkbox checked> Gift</label><select aria-label=Size><option>S<option selected>L</select>
<textarea aria-label=Note>some note</textarea><input type=password aria-label=Code value=geheim>
<button disabled>Send</button><button aria-expanded=false>More</button></form>
<details><summary>Terms</summary>Long text</details><img src=x alt="A pear"><img src=x alt="">
<div aria-hidden=true>not said</div><div style="display:none">not shown</div>
<div role=tablist><div role=tab aria-selected=true tabindex=0>One</div></div>
<div onclick="1" id=div>Clickable</div></main>"#;

async fn an_outline_has_roles_names_states_and_values(browser: TestBrowser) {
    let hands = Hands::on(browser, PAGE).await;
    let outline = hands.outline(json!({})).await;
    let plain: Vec<String> = outline.lines().map(without_ref).collect();
    let expected = [
        "- banner",
        "  - navigation \"Main\"",
        "    - link \"Home\" [url=/a]",
        "    - link \"Shop\" [url=/b]",
        "- main",
        "  - heading \"Fruit and more\" [level=1]",
        "  - paragraph: \"Plain text here.\"",
        "  - form \"Order\"",
        "    - text: \"Amount\"",
        "    - spinbutton \"Amount\" [required]: \"3\"",
        "    - checkbox \"Gift\" [checked]",
        "    - text: \"Gift\"",
        "    - combobox \"Size\": \"L\"",
        "      - option \"S\"",
        "      - option \"L\" [selected]",
        "    - textbox \"Note\": \"some note\"",
        "    - textbox \"Code\": \"••••\"",
        "    - button \"Send\" [disabled]",
        "    - button \"More\" [collapsed]",
        "  - group [collapsed]",
        "    - button \"Terms\" [collapsed]",
        "  - img \"A pear\"",
        "  - tablist",
        "    - tab \"One\" [selected]",
        "  - generic [clickable]: \"Clickable\"",
    ];
    assert_eq!(plain, expected, "{outline}");
    assert!(!outline.contains("geheim"));
    let part = hands.outline(json!({"selector": "role=navigation"})).await;
    assert_eq!(part.lines().count(), 3, "{part}");
    hands.bridge.stop().await;
}

fn without_ref(line: &str) -> String {
    let Some((before, rest)) = line.split_once(" [ref=") else {
        return line.to_owned();
    };
    format!("{before}{}", rest.split_once(']').unwrap().1)
}

async fn only_what_can_be_operated_is_listed_where_that_is_wanted(browser: TestBrowser) {
    let hands = Hands::on(browser, PAGE).await;
    let outline = hands.outline(json!({"interactiveOnly": true})).await;
    for part in [
        "link \"Home\"",
        "spinbutton",
        "combobox \"Size\"",
        "button \"Send\" [disabled]",
        "button \"Terms\"",
        "tab \"One\"",
        "generic",
    ] {
        assert!(outline.contains(part), "{part} is missing in\n{outline}");
    }
    for part in ["heading", "paragraph", "text:", "img", "navigation", "main"] {
        assert!(!outline.contains(part), "{part} is no use in\n{outline}");
    }
    hands.bridge.stop().await;
}

async fn a_ref_lives_as_long_as_its_element_and_is_never_given_again(browser: TestBrowser) {
    let page = "<button id=a>First</button><button id=b>Second</button>";
    let hands = Hands::on(browser, page).await;
    let first = hands.outline(json!({})).await;
    let (a, b) = (ref_of(&first, "First"), ref_of(&first, "Second"));
    // An element that is changed and moved is the same.
    hands
        .evaluate("a.textContent = 'Changed', document.body.append(a)")
        .await;
    assert_eq!(hands.text(&a).await, "Changed");
    let again = hands.outline(json!({})).await;
    assert_eq!(
        (ref_of(&again, "Changed"), ref_of(&again, "Second")),
        (a.clone(), b.clone())
    );
    // A recreated element is another one.
    hands.evaluate("b.outerHTML = b.outerHTML").await;
    let stale = hands
        .on_element("click", &b)
        .await
        .expect_error("STALE_REF");
    assert_eq!(stale["retryable"], false);
    let third = ref_of(&hands.outline(json!({})).await, "Second");
    assert_ne!(third, b);
    // A new document has new numbers.
    let url = hands.site.url("/page");
    hands.client.go(&hands.tab, &url).await;
    for old in [&a, &b, &third, "ref=e999"] {
        for kind in ["click", "hover", "scrollIntoView"] {
            hands.on_element(kind, old).await.expect_error("STALE_REF");
        }
    }
    let new = hands.outline(json!({})).await;
    for number in [&a, &b, &third] {
        assert!(
            !new.contains(&format!("[{number}]")),
            "{number} is given again in\n{new}"
        );
    }
    hands.click(&ref_of(&new, "First")).await;
    // So has a new target of the same tab.
    let before = ref_of(&new, "First");
    hands
        .ask("setLoggedOutMode", json!({"enabled": true}))
        .await
        .expect("loggedOutModeSet");
    hands
        .on_element("click", &before)
        .await
        .expect_error("STALE_REF");
    let other = hands.outline(json!({})).await;
    assert!(!other.contains(&format!("[{before}]")), "{other}");
    hands.bridge.stop().await;
}

async fn an_outline_that_is_too_long_says_what_is_missing(browser: TestBrowser) {
    let page = "<script>for (let n = 0; n < 12000; n++) { const b = document.createElement('button');
        b.textContent = 'Button with quite a long name, number ' + n; document.body.append(b); }</script>";
    let hands = Hands::on(browser, page).await;
    let outline = hands
        .ask("getAxSnapshot", json!({"timeoutMs": 60_000}))
        .await
        .expect("axSnapshot");
    let omitted = outline["omitted"]
        .as_u64()
        .unwrap_or_else(|| panic!("what is omitted in {outline}"));
    let last = outline.text().lines().last().unwrap();
    assert!(
        last.starts_with(&format!("- note: {omitted} more elements")),
        "{last}"
    );
    let lines = outline["lines"].as_u64().unwrap();
    assert_eq!(lines - 1 + omitted, 12000);
    assert_eq!(lines, outline.text().lines().count() as u64);
    hands.bridge.stop().await;
}

async fn a_long_outline_comes_in_parts(browser: TestBrowser) {
    let page =
        "<script>for (let n = 0; n < 9000; n++) { const b = document.createElement('button');
        b.textContent = 'Ünïque ' + n + ' \u{1f34e}\"'; document.body.append(b); }</script>";
    let hands = Hands::on(browser, page).await;
    let outline = hands
        .ask("getAxSnapshot", json!({"timeoutMs": 60_000}))
        .await
        .expect("axSnapshot");
    assert!(outline.parts.len() > 1, "{outline}");
    assert_eq!(outline.text().lines().count(), 9000);
    assert!(
        outline
            .text()
            .contains("button \"Ünïque 8999 \u{1f34e}\\\"\"")
    );
    hands.bridge.stop().await;
}

/// Elements with all kinds of names, compared with Chromium's own tree.
const NAMES: &str = r#"<label for=n1>Label one</label><input id=n1>
<label>Around <input id=n2> it</label><input id=n3 aria-label="By aria"><input id=n4 placeholder="By placeholder">
<input id=n5 title="By title"><span id=l6>By</span><span id=m6>reference</span><input id=n6 aria-labelledby="l6 m6">
<button id=n7>Text <b>in</b> <i>parts</i></button><button id=n8><img alt="A picture" src=x></button>
<button id=n9 aria-label="Said">Shown</button><a id=n10 href=#><span>Link</span><span>ed</span></a>
<button id=n11><svg><title>Drawn</title></svg></button><input type=submit id=n12><input type=reset id=n13>
<input type=button id=n14 value=Push><fieldset id=n15><legend>Group name</legend></fieldset>
<table id=n16><caption>Table name</caption><tr><th id=n17>Head</th></tr><tr><td id=n18>Cell</td></tr></table>
<h2 id=n19>Head<br>line</h2><ul><li id=n20>Item</li></ul><img id=n21 alt="Image name" src=x>
<div role=button id=n22 tabindex=0>Made <div>of blocks</div></div><select id=n23 aria-label=Choice><option>1</select>
<div role=checkbox aria-checked=false id=n24 tabindex=0>Check <span aria-hidden=true>hidden</span></div>
<label for=n25>Sound <input value=7 aria-label=level></label><input type=range id=n25>
<style>.b::before { content: "before " } .b::after { content: " after" }</style><button id=n26 class=b>mid</button>
<button id=n27><span style="display:none">no</span>yes</button><section id=n28 aria-label=Part></section>
<textarea id=n29 aria-label=Area></textarea><input type=checkbox id=n30 aria-label=Box><nav id=n31></nav>
<div role=heading aria-level=3 id=n32>Made heading</div><details><summary id=n33>Sum</summary></details>
<div role=link id=n34 tabindex=0 aria-labelledby=n34a>x<span id=n34a>own part</span></div>
<progress id=n35 aria-label=Load value=1 max=2></progress><dialog open id=n36 aria-label=Ask></dialog>
<input type=search id=n37 aria-label=Find><input list=dl id=n38 aria-label=Pick><datalist id=dl></datalist>
<article id=n39></article><aside id=n40></aside><footer id=n41></footer><div role="nonsense button" id=n42 tabindex=0>Second</div>
<input type=image id=n43 alt="Go there"><output id=n44 aria-label=Out>5</output><hr id=n45>"#;

async fn roles_and_names_are_those_of_chromium(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start_on_port(browser).await;
    let client = bridge.client().await;
    let url = site.page("/names", NAMES);
    let tab = client.open(&url).await;
    let mut raw = Raw::of_profile(&bridge.profile().await).await;
    let session = raw.loaded(&url).await;
    let mut wrong = Vec::new();
    for number in 1..=45 {
        let (role, name) = seen_by_chromium(&mut raw, &session, number).await;
        let selector = format!("#n{number}");
        let outline = json!({"type": "getAxSnapshot", "tabId": tab, "selector": selector});
        let outline = client.ask(outline).await.expect("axSnapshot");
        let first = outline.text().lines().next().unwrap_or_default().to_owned();
        let expected = if name.is_empty() {
            format!("- {role}")
        } else {
            format!("- {role} {}", Value::from(name))
        };
        if !first.starts_with(&expected) || first.starts_with(&format!("{expected} \"")) {
            wrong.push(format!("#n{number}: expected {expected}, found {first}"));
        }
    }
    assert_eq!(wrong, [""; 0], "Chromium has other roles or names");
    bridge.stop().await;
}

/// The role and the name of an element in Chromium's own accessibility tree, by the names that ARIA has.
async fn seen_by_chromium(raw: &mut Raw, session: &str, number: u32) -> (String, String) {
    let expression = format!("document.getElementById('n{number}')");
    let params = json!({"expression": expression});
    let element = raw.call(Some(session), "Runtime.evaluate", params).await;
    let params = json!({"objectId": element["result"]["objectId"], "fetchRelatives": false});
    let tree = raw
        .call(Some(session), "Accessibility.getPartialAXTree", params)
        .await;
    let node = &tree["nodes"][0];
    let role = match node["role"]["value"].as_str().unwrap_or_default() {
        "image" => "img",
        "DisclosureTriangle" | "DisclosureTriangleGrouped" => "button",
        "splitter" => "separator",
        role => role,
    };
    let name = node["name"]["value"].as_str().unwrap_or_default();
    let words: Vec<&str> = name.split_whitespace().collect();
    (role.to_owned(), words.join(" "))
}
