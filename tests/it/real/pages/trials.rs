//! `trial` and `force`.

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    a_trial_says_that_an_action_would_work_and_does_nothing,
    a_trial_says_what_is_in_the_way,
    a_forced_action_is_done_in_spite_of_what_is_in_the_way,
);

const BODY: &str = "<div style='height: 2000px'></div><button id=b>B</button><input id=i value=old><input type=date id=d>
    <input type=checkbox id=c><input type=checkbox id=on checked><select id=s><option>1<option>2</select>
    <input type=file id=f><p id=from draggable=true>from</p><p id=to>to</p><div id=e contenteditable>text</div>
    <script>log = []; for (const type of ['pointerdown', 'click', 'keydown', 'input', 'change', 'dragstart', 'focusin'])
      addEventListener(type, (event) => log.push(type), true)</script>";

async fn a_trial_says_that_an_action_would_work_and_does_nothing(browser: TestBrowser) {
    let page = OpenPage::with(browser, BODY).await;
    for (kind, fields) in [
        ("click", json!({"selector": "#b"})),
        ("click", json!({"x": 5, "y": 5})),
        ("hover", json!({"selector": "#b"})),
        ("focus", json!({"selector": "#i"})),
        ("check", json!({"selector": "#c"})),
        ("check", json!({"selector": "#on"})),
        ("uncheck", json!({"selector": "#on"})),
        ("fill", json!({"selector": "#i", "value": "new"})),
        ("fill", json!({"selector": "#d", "value": "2024-02-29"})),
        ("fill", json!({"selector": "#e", "value": "new"})),
        ("type", json!({"selector": "#i", "text": "new"})),
        ("type", json!({"text": "new"})),
        ("press", json!({"selector": "#i", "key": "Enter"})),
        ("press", json!({"key": "Enter"})),
        ("select", json!({"selector": "#s", "values": ["2"]})),
        ("drag", json!({"from": "#from", "to": "#to"})),
        (
            "upload",
            json!({"selector": "#f", "files": [{"name": "a", "data": "YQ=="}]}),
        ),
    ] {
        let mut fields = fields;
        fields["trial"] = json!(true);
        let done = page.ask(kind, fields).await.expect("done");
        assert_eq!(done["trial"], true, "{done}");
        assert_eq!(
            (&done["values"], &done["matches"]),
            (&json!(null), &json!(null)),
            "{done}"
        );
    }
    assert_eq!(page.evaluate("log").await, json!([]));
    let state = "[i.value, d.value, c.checked, on.checked, s.value, f.files.length, e.textContent, b.matches(':hover')]";
    assert_eq!(
        page.evaluate(state).await,
        json!(["old", "", false, true, "1", 0, "text", false])
    );
    // The action itself does not say that it was a trial.
    let done = page
        .ask("click", json!({"selector": "#b", "trial": false}))
        .await
        .expect("done");
    assert_eq!(done["trial"], json!(null), "{done}");
    page.bridge.stop().await;
}

async fn a_trial_says_what_is_in_the_way(browser: TestBrowser) {
    let page = OpenPage::with(
        browser,
        "<button id=d disabled>D</button><button id=h hidden>H</button><input id=r readonly><p id=p>P</p>
        <select id=s><option>1</select><div style='position: relative'><button id=c>C</button>
        <div id=over style='position: absolute; inset: 0'></div></div>",
    )
    .await;
    for (kind, fields, reason) in [
        ("click", json!({"selector": "#d"}), "disabled"),
        ("click", json!({"selector": "#h"}), "hidden"),
        ("click", json!({"selector": "#c"}), "covered"),
        ("fill", json!({"selector": "#r", "value": "x"}), "readOnly"),
        (
            "fill",
            json!({"selector": "#p", "value": "x"}),
            "unsuitable",
        ),
        ("check", json!({"selector": "#p"}), "unsuitable"),
        (
            "select",
            json!({"selector": "#s", "values": ["2"]}),
            "unsuitable",
        ),
        (
            "upload",
            json!({"selector": "#p", "files": []}),
            "unsuitable",
        ),
        ("press", json!({"selector": "#h", "key": "a"}), "hidden"),
        ("drag", json!({"from": "#p", "to": "#c"}), "covered"),
    ] {
        let mut fields = fields;
        fields["trial"] = json!(true);
        fields["timeoutMs"] = json!(1500);
        let error = page.ask(kind, fields).await.expect_error("NOT_ACTIONABLE");
        assert_eq!(error["details"]["reason"], reason, "{kind}: {error}");
        assert_eq!(error["retryable"], true, "{error}");
    }
    let message = page
        .ask(
            "click",
            json!({"selector": "#c", "trial": true, "timeoutMs": 3000}),
        )
        .await;
    assert!(
        message["message"].as_str().unwrap().contains("id=\"over\""),
        "{message}"
    );
    let fields = json!({"selector": "#d", "trial": true, "waitFor": {"text": "D"}});
    page.ask("click", fields).await.expect_error("BAD_REQUEST");
    page.bridge.stop().await;
}

async fn a_forced_action_is_done_in_spite_of_what_is_in_the_way(browser: TestBrowser) {
    let page = OpenPage::with(
        browser,
        "<style>@keyframes m { to { translate: 300px } } #m { animation: m 2s linear infinite }</style>
        <div style='height: 2000px'></div><div style='position: relative; width: 200px'><button id=c>C</button>
        <label><input type=checkbox id=k>K</label><p id=from>from</p><p id=to>to</p>
        <div id=over style='position: absolute; inset: 0'></div></div>
        <button id=m style='width: 80px'>M</button><button id=h hidden>H</button><button id=d disabled>D</button>
        <input id=r readonly value=old><select id=s disabled><option>1<option>2</select>
        <script>log = []; for (const type of ['click', 'mousedown', 'mouseup', 'mousemove'])
          addEventListener(type, (event) => log.push(`${type} ${event.target.id}`), true);
        over.onclick = () => { k.checked = !k.checked }</script>",
    )
    .await;
    let force = async |kind: &str, fields: serde_json::Value| {
        let mut fields = fields;
        fields["force"] = json!(true);
        page.evaluate("log.length = 0").await;
        page.ask(kind, fields).await
    };
    // Whatever covers the element gets the input.
    force("click", json!({"selector": "#c"}))
        .await
        .expect("done");
    assert_eq!(
        page.evaluate("log.filter((it) => it.startsWith('click'))")
            .await,
        json!(["click over"])
    );
    force("hover", json!({"selector": "#c"}))
        .await
        .expect("done");
    force("check", json!({"selector": "#k"}))
        .await
        .expect("done");
    assert_eq!(page.evaluate("k.checked").await, true);
    force("drag", json!({"from": "#from", "to": "#to"}))
        .await
        .expect("done");
    let drag = "log.filter((it) => /mousedown|mouseup/.test(it))";
    assert_eq!(
        page.evaluate(drag).await,
        json!(["mousedown over", "mouseup over"])
    );
    force("click", json!({"selector": "#m"}))
        .await
        .expect("done");
    force("click", json!({"selector": "#d"}))
        .await
        .expect("done");
    let done = force("select", json!({"selector": "#s", "values": ["2"]}))
        .await
        .expect("done");
    assert_eq!(done["values"], json!(["2"]), "{done}");
    let done = force("fill", json!({"selector": "#r", "value": "new"}))
        .await
        .expect("done");
    assert_eq!(
        done["matches"], false,
        "a field that is read-only takes nothing: {done}"
    );
    // What is not there, or has no place, cannot be forced.
    let fields = json!({"selector": "#none", "timeoutMs": 3000});
    force("click", fields).await.expect_error("NOT_FOUND");
    let fields = json!({"selector": "#h", "timeoutMs": 3000});
    let error = force("click", fields).await.expect_error("NOT_ACTIONABLE");
    assert_eq!(error["details"]["reason"], "hidden", "{error}");
    force("click", json!({"selector": "button"}))
        .await
        .expect_error("AMBIGUOUS");
    page.bridge.stop().await;
}
