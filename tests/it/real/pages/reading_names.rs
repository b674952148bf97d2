//! Accessible names, compared with Chromium's own tree.

use serde_json::{Value, json};

use super::read_page::ReadPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::raw::Raw;

on_both_browsers!(
    names_come_from_labels_that_are_not_displayed,
    names_are_spaced_as_in_chromium,
    a_value_is_no_part_of_the_name_of_what_has_it,
);

async fn name(page: &ReadPage, id: &str) -> String {
    let outline = page.outline(json!({"selector": format!("#{id}")})).await;
    let first = outline.first().cloned().unwrap_or_default();
    let Some((_, rest)) = first.split_once('"') else {
        return String::new();
    };
    rest.split_once('"').unwrap().0.to_owned()
}

async fn names_come_from_labels_that_are_not_displayed(browser: TestBrowser) {
    let body = "<label style='display:none' for=n1>Hidden <b style='display:none'>deep</b></label><input id=n1>
        <span id=z hidden>By <b>reference</b><script>not</script></span><input id=n2 aria-labelledby=z>
        <fieldset id=n3><legend hidden>Legend</legend></fieldset><table id=n4><caption hidden>Caption</caption><tr><td>c</table>
        <label for=n5>Shown <span hidden>not</span></label><input id=n5>
        <div aria-hidden=true><span id=y>From <i aria-hidden=true>hidden</i></span></div><input id=n6 aria-labelledby=y>
        <button id=n7 aria-label=Delete aria-labelledby='n7 z'>x</button><div style='visibility:hidden'><span id=x>Invisible</span></div>
        <input id=n8 aria-labelledby=x><template><b id=w>no</b></template><label for=n9 aria-hidden=true>Unsaid</label><input id=n9>
        <span id=v>Shown <i hidden>not</i></span><input id=n10 aria-labelledby=v><details><label for=n11>Closed</label></details><input id=n11>";
    let page = ReadPage::with(browser, body).await;
    for (id, expected) in [
        ("n1", "Hidden deep"),
        ("n2", "By reference"),
        ("n3", "Legend"),
        ("n4", "Caption"),
        ("n5", "Shown"),
        ("n6", "From hidden"),
        ("n7", "Delete By reference"),
        ("n8", "Invisible"),
        ("n9", "Unsaid"),
        ("n10", "Shown"),
        ("n11", "Closed"),
    ] {
        assert_eq!(name(&page, id).await, expected, "{id}");
    }
    assert_eq!(page.id("role=textbox[name=\"By reference\"]").await, "n2");
    page.bridge.stop().await;
}

const SPACED: &str = r#"<style>.a::before { content: "B " } .c::after { content: " A" } .d::before { content: "Block"; display: block }
    .e::before { content: "no"; display: none } .f::before { content: "no"; visibility: hidden }
    .g::before { content: attr(data-x) } .h::after { content: "Box"; display: inline-block }
    .i::before { content: "a" attr(data-x) "b\22 c" } .j::before { content: open-quote }</style>
    <button id=n1><span class=a>x</span></button><button id=n2>pre<span class=c>x</span>post</button><button id=n3 class=d>x</button>
    <button id=n4 class=e>x</button><button id=n5 class=f>x</button><button id=n6 class=g data-x=Data>x</button>
    <button id=n7 class=h>x</button><button id=n8 class=i data-x=Data>x</button><button id=n9 class=j>x</button>
    <button id=n10>x<span style="display:inline-block">y</span>z</button><a id=n11 href=x><div>t</div><div>u</div></a>
    <button id=n12>a <b> b </b> c</button><input id=n13 type=file><input id=n14 type=file multiple>
    <label for=n15>Upload</label><input id=n15 type=file><input id=n16 type=file title=Title>
    <button id=n17><span style="visibility:hidden">no<b style="visibility:visible">yes</b></span></button>
    <label for=n18>Birth</label><input type=date id=n18><svg id=n19 width=9><title>Drawing</title></svg>
    <a id=n20 href=x><img alt="" src=x>text</a><h2 id=n21>Head <a href=q aria-label=said>x</a></h2>"#;

async fn names_are_spaced_as_in_chromium(browser: TestBrowser) {
    let bridge = TestBridge::start_on_port(browser).await;
    let page = ReadPage::on(bridge, SPACED).await;
    let mut raw = Raw::of_profile(&page.bridge.profile().await).await;
    let session = raw.page("/page").await;
    let mut wrong = Vec::new();
    for number in 1..=21 {
        let id = format!("n{number}");
        let params = json!({"expression": format!("document.getElementById('{id}')")});
        let element = raw.call(Some(&session), "Runtime.evaluate", params).await;
        let params = json!({"objectId": element["result"]["objectId"], "fetchRelatives": false});
        let tree = raw
            .call(Some(&session), "Accessibility.getPartialAXTree", params)
            .await;
        let expected = tree["nodes"][0]["name"]["value"]
            .as_str()
            .unwrap_or_default();
        let expected: Vec<&str> = expected.split_whitespace().collect();
        let expected = Value::from(expected.join(" ")).to_string();
        let outline = page.outline(json!({"selector": format!("#{id}")})).await;
        if !outline[0].contains(&expected) {
            wrong.push(format!("#{id}: expected {expected}, found {}", outline[0]));
        }
    }
    assert_eq!(wrong, [""; 0], "Chromium has other names");
    page.bridge.stop().await;
}

async fn a_value_is_no_part_of_the_name_of_what_has_it(browser: TestBrowser) {
    let body = "<label id=l>Volume <span id=n1 role=slider tabindex=0 aria-labelledby=l aria-valuenow=3>x</span></label>
        <div id=m>Price <input id=n2 aria-labelledby=m value=20></div><button id=n3 aria-labelledby='n3 o'>Delete</button><i id=o>file</i>
        <div id=q>Every <input id=n4 value=5> minutes</div><input type=checkbox id=n5 aria-labelledby=q>";
    let page = ReadPage::with(browser, body).await;
    for (id, expected) in [
        ("n1", "Volume"),
        ("n2", "Price"),
        ("n3", "Delete file"),
        ("n5", "Every 5 minutes"),
    ] {
        assert_eq!(name(&page, id).await, expected, "{id}");
    }
    page.bridge.stop().await;
}
