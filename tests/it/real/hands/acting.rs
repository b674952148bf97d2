//! Pointer actions, on elements that move, hide and are covered.

use serde_json::{Value, json};

use super::steps::{Hands, SHORT_MS};
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    a_click_is_real_input_on_the_middle_of_the_element,
    a_click_waits_until_the_element_can_be_clicked,
    what_cannot_be_clicked_is_told_with_its_reason,
    no_click_lands_on_an_element_that_came_in_between,
    a_click_has_buttons_modifiers_counts_and_positions,
    an_element_that_is_far_away_is_brought_into_sight,
    the_pointer_hovers_focuses_and_drags,
    scrolling_ends_where_it_says,
    several_elements_are_an_error_that_lists_them,
    acts_run_in_the_order_of_their_arrival_and_looks_wait_for_them,
    a_click_that_opens_a_dialog_is_done,
);

const LOG: &str = "<script>window.log = []; const note = (text) => log.push(text);</script>";

async fn a_click_is_real_input_on_the_middle_of_the_element(browser: TestBrowser) {
    let page = format!(
        "{LOG}<button id=b style='position:absolute;left:100px;top:50px;width:80px;height:40px'>B</button>
        <script>for (const name of ['pointerdown', 'mousedown', 'mouseup', 'click'])
        b.addEventListener(name, (e) => note([name, e.isTrusted, e.clientX, e.clientY].join(' ')));</script>"
    );
    let hands = Hands::on(browser, &page).await;
    let done = hands.click("#b").await;
    assert_eq!(done["action"], "click");
    let expected = json!([
        "pointerdown true 140 70",
        "mousedown true 140 70",
        "mouseup true 140 70",
        "click true 140 70"
    ]);
    assert_eq!(hands.evaluate("log").await, expected);
    hands
        .ask("click", json!({"x": 101.0, "y": 51.0}))
        .await
        .expect("done");
    assert_eq!(hands.evaluate("log.at(-1)").await, "click true 101 51");
    hands.bridge.stop().await;
}

async fn a_click_waits_until_the_element_can_be_clicked(browser: TestBrowser) {
    let page = format!(
        "{LOG}<style>#mover {{ position: absolute; left: 0; top: 200px; transition: left 400ms linear; }}</style>
        <div id=holder></div><button id=sleeper disabled onclick='note(\"sleeper\")'>S</button>
        <button id=hidden style='display:none' onclick='note(\"hidden\")'>H</button>
        <button id=mover onclick='note(\"mover\")'>M</button>
        <div id=cover style='position:fixed;inset:0;background:#0003;display:none'></div>
        <script>window.later = (act) => {{ setTimeout(act, 250); }};</script>"
    );
    let hands = Hands::on(browser, &page).await;
    hands.evaluate("later(() => { holder.innerHTML = '<button id=late onclick=\"note(`late`)\">L</button>' })").await;
    hands.click("#late").await;
    hands
        .evaluate("later(() => { sleeper.disabled = false })")
        .await;
    hands.click("#sleeper").await;
    hands
        .evaluate("later(() => { hidden.style.display = '' })")
        .await;
    hands.click("#hidden").await;
    hands.evaluate("mover.style.left = '300px'").await;
    hands.click("#mover").await;
    hands
        .evaluate("cover.style.display = 'block', later(() => { cover.style.display = 'none' })")
        .await;
    hands.click("#mover").await;
    let expected = json!(["late", "sleeper", "hidden", "mover", "mover"]);
    assert_eq!(hands.evaluate("log").await, expected);
    hands.bridge.stop().await;
}

async fn what_cannot_be_clicked_is_told_with_its_reason(browser: TestBrowser) {
    let page = format!(
        "{LOG}<style>@keyframes go {{ from {{ left: 0 }} to {{ left: 500px }} }}
        #restless {{ position: absolute; top: 300px; animation: go 3s linear infinite alternate; }}</style>
        <button id=hidden style='visibility:hidden'>H</button><button id=off disabled>O</button>
        <fieldset disabled><button id=inoff><span>I</span></button></fieldset>
        <div aria-disabled=true><button id=aria>A</button></div>
        <button id=restless>R</button><button id=outside style='position:fixed;left:-500px'>X</button>
        <div style='position:relative;width:90px;height:30px'><button id=under>U</button>
        <div id=over class=veil style='position:absolute;inset:0;background:red'></div></div>
        <script>document.addEventListener('click', () => note('clicked'), true);</script>"
    );
    let hands = Hands::on(browser, &page).await;
    let cases = [
        ("#hidden", "hidden", "is hidden"),
        ("#off", "disabled", "is disabled"),
        ("#inoff >> span", "disabled", "is disabled"),
        ("#aria", "disabled", "is disabled"),
        ("#restless", "moving", "does not stop moving"),
        ("#outside", "outside", "into view"),
        (
            "#under",
            "covered",
            "is covered by <div id=\"over\" class=\"veil\">",
        ),
    ];
    // Each click takes all of its time limit.
    let mut clicks = cases
        .map(|(selector, ..)| ("click", json!({"selector": selector})))
        .to_vec();
    clicks.push(("click", json!({"selector": "#none >> text=x"})));
    let tabs = hands.tabs(clicks.len()).await;
    let mut answers = hands.ask_apart(&tabs, &clicks).await;
    let error = answers.pop().unwrap().expect_error("NOT_FOUND");
    assert_eq!(error["details"]["segment"], "#none", "{error}");
    for ((_, reason, words), answer) in cases.into_iter().zip(answers) {
        let error = answer.expect_error("NOT_ACTIONABLE");
        assert_eq!(error["details"]["reason"], reason, "{error}");
        assert!(
            error["message"].as_str().unwrap().contains(words),
            "{error}"
        );
        assert_eq!(error["retryable"], true);
    }
    for tab in tabs {
        let log = json!({"tabId": tab, "expression": "log"});
        let log = hands.ask("evaluate", log).await.expect("evaluated");
        assert_eq!(log["value"], json!([]));
    }
    hands.bridge.stop().await;
}

async fn no_click_lands_on_an_element_that_came_in_between(browser: TestBrowser) {
    // As soon as the pointer comes near, something else takes the button's place.
    let page = format!(
        "{LOG}<button id=good style='position:absolute;left:50px;top:50px;width:100px;height:40px'>Good</button>
        <div id=bad hidden style='position:absolute;left:40px;top:40px;width:200px;height:100px;background:red'>Bad</div>
        <script>good.addEventListener('mousemove', () => {{ bad.hidden = false; }});
        for (const name of ['pointerdown', 'mousedown', 'mouseup', 'click'])
        bad.addEventListener(name, () => note('bad ' + name)); good.onclick = () => note('good');</script>"
    );
    let hands = Hands::on(browser, &page).await;
    let error = hands
        .click_in_vain("#good")
        .await
        .expect_error("NOT_ACTIONABLE");
    assert_eq!(error["details"]["reason"], "covered", "{error}");
    assert_eq!(hands.evaluate("log").await, json!([]));
    hands.evaluate("bad.remove()").await;
    hands.click("#good").await;
    assert_eq!(hands.evaluate("log").await, json!(["good"]));
    hands.bridge.stop().await;
}

async fn a_click_has_buttons_modifiers_counts_and_positions(browser: TestBrowser) {
    let page = format!(
        "{LOG}<div id=d style='width:200px;height:100px;background:#ccc'></div><script>
        for (const name of ['click', 'dblclick', 'auxclick', 'contextmenu']) d.addEventListener(name, (e) => {{
        e.preventDefault(); note([name, e.button, e.detail, e.offsetX, e.offsetY,
        (e.ctrlKey ? 'c' : '') + (e.shiftKey ? 's' : '') + (e.altKey ? 'a' : '')].join(' ')); }});</script>"
    );
    let hands = Hands::on(browser, &page).await;
    let click = |fields: Value| {
        let mut fields = fields;
        fields["selector"] = json!("#d");
        fields
    };
    for (fields, expected) in [
        (
            json!({"clickCount": 2}),
            "click 0 1 100 50 |click 0 2 100 50 |dblclick 0 2 100 50 ",
        ),
        (
            json!({"modifiers": ["Control", "Shift"]}),
            "click 0 1 100 50 cs",
        ),
        (
            json!({"position": {"x": 10, "y": 20}, "modifiers": ["Alt"]}),
            "click 0 1 10 20 a",
        ),
        (json!({"button": "middle"}), "auxclick 1 1 100 50 "),
    ] {
        hands.evaluate("log.length = 0").await;
        hands
            .ask("click", click(fields.clone()))
            .await
            .expect("done");
        assert_eq!(hands.evaluate("log.join('|')").await, expected, "{fields}");
    }
    hands.evaluate("log.length = 0").await;
    hands
        .ask("click", click(json!({"button": "right"})))
        .await
        .expect("done");
    let log = hands
        .evaluate("log.map((line) => line.split(' ')[0]).sort().join()")
        .await;
    assert_eq!(log, "auxclick,contextmenu");
    hands.bridge.stop().await;
}

async fn an_element_that_is_far_away_is_brought_into_sight(browser: TestBrowser) {
    let page = format!(
        "{LOG}<style>body {{ margin: 0; height: 6000px; }} header {{ position: sticky; top: 0; height: 200px;
        background: #ddd; }} html {{ scroll-behavior: smooth; }}</style><header>Head</header>
        <div id=box style='height:100px;width:200px;overflow:auto;margin-top:2500px'>
        <div style='height:900px'></div><button id=inner onclick='note(\"inner\")'>I</button></div>
        <button id=low style='margin-top:2000px' onclick='note(\"low\")'>L</button>
        <button id=high style='position:absolute;top:1000px;left:0' onclick='note(\"high\")'>H</button>"
    );
    let hands = Hands::on(browser, &page).await;
    for id in ["inner", "low", "high", "inner"] {
        hands.click(&format!("#{id}")).await;
    }
    let expected = json!(["inner", "low", "high", "inner"]);
    assert_eq!(hands.evaluate("log").await, expected);
    hands
        .evaluate("scrollTo({top: 0, behavior: 'instant'})")
        .await;
    hands
        .on_element("scrollIntoView", "#low")
        .await
        .expect("done");
    let top = hands.evaluate("low.getBoundingClientRect().top").await;
    assert!((0.0..720.0).contains(&top.as_f64().unwrap()), "{top}");
    hands.bridge.stop().await;
}

async fn the_pointer_hovers_focuses_and_drags(browser: TestBrowser) {
    let page = format!(
        "{LOG}<style>#menu b {{ display: none }} #menu:hover b {{ display: block }} div {{ user-select: none }}</style>
        <div id=menu style='width:100px'>Menu<b id=item onclick='note(\"item\")'>Item</b></div>
        <input id=field onfocus='note(\"focus\")'><p id=plain>plain</p>
        <div id=html draggable=true style='width:60px;height:60px;background:green'>drag</div>
        <div id=drop style='margin-top:40px;width:200px;height:100px;background:#eee'>drop</div>
        <div id=slider style='position:absolute;left:400px;top:300px;width:40px;height:40px;background:blue'></div>
        <script>html.ondragstart = (e) => {{ e.dataTransfer.setData('text/plain', 'cargo'); note('dragstart'); }};
        drop.ondragover = (e) => e.preventDefault();
        drop.ondrop = (e) => {{ e.preventDefault(); note('drop ' + e.dataTransfer.getData('text/plain')); }};
        html.ondragend = () => note('dragend');
        slider.onpointerdown = (e) => {{ slider.setPointerCapture(e.pointerId); note('down');
        slider.onpointermove = (e) => {{ slider.style.left = e.clientX - 20 + 'px'; }}; }};
        slider.onpointerup = () => {{ slider.onpointermove = null; note('up'); }};</script>"
    );
    let hands = Hands::on(browser, &page).await;
    hands.on_element("hover", "#menu").await.expect("done");
    assert_eq!(hands.query("#item", "visible").await, true);
    hands.click("#item").await;
    hands.on_element("focus", "#field").await.expect("done");
    assert_eq!(hands.evaluate("log").await, json!(["item", "focus"]));
    let fields = json!({"selector": "#plain", "timeoutMs": SHORT_MS});
    let error = hands
        .ask("focus", fields)
        .await
        .expect_error("NOT_ACTIONABLE");
    assert_eq!(error["details"]["reason"], "unsuitable", "{error}");
    hands.evaluate("log.length = 0").await;
    hands
        .ask("drag", json!({"from": "#html", "to": "#drop"}))
        .await
        .expect("done");
    assert_eq!(
        hands.evaluate("log").await,
        json!(["dragstart", "drop cargo", "dragend"])
    );
    hands.evaluate("log.length = 0").await;
    let drag = json!({"from": "#slider", "to": {"x": 700, "y": 330}});
    hands.ask("drag", drag).await.expect("done");
    assert_eq!(hands.evaluate("log").await, json!(["down", "up"]));
    assert_eq!(hands.evaluate("slider.style.left").await, "680px");
    // Afterwards the mouse is free for the next thing.
    hands.click("#field").await;
    hands.bridge.stop().await;
}

async fn scrolling_ends_where_it_says(browser: TestBrowser) {
    let page = "<style>body { margin: 0; height: 5000px; width: 3000px; }</style>
        <div id=box style='height:100px;width:100px;overflow:auto'><div style='height:1000px;width:500px'></div></div>
        <p id=still>still</p>";
    let hands = Hands::on(browser, page).await;
    for (fields, x, y) in [
        (json!({"by": {"x": 0, "y": 300}}), 0, 300),
        (json!({"by": {"x": 10, "y": -100}, "smooth": true}), 10, 200),
        (json!({"to": {"x": 50, "y": 60}}), 50, 60),
        (json!({"to": "top"}), 50, 0),
        (json!({"selector": "#box", "to": "bottom"}), 0, 900),
        (
            json!({"selector": "#box", "by": {"x": 30, "y": -400}, "smooth": true}),
            30,
            500,
        ),
    ] {
        let done = hands.ask("scroll", fields.clone()).await.expect("done");
        let position = &done["position"];
        let (at_x, at_y) = (
            position["x"].as_f64().unwrap(),
            position["y"].as_f64().unwrap(),
        );
        if fields["selector"].is_null() || fields["to"] != "bottom" {
            assert!(
                (at_x - f64::from(x)).abs() < 1.5 && (at_y - f64::from(y)).abs() < 1.5,
                "{fields}: {done}"
            );
        } else {
            // A scroll bar takes its part of the box.
            assert!(
                (f64::from(y)..f64::from(y) + 20.0).contains(&at_y),
                "{done}"
            );
        }
    }
    hands
        .ask("scroll", json!({"to": "bottom"}))
        .await
        .expect("done");
    assert!(hands.evaluate("scrollY").await.as_f64().unwrap() > 4000.0);
    let error = hands
        .ask("scroll", json!({"selector": "#still", "to": "top"}))
        .await;
    let error = error.expect_error("NOT_ACTIONABLE");
    assert_eq!(error["details"]["reason"], "unsuitable", "{error}");
    hands.bridge.stop().await;
}

async fn several_elements_are_an_error_that_lists_them(browser: TestBrowser) {
    let rows: Vec<_> = (0..7)
        .map(|n| format!("<button id=b{n}>Row {n}</button>"))
        .collect();
    let rows = rows.concat();
    let hands = Hands::on(browser, &rows).await;
    for kind in ["click", "hover", "focus", "scrollIntoView"] {
        let error = hands
            .on_element(kind, "button")
            .await
            .expect_error("AMBIGUOUS");
        assert_eq!(error["details"]["count"], 7, "{error}");
        let elements = error["details"]["elements"].as_array().unwrap();
        assert_eq!(elements.len(), 5);
        assert_eq!(elements[0], "<button id=\"b0\">Row 0", "{error}");
    }
    hands.click("button >> nth=3").await;
    hands.bridge.stop().await;
}

async fn acts_run_in_the_order_of_their_arrival_and_looks_wait_for_them(browser: TestBrowser) {
    let page =
        "<input id=i><p id=p></p><script>i.oninput = () => { p.textContent = i.value; };</script>";
    let hands = Hands::on(browser, page).await;
    let tab = &hands.tab;
    let mut asked = Vec::new();
    for request in [
        json!({"type": "fill", "tabId": tab, "selector": "#i", "value": "one"}),
        json!({"type": "query", "tabId": tab, "selector": "#p", "what": "text"}),
        json!({"type": "type", "tabId": tab, "text": " two"}),
        json!({"type": "press", "tabId": tab, "key": "Home"}),
        json!({"type": "type", "tabId": tab, "text": "zero "}),
        json!({"type": "query", "tabId": tab, "selector": "#p", "what": "text"}),
    ] {
        asked.push(hands.client.request(request).await);
    }
    let mut answers = Vec::new();
    for id in &asked {
        answers.push(hands.client.answer(id).await);
    }
    // The first query starts after the change before it; later changes may be done by then.
    assert!(
        answers[1]["value"].as_str().unwrap().contains("one"),
        "{}",
        answers[1]
    );
    assert_eq!(answers[5]["value"], "zero one two");
    // A pending `waitFor` does not delay a navigation.
    let wait = json!({"type": "waitFor", "tabId": tab, "selector": "#never", "timeoutMs": 5000});
    let wait = hands.client.request(wait).await;
    let next = hands.site.page("/next", "<b id=never>now</b>");
    hands.client.go(tab, &next).await;
    hands.client.answer(&wait).await.expect("waited");
    hands.bridge.stop().await;
}

async fn a_click_that_opens_a_dialog_is_done(browser: TestBrowser) {
    let page =
        "<button id=b onclick='out.textContent = confirm(\"Sure?\")'>B</button><p id=out></p>";
    let hands = Hands::on(browser, page).await;
    hands.click("#b").await;
    hands.client.tab_event("dialogOpened", &hands.tab).await;
    assert_eq!(hands.text("#out").await, "false");
    hands.bridge.stop().await;
}
