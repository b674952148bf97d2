//! Pages that are hard to act on.

use serde_json::json;

use super::steps::Hands;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::Reply;

on_both_browsers!(
    a_page_that_runs_from_right_to_left_is_acted_on,
    a_page_that_is_zoomed_is_acted_on,
    one_of_ten_thousand_rows_is_found_and_clicked,
    an_element_that_is_rendered_anew_all_the_time_is_clicked_once,
    a_list_that_shows_only_what_is_in_sight_is_scrolled_through,
    a_menu_of_the_pages_own_is_opened_and_chosen_from,
    accents_are_typed_however_they_are_composed,
    a_page_that_loads_slowly_is_acted_on_as_it_comes,
);

async fn a_page_that_runs_from_right_to_left_is_acted_on(browser: TestBrowser) {
    // Wider than the window, so that it is scrolled to negative places.
    let page = "<style>body { margin: 0; width: 4000px }</style><button id=near>\u{5e7}\u{5e8}\u{5d5}\u{5d1}</button>
        <div style='display:flex'><div style='flex:none;width:3500px'>.</div><button id=far>\u{5e8}\u{5d7}\u{5d5}\u{5e7}</button></div>
        <input id=i><script>document.documentElement.dir = 'rtl'; window.log = [];
        for (const b of document.querySelectorAll('button')) b.onclick = () => log.push(b.id);</script>";
    let hands = Hands::on(browser, page).await;
    hands.click("text=\u{5e7}\u{5e8}\u{5d5}\u{5d1}").await;
    hands.click("#far").await;
    assert!(hands.evaluate("scrollX").await.as_f64().unwrap() < -1000.0);
    hands.click("#near").await;
    assert_eq!(hands.evaluate("log").await, json!(["near", "far", "near"]));
    let text = "\u{5e9}\u{5dc}\u{5d5}\u{5dd} abc";
    let typed = json!({"selector": "#i", "text": text});
    hands.ask("type", typed).await.expect("done");
    assert_eq!(hands.query("#i", "value").await, text);
    hands.bridge.stop().await;
}

async fn a_page_that_is_zoomed_is_acted_on(browser: TestBrowser) {
    let page =
        "<style>html { zoom: 1.7 } body { margin: 0; height: 3000px } .in { zoom: 0.5 }</style>
        <button id=a>A</button><div class=in style='margin-top:1500px'><button id=b>B</button>
        <iframe srcdoc='<button id=c>C</button>'></iframe></div><script>window.log = [];
        document.onclick = (e) => log.push(e.target.id);</script>";
    let hands = Hands::on(browser, page).await;
    hands
        .evaluate(
            "void (document.querySelector('iframe').contentDocument.onclick = document.onclick)",
        )
        .await;
    for selector in ["#b", "#a", "iframe >> #c"] {
        hands.click(selector).await;
    }
    assert_eq!(hands.evaluate("log").await, json!(["b", "a", "c"]));
    hands.bridge.stop().await;
}

async fn one_of_ten_thousand_rows_is_found_and_clicked(browser: TestBrowser) {
    let page = "<ul id=list></ul><script>window.log = [];
        list.innerHTML = Array.from({length: 10000}, (_, n) =>
        `<li><span>Row ${n}</span> <button>Take ${n}</button></li>`).join('');
        list.onclick = (e) => log.push(e.target.textContent);</script>";
    let hands = Hands::on(browser, page).await;
    hands.click("text=\"Take 9999\"").await;
    hands.click("role=button[name=\"Take 5000\"]").await;
    hands.click("li >> nth=7 >> button").await;
    hands.click("xpath=//li[8001]/button").await;
    let expected = json!(["Take 9999", "Take 5000", "Take 7", "Take 8000"]);
    assert_eq!(hands.evaluate("log").await, expected);
    let error = hands
        .on_element("click", "li")
        .await
        .expect_error("AMBIGUOUS");
    assert_eq!(error["details"]["count"], 10000, "{error}");
    hands.bridge.stop().await;
}

async fn an_element_that_is_rendered_anew_all_the_time_is_clicked_once(browser: TestBrowser) {
    // What stands there is another element each time, as with frameworks that render everything anew.
    let page = "<div id=root></div><script>window.log = []; let round = 0;
        setInterval(() => { round += 1; root.innerHTML = `<button id=b onclick='log.push(1)'>B ${round}</button>`; }, 200);
        </script>";
    let hands = Hands::on(browser, page).await;
    for _ in 0..5 {
        hands.click("#b").await;
    }
    assert_eq!(hands.evaluate("log.length").await, 5);
    hands.bridge.stop().await;
}

async fn a_list_that_shows_only_what_is_in_sight_is_scrolled_through(browser: TestBrowser) {
    let page = "<div id=box style='height:200px;overflow:auto;position:relative'><div style='height:20000px'></div></div>
        <script>window.log = []; const show = () => { for (const old of box.querySelectorAll('button')) old.remove();
        const first = Math.floor(box.scrollTop / 40);
        for (let n = first; n < first + 6; n += 1) { const b = document.createElement('button'); b.textContent = 'Item ' + n;
        b.style.cssText = `position:absolute;left:0;top:${n * 40}px;height:30px`; b.onclick = () => log.push(n); box.append(b); } };
        box.onscroll = show; show();</script>";
    let hands = Hands::on(browser, page).await;
    let scroll = json!({"selector": "#box", "to": {"x": 0, "y": 12_000}});
    hands.ask("scroll", scroll).await.expect("done");
    hands.click("text=\"Item 302\"").await;
    assert_eq!(hands.evaluate("log").await, json!([302]));
    hands.bridge.stop().await;
}

async fn a_menu_of_the_pages_own_is_opened_and_chosen_from(browser: TestBrowser) {
    let page = "<div id=pick role=combobox aria-expanded=false aria-controls=choices tabindex=0>Choose</div>
        <ul id=choices role=listbox hidden></ul><script>
        pick.onmousedown = () => setTimeout(() => { choices.hidden = false; pick.ariaExpanded = 'true';
        choices.innerHTML = ['Red', 'Green', 'Blue'].map((it) => `<li role=option>${it}</li>`).join(''); }, 100);
        choices.onmousedown = (e) => { pick.textContent = e.target.textContent; choices.hidden = true;
        pick.ariaExpanded = 'false'; };</script>";
    let hands = Hands::on(browser, page).await;
    hands.click("role=combobox").await;
    hands.click("role=option[name=\"Green\"]").await;
    assert_eq!(hands.text("#pick").await, "Green");
    let hidden = json!({"selector": "#choices", "state": "hidden"});
    hands.ask("waitFor", hidden).await.expect("waited");
    hands.bridge.stop().await;
}

async fn accents_are_typed_however_they_are_composed(browser: TestBrowser) {
    let page = "<input id=i><script>window.log = [];
        i.onkeydown = (e) => log.push(e.key); i.oninput = (e) => log.push('+' + e.data);</script>";
    let hands = Hands::on(browser, page).await;
    // In one character, which no key types, and as a letter with its accent, which a dead key would add.
    let text = "\u{e9}e\u{301}n\u{303}o";
    let typed = json!({"selector": "#i", "text": text});
    hands.ask("type", typed).await.expect("done");
    assert_eq!(hands.query("#i", "value").await, text);
    let expected = json!([
        "+\u{e9}", "e", "+e", "+\u{301}", "n", "+n", "+\u{303}", "o", "+o"
    ]);
    assert_eq!(hands.evaluate("log").await, expected);
    hands.bridge.stop().await;
}

async fn a_page_that_loads_slowly_is_acted_on_as_it_comes(browser: TestBrowser) {
    let hands = Hands::on(browser, "").await;
    hands.site.serve("/never.js", Reply::Never);
    // Its script never comes, so that it never finishes loading; but its button is there.
    let page = hands.site.page(
        "/slow",
        "<button id=b onclick='document.title = \"clicked\"'>B</button><script async src=/never.js></script>",
    );
    hands
        .client
        .navigate(&hands.tab, &page)
        .await
        .expect("navigated");
    hands.click("#b").await;
    assert_eq!(hands.evaluate("document.title").await, "clicked");
    assert_ne!(hands.evaluate("document.readyState").await, "complete");
    hands.bridge.stop().await;
}
