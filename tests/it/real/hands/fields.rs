//! Filling, typing, choosing, uploading.

use serde_json::{Value, json};

use super::steps::{Hands, SHORT_MS};
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    a_field_is_filled_with_input_and_one_change,
    fields_of_every_kind_take_their_values,
    what_is_no_field_is_not_filled,
    keys_have_their_codes_and_modifiers,
    text_is_typed_whatever_keys_there_are,
    options_are_chosen_by_value_label_and_index,
    checkboxes_radio_buttons_and_switches_are_put_as_wanted,
    files_are_made_in_the_page_out_of_bytes,
);

async fn a_field_is_filled_with_input_and_one_change(browser: TestBrowser) {
    let page = "<input id=i value=old><textarea id=t>old</textarea><div id=e contenteditable>old <b>text</b></div>
        <script>window.log = []; for (const name of ['input', 'change']) for (const it of [i, t, e])
        it.addEventListener(name, (event) => log.push(it.id + ' ' + name));</script>";
    let hands = Hands::on(browser, page).await;
    for (id, what) in [("i", "value"), ("t", "value"), ("e", "text")] {
        hands.evaluate("log.length = 0").await;
        hands
            .fill(&format!("#{id}"), "nëw \u{1f600} 'text'")
            .await
            .expect("done");
        hands.evaluate("document.activeElement.blur()").await;
        let log = hands.evaluate("log").await;
        assert_eq!(log, json!([format!("{id} input"), format!("{id} change")]));
        assert_eq!(
            hands.query(&format!("#{id}"), what).await,
            "nëw \u{1f600} 'text'"
        );
        hands.fill(&format!("#{id}"), "").await.expect("done");
        let empty = hands.query(&format!("#{id}"), what).await;
        assert_eq!(empty.as_str().map(str::trim), Some(""));
    }
    // What is typed after that is a change of its own.
    hands.fill("#i", "a").await.expect("done");
    hands.evaluate("log.length = 0").await;
    hands.ask("type", json!({"text": "b"})).await.expect("done");
    hands.evaluate("document.activeElement.blur()").await;
    assert_eq!(hands.evaluate("log").await, json!(["i input", "i change"]));
    hands.fill("#t", "one\ntwo").await.expect("done");
    assert_eq!(hands.query("#t", "value").await, "one\ntwo");
    hands.bridge.stop().await;
}

async fn fields_of_every_kind_take_their_values(browser: TestBrowser) {
    let kinds = [
        ("text", "a"),
        ("search", "a b"),
        ("email", "a@b.test"),
        ("url", "http://a.test/"),
        ("tel", "+49 1"),
        ("password", "geheim"),
        ("number", "-1.5"),
        ("date", "2026-02-03"),
        ("time", "13:45"),
        ("datetime-local", "2026-02-03T13:45"),
        ("month", "2026-02"),
        ("week", "2026-W06"),
        ("color", "#12ab34"),
        ("range", "30"),
    ];
    let inputs: Vec<_> = kinds
        .iter()
        .map(|(kind, _)| format!("<input type={kind} id={kind}>"))
        .collect();
    let hands = Hands::on(browser, &inputs.concat()).await;
    for (kind, value) in kinds {
        hands.fill(&format!("#{kind}"), value).await.expect("done");
        assert_eq!(
            hands.query(&format!("#{kind}"), "value").await,
            value,
            "{kind}"
        );
    }
    for (kind, value) in [("date", "tomorrow"), ("number", "many")] {
        let error = hands
            .fill(&format!("#{kind}"), value)
            .await
            .expect_error("NOT_ACTIONABLE");
        assert_eq!(error["details"]["reason"], "unsuitable", "{error}");
        assert!(
            !error["message"].as_str().unwrap().contains(value),
            "{error}"
        );
    }
    hands.bridge.stop().await;
}

async fn what_is_no_field_is_not_filled(browser: TestBrowser) {
    let page = "<p id=p>text</p><input type=checkbox id=c><input id=r readonly value=fixed><input id=d disabled>
        <input id=h hidden>";
    let hands = Hands::on(browser, page).await;
    let cases = [
        ("#p", "unsuitable"),
        ("#c", "unsuitable"),
        ("#r", "readOnly"),
        ("#d", "disabled"),
        ("#h", "hidden"),
    ];
    let fills = cases.map(|(selector, _)| ("fill", json!({"selector": selector, "value": "x"})));
    let tabs = hands.tabs(fills.len()).await;
    let answers = hands.ask_apart(&tabs, &fills).await;
    for ((_, reason), answer) in cases.into_iter().zip(answers) {
        let error = answer.expect_error("NOT_ACTIONABLE");
        assert_eq!(error["details"]["reason"], reason, "{error}");
    }
    for tab in tabs {
        let value = json!({"tabId": tab, "selector": "#r", "what": "value"});
        assert_eq!(
            hands.ask("query", value).await.expect("queried")["value"],
            "fixed"
        );
    }
    hands.bridge.stop().await;
}

async fn keys_have_their_codes_and_modifiers(browser: TestBrowser) {
    let page = "<textarea id=t></textarea><script>window.log = []; t.onkeydown = (e) => { log.push([e.key, e.code,
        e.keyCode, e.location, (e.ctrlKey ? 'c' : '') + (e.shiftKey ? 's' : '') + (e.altKey ? 'a' : ''), e.isTrusted]
        .join(' ')); };</script>";
    let hands = Hands::on(browser, page).await;
    hands.on_element("focus", "#t").await.expect("done");
    for (key, expected) in [
        ("a", "a KeyA 65 0  true"),
        ("Shift+a", "Shift ShiftLeft 16 1 s true|A KeyA 65 0 s true"),
        ("Enter", "Enter Enter 13 0  true"),
        ("ArrowLeft", "ArrowLeft ArrowLeft 37 0  true"),
        ("F5", "F5 F5 116 0  true"),
        (
            "Control+Shift+K",
            "Control ControlLeft 17 1 c true|Shift ShiftLeft 16 1 cs true|K KeyK 75 0 cs true",
        ),
        ("?", "? Slash 191 0  true"),
    ] {
        hands.evaluate("log.length = 0").await;
        hands.ask("press", json!({"key": key})).await.expect("done");
        assert_eq!(hands.evaluate("log.join('|')").await, expected, "{key}");
    }
    hands.fill("#t", "hello").await.expect("done");
    hands
        .ask("press", json!({"selector": "#t", "key": "Control+A"}))
        .await
        .expect("done");
    hands
        .ask("press", json!({"key": "Backspace"}))
        .await
        .expect("done");
    assert_eq!(hands.query("#t", "value").await, "");
    let error = hands
        .ask("press", json!({"key": "Entr"}))
        .await
        .expect_error("BAD_REQUEST");
    assert_eq!(error["details"]["field"], "key", "{error}");
    hands.bridge.stop().await;
}

async fn text_is_typed_whatever_keys_there_are(browser: TestBrowser) {
    let page = "<input id=i><textarea id=t></textarea><form id=f><input id=last></form><script>
        window.keys = 0; i.onkeydown = () => { keys += 1; };
        f.onsubmit = (e) => { e.preventDefault(); document.title = 'sent ' + last.value; };</script>";
    let hands = Hands::on(browser, page).await;
    let text = "Aé!~ 漢字 \u{1f468}\u{200d}\u{1f469} \"x\"";
    hands
        .ask("type", json!({"selector": "#i", "text": text}))
        .await
        .expect("done");
    assert_eq!(hands.query("#i", "value").await, text);
    // Only characters that a key types cause key events.
    assert_eq!(hands.evaluate("keys").await, 9);
    let slowly = json!({"selector": "#t", "text": "a\nb\tc", "delayMs": 5});
    hands.ask("type", slowly).await.expect("done");
    // The Tab key moves the focus, as it does for a person.
    assert_eq!(hands.query("#t", "value").await, "a\nb");
    assert_eq!(hands.query("#last", "value").await, "c");
    hands
        .ask("type", json!({"selector": "#last", "text": "!\n"}))
        .await
        .expect("done");
    assert_eq!(hands.evaluate("document.title").await, "sent c!");
    hands.bridge.stop().await;
}

async fn options_are_chosen_by_value_label_and_index(browser: TestBrowser) {
    let page = "<select id=s><option value=a>Apple<option value=b>Banana<option value=c disabled>Cherry</select>
        <select id=m multiple><option>1<option>2<option>3</select><p id=p>p</p><script>window.log = [];
        for (const name of ['input', 'change']) s.addEventListener(name, () => log.push(name + s.value));
        setTimeout(() => s.add(new Option('Late', 'l')), 300);</script>";
    let hands = Hands::on(browser, page).await;
    let select = async |selector: &str, values: Value| {
        let fields = json!({"selector": selector, "values": values, "timeoutMs": 2000});
        hands.ask("select", fields).await
    };
    for (values, chosen) in [
        (json!(["b"]), json!(["b"])),
        (json!(["Apple"]), json!(["a"])),
        (json!([1]), json!(["b"])),
        (json!(["Late"]), json!(["l"])),
    ] {
        let done = select("#s", values).await.expect("done");
        assert_eq!(done["values"], chosen, "{done}");
    }
    assert_eq!(
        hands.evaluate("log.slice(0, 4)").await,
        json!(["inputb", "changeb", "inputa", "changea"])
    );
    let done = select("#m", json!(["3", 0])).await.expect("done");
    assert_eq!(done["values"], json!(["1", "3"]));
    assert_eq!(
        select("#m", json!([])).await.expect("done")["values"],
        json!([])
    );
    let cases = [
        ("#s", json!(["c"]), "disabled"),
        ("#s", json!(["none"]), "unsuitable"),
        ("#s", json!(["a", "b"]), "unsuitable"),
        ("#p", json!(["a"]), "unsuitable"),
    ];
    let selects = cases
        .clone()
        .map(|(selector, values, _)| ("select", json!({"selector": selector, "values": values})));
    let tabs = hands.tabs(selects.len()).await;
    let answers = hands.ask_apart(&tabs, &selects).await;
    for ((.., reason), answer) in cases.into_iter().zip(answers) {
        let error = answer.expect_error("NOT_ACTIONABLE");
        assert_eq!(error["details"]["reason"], reason, "{error}");
    }
    hands.bridge.stop().await;
}

async fn checkboxes_radio_buttons_and_switches_are_put_as_wanted(browser: TestBrowser) {
    let page = "<style>#styled { position: absolute; opacity: 0; }</style><label><input type=checkbox id=c> Box</label>
        <input type=radio name=r id=r1><input type=radio name=r id=r2>
        <div role=switch id=s aria-checked=false tabindex=0 onclick='this.ariaChecked = this.ariaChecked !== `true`'>S</div>
        <label id=l><input type=checkbox id=styled>Styled</label><p id=p>p</p>
        <input type=checkbox id=stuck onclick='event.preventDefault()'>";
    let hands = Hands::on(browser, page).await;
    for selector in ["#c", "text=Box", "#r2", "#s", "#l"] {
        for _ in 0..2 {
            hands.on_element("check", selector).await.expect("done");
            assert_eq!(hands.query(selector, "checked").await, true, "{selector}");
        }
    }
    for selector in ["text=Box", "#s", "#styled"] {
        for _ in 0..2 {
            hands.on_element("uncheck", selector).await.expect("done");
            assert_eq!(hands.query(selector, "checked").await, false, "{selector}");
        }
    }
    for (kind, selector) in [("uncheck", "#r2"), ("check", "#p"), ("check", "#stuck")] {
        let fields = json!({"selector": selector, "timeoutMs": SHORT_MS});
        let error = hands.ask(kind, fields).await.expect_error("NOT_ACTIONABLE");
        assert_eq!(error["details"]["reason"], "unsuitable", "{error}");
    }
    hands.bridge.stop().await;
}

async fn files_are_made_in_the_page_out_of_bytes(browser: TestBrowser) {
    let page = "<input type=file id=one><input type=file id=many multiple hidden><input id=text><p id=out></p><script>
        for (const it of [one, many]) it.onchange = async () => { const all = [];
        for (const f of it.files) all.push([f.name, f.type, f.size, await f.text()].join(':'));
        out.textContent = all.join('|'); };</script>";
    let hands = Hands::on(browser, page).await;
    let file = |name: &str, data: &str| json!({"name": name, "mime": "text/plain", "data": data});
    let upload = async |selector: &str, files: Value| {
        let fields = json!({"selector": selector, "files": files, "timeoutMs": SHORT_MS});
        hands.ask("upload", fields).await
    };
    upload("#one", json!([file("a.txt", "SGVsbG8=")]))
        .await
        .expect("done");
    hands
        .ask("waitFor", json!({"text": "a.txt:text/plain:5:Hello"}))
        .await
        .expect("waited");
    upload(
        "#many",
        json!([file("a", "QQ=="), {"name": "../b", "data": ""}]),
    )
    .await
    .expect("done");
    hands
        .ask("waitFor", json!({"text": "a:text/plain:1:A"}))
        .await
        .expect("waited");
    upload("#one", json!([])).await.expect("done");
    assert_eq!(hands.evaluate("one.files.length").await, 0);
    for (selector, files) in [
        ("#one", json!([file("a", "QQ=="), file("b", "QQ==")])),
        ("#text", json!([file("a", "QQ==")])),
    ] {
        let error = upload(selector, files).await.expect_error("NOT_ACTIONABLE");
        assert_eq!(error["details"]["reason"], "unsuitable", "{error}");
    }
    let error = upload("#one", json!([file("a", "not base64")]))
        .await
        .expect_error("BAD_REQUEST");
    assert_eq!(error["details"]["field"], "files[0].data", "{error}");
    hands.bridge.stop().await;
}
