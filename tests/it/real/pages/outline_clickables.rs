//! Outlines have refs for what can be clicked without a role.

use serde_json::{Value, json};

use super::read_page::ReadPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    what_listens_or_shows_the_hand_has_a_ref_and_nothing_else_does,
    what_can_be_clicked_is_found_in_frames_of_every_kind,
    listeners_that_come_and_go_are_seen_and_too_many_are_reported,
);

const PAGE: &str = r#"<style>.hand { cursor: pointer }</style>
<div id=plain>Plain</div><div id=direct>Direct</div><div onclick="">Attribute</div>
<span class=hand>Hand <b>inside</b></span><p id=para>Paragraph</p>
<ul><li>One<li id=item>Two</ul><table><tr><td id=cell><td>5</table>
<svg width=40 height=20><circle id=dot class="red big" r=5 cx=8 cy=8></circle><rect x=20 width=9 height=9></rect></svg>
<canvas id=canvas width=20 height=10></canvas><img id=star class=star width=9 height=9 alt="">
<button id=button>Button<i id=icon>x</i></button><a href=/a class=hand>Link<b class=hand> of it</b></a>
<div id=ghost style="pointer-events:none">Ghost</div><div id=empty></div><div id=gone style="display:none">Gone</div>
<label for=file>Upload</label><input type=file id=file style="display:none">
<label class=hand><input type=checkbox>Box</label><div class=hand><button>Only</button></div>
<div class=hand>Card <button>Buy</button></div><div id=titled title="With a title"></div>
<img usemap=#m width=20 height=20 alt=Map><map name=m><area id=area coords=0,0,9,9 alt=Area></map>
<x-box id=host><b slot=s>Slotted</b></x-box><div id=root>Root <i>of a framework</i></div>
<script>
const listen = (target, type = 'click') => target.addEventListener(type, () => {});
for (const id of ['direct', 'item', 'dot', 'star', 'button', 'icon', 'ghost', 'empty', 'gone', 'titled', 'area']) listen(document.getElementById(id));
listen(para, 'mousedown'); listen(cell, 'pointerdown'); listen(canvas, 'touchstart'); listen(plain, 'scroll');
titled.style.cssText = 'width: 9px; height: 9px';
listen(document); listen(document.body); listen(window);
for (let n = 0; n < 30; n++) listen(root, 'type' + n);
listen(root);
host.attachShadow({mode: 'open'}).innerHTML = '<div id=deep>Deep <slot name=s></slot></div>';
listen(host.shadowRoot.getElementById('deep'));
</script>"#;

fn clickable(lines: &[String]) -> Vec<&str> {
    let lines = lines.iter().map(|line| line.trim_start());
    lines.filter(|line| line.contains("[clickable]")).collect()
}

async fn what_listens_or_shows_the_hand_has_a_ref_and_nothing_else_does(browser: TestBrowser) {
    let page = ReadPage::with(browser, PAGE).await;
    let lines = page.outline(json!({})).await;
    let expected = [
        "- generic [clickable]: \"Direct\"",
        "- generic [clickable]: \"Attribute\"",
        "- generic [clickable]: \"Hand inside\"",
        "- paragraph [clickable]: \"Paragraph\"",
        "- listitem [clickable]: \"Two\"",
        "- cell [clickable] [element=td#cell]",
        "- generic [clickable] [element=circle#dot.red.big]",
        "- generic [clickable] [element=canvas#canvas]",
        "- img [clickable] [element=img#star.star]",
        "- generic [clickable]: \"x\"",
        "- generic [clickable]: \"Upload\"",
        "- generic [clickable]",
        "- generic \"With a title\" [clickable]",
        "- generic \"Area\" [clickable]",
        "- generic [clickable]: \"Deep Slotted\"",
    ];
    assert_eq!(clickable(&lines), expected, "{lines:#?}");
    // A form in which only what can be used has a ref, and each ref can be used.
    for form in [json!({"compact": true}), json!({"mode": "controls"})] {
        let answer = page.ask("getAxSnapshot", form.clone()).await;
        let answer = answer.expect("axSnapshot");
        let with_ref: Vec<&str> = answer
            .text()
            .lines()
            .filter(|line| line.contains("[ref="))
            .collect();
        for line in &with_ref {
            let (_, rest) = line.split_once("[ref=").unwrap();
            let (reference, _) = rest.split_once(']').unwrap();
            let visible = page.query(&format!("ref={reference}"), "visible").await;
            assert_eq!(visible, true, "{line}");
        }
        // The file input is not rendered, and its label is.
        assert_eq!(with_ref.len(), 15 + 5, "{form}: {with_ref:#?}");
    }
    let interactive = page.outline(json!({"interactiveOnly": true})).await;
    assert_eq!(clickable(&interactive).len(), 15, "{interactive:#?}");
    assert!(
        interactive
            .iter()
            .any(|line| line.ends_with("[clickable]: \"Direct\"")),
        "{interactive:#?}"
    );
    page.bridge.stop().await;
}

/// Clicks the element of each line that has this text, and returns the lines.
async fn click_lines(page: &ReadPage, text: &str) -> Vec<String> {
    let answer = page.ask("getAxSnapshot", json!({"mode": "controls"})).await;
    let answer = answer.expect("axSnapshot");
    let lines: Vec<String> = answer.text().lines().map(str::to_owned).collect();
    for line in lines.iter().filter(|line| line.contains(text)) {
        let (_, rest) = line.split_once("[ref=").unwrap();
        let reference = format!("ref={}", rest.split_once(']').unwrap().0);
        page.ask("click", json!({"selector": reference}))
            .await
            .expect("done");
    }
    lines
}

async fn what_can_be_clicked_is_found_in_frames_of_every_kind(browser: TestBrowser) {
    const INNER: &str = "<div id=d>Press me</div><script>
        d.addEventListener('click', () => { d.textContent = 'Pressed'; });</script>";
    let isolate = |config: &mut cdp_bridge::config::Config| {
        config.browser.args.push("--site-per-process".to_owned());
    };
    let bridge = TestBridge::start_with(browser, isolate).await;
    let page = ReadPage::on(bridge, "").await;
    page.site.page("/inner", INNER);
    let there = page.site.url_on("other.test", "/inner");
    page.site
        .page("/middle", &format!("<iframe src='{there}'></iframe>"));
    let middle = page.site.url_on("allowed.test", "/middle");
    let source = INNER.replace('\'', "&#39;");
    page.load(&format!(
        "<iframe src=/inner></iframe><iframe srcdoc='{source}'></iframe><iframe src='{there}'></iframe>
        <iframe src='{middle}'></iframe><iframe sandbox=allow-scripts src=/inner></iframe>
        <iframe sandbox srcdoc='<button>Without scripts</button>'></iframe>"
    ))
    .await;
    for _ in 0..2 {
        let lines = click_lines(&page, "Press me").await;
        let found = lines
            .iter()
            .filter(|line| line.contains("[clickable]"))
            .count();
        assert_eq!(found, 5, "{lines:#?}");
        assert!(
            lines.iter().any(|line| line.contains("Without scripts")),
            "{lines:#?}"
        );
    }
    let lines = page.outline(json!({"mode": "controls"})).await;
    assert_eq!(
        lines.iter().filter(|line| line.contains("Pressed")).count(),
        5,
        "{lines:#?}"
    );
    page.bridge.stop().await;
}

async fn listeners_that_come_and_go_are_seen_and_too_many_are_reported(browser: TestBrowser) {
    let page = ReadPage::with(browser, "<div id=a>A</div><div id=b>B</div>").await;
    let listed = async |page: &ReadPage| clickable(&page.outline(json!({})).await).join(" ");
    assert_eq!(listed(&page).await, "");
    page.evaluate("globalThis.f = () => {}, a.addEventListener('click', f), b.onclick = f")
        .await;
    let both = "- generic [clickable]: \"A\" - generic [clickable]: \"B\"";
    assert_eq!(listed(&page).await, both);
    page.evaluate("a.removeEventListener('click', f), b.after(Object.assign(b.cloneNode(true), {id: 'c'})), 0")
        .await;
    assert_eq!(listed(&page).await, "- generic [clickable]: \"B\"");
    page.evaluate("(() => { const moved = a; a.onclick = f; b.onclick = null; a.remove(); b.after(moved); })()")
        .await;
    assert_eq!(listed(&page).await, "- generic [clickable]: \"A\"");
    // More listeners than are looked up for one outline.
    let many = "for (let n = 0; n < 700; n++) { const d = document.createElement('div'); d.textContent = 'D' + n;
        d.onclick = f; document.body.append(d); }";
    page.evaluate(many).await;
    let first = page
        .ask("getAxSnapshot", json!({}))
        .await
        .expect("axSnapshot");
    let omitted = first["omitted"].as_u64().unwrap();
    assert!((200..=201).contains(&omitted), "{first}");
    let note = first.text().lines().last().unwrap();
    assert!(
        note.starts_with(&format!("- note: {omitted} more elements that listen")),
        "{note}"
    );
    let found = first.text().matches("[clickable]").count() as u64;
    assert_eq!(found + omitted, 701);
    // The next one looks up the others.
    let second = page
        .ask("getAxSnapshot", json!({}))
        .await
        .expect("axSnapshot");
    assert_eq!(second["omitted"], Value::Null, "{second}");
    assert_eq!(second.text().matches("[clickable]").count(), 701);
    // Listeners are asked for again and again, while the page and the outline leave garbage behind.
    let grow = "for (let n = 0; n < 3000; n++) { const p = document.createElement('p'); p.textContent = n; document.body.append(p); }";
    page.evaluate(grow).await;
    for _ in 0..6 {
        let outline = page.ask("getAxSnapshot", json!({"compact": true})).await;
        assert_eq!(
            outline
                .expect("axSnapshot")
                .text()
                .matches("[clickable]")
                .count(),
            701
        );
        page.evaluate("{ const all = []; for (let n = 0; n < 300000; n++) all.push({n}); } 0")
            .await;
    }
    page.bridge.stop().await;
}
