//! Typed text is in no log, metric or error.

use rustix::process::Signal;
use serde_json::json;

use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::{Client, Mode};
use crate::support::daemon::Setup;
use crate::support::site::{Reply, Site};

on_both_browsers!(what_is_typed_is_in_no_log_metric_or_error);

#[expect(clippy::too_many_lines, reason = "most of it is a list of requests")]
async fn what_is_typed_is_in_no_log_metric_or_error(browser: TestBrowser) {
    const FILLED: &str = "filled-1a2b3c";
    const TYPED: &str = "typed-4d5e6f";
    const HELD: &str = "held-7a8b9c";
    const BYTES: &str = "Ynl0ZXMtMDExMg==";
    const DECODED: &str = "bytes-0112";
    const SCRIPT: &str = "script-3f4e5d";
    const PROMPTED: &str = "prompted-6a7b8c";
    const PASSWORD: &str = "password-9d0e1f";
    const NUMBER: u64 = 471_147_114_711;
    let number = NUMBER.to_string();
    let secrets = [
        FILLED,
        TYPED,
        HELD,
        BYTES,
        DECODED,
        SCRIPT,
        PROMPTED,
        PASSWORD,
        number.as_str(),
    ];

    let site = Site::start().await;
    let page = site.page(
        "/in",
        &format!(
            "<input type=password id=p value='{HELD}'><div id=e contenteditable></div><textarea id=t></textarea>
            <input type=file id=f><input id=n type=number><div id=over style='position:fixed;inset:0' hidden></div>"
        ),
    );
    let daemon = Setup::serving(&browser)
        .args(["--log-level", "trace,cdp_bridge=trace"])
        .args([
            "--set",
            "policy.dialogs=ask",
            "--set",
            "policy.http_auth=ask",
        ])
        .start()
        .await;
    let client = Client::connect(&daemon.url, Mode::Text).await;
    client.event("welcome").await;
    let tab = client.open(&page).await;
    let mut errors = Vec::new();
    for (number, request) in [
        json!({"type": "fill", "selector": "#p", "value": FILLED}),
        json!({"type": "type", "selector": "#e", "text": TYPED}),
        json!({"type": "type", "selector": "#t", "text": TYPED}),
        json!({"type": "press", "selector": "#t", "key": "Control+a"}),
        json!({"type": "press", "key": "Control+c"}),
        json!({"type": "press", "selector": "#e", "key": "Control+v"}),
        json!({"type": "upload", "selector": "#f", "files": [{"name": "a", "data": BYTES}]}),
        json!({"type": "stageFile", "name": "a", "size": 20, "data": BYTES}),
        json!({"type": "stageFile", "fileId": "u1", "offset": 10, "data": BYTES}),
        json!({"type": "upload", "selector": "#f", "files": [{"fileId": "u1"}]}),
        json!({"type": "evaluate", "expression": format!("over.hidden = false, '{SCRIPT}'")}),
        json!({"type": "keyboard", "action": "insertText", "text": TYPED}),
        // All further requests fail, and are not waited for long.
        json!({"type": "keyboard", "action": "insertText", "text": [TYPED]}),
        json!({"type": "keyboard", "action": "down", "key": TYPED}),
        json!({"type": "answerDialog", "dialogId": "g9", "accept": true, "promptText": PROMPTED}),
        json!({"type": "answerAuth", "authId": "a9", "username": PASSWORD, "password": PASSWORD}),
        json!({"type": "setCredentials", "credentials": [
            {"origin": format!("http://ada:{PASSWORD}@a.test"), "username": "ada", "password": PASSWORD}]}),
        json!({"type": "fill", "selector": "#none", "value": FILLED}),
        json!({"type": "fill", "selector": "#n", "value": FILLED}),
        json!({"type": "fill", "selector": "#f", "value": FILLED}),
        json!({"type": "fill", "selector": "#p", "value": NUMBER}),
        json!({"type": "type", "selector": "#p", "text": [TYPED]}),
        json!({"type": "type", "selector": "a[", "text": TYPED}),
        json!({"type": "press", "key": TYPED}),
        json!({"type": "upload", "selector": "#n", "files": [{"name": "a", "data": BYTES}]}),
        json!({"type": "upload", "selector": "#f", "files": [{"name": "a", "data": NUMBER}]}),
        json!({"type": "upload", "selector": "#n", "files": [{"fileId": "u1"}]}),
        json!({"type": "stageFile", "name": "a", "size": 20, "data": NUMBER}),
        json!({"type": "stageFile", "name": "a", "size": 20, "data": format!("{BYTES}?")}),
        json!({"type": "stageFile", "name": "a", "size": 2, "data": BYTES}),
        json!({"type": "stageFile", "fileId": "u1", "offset": 1, "data": BYTES}),
        json!({"type": "fill", "selector": "#p", "value": FILLED.repeat(100_000)}),
        json!({"type": "click", "selector": "#e, #t, #p"}),
        json!({"type": "click", "selector": "#e"}),
        json!({"type": "click", "selector": "#p"}),
        json!({"type": "query", "selector": "#e", "what": "checked"}),
        json!({"type": "fill", "selector": "#p", "value": FILLED, "trial": true}),
        json!({"type": "fill", "selector": "#n", "value": FILLED, "force": true}),
        json!({"type": "fill", "selector": "#t", "value": FILLED, "force": true, "waitFor": {"selector": "#none"}}),
        json!({"type": "waitFor", "expression": format!("'{SCRIPT}' && false")}),
        json!({"type": "waitFor", "any": [{"expression": format!("'{SCRIPT}'.nothing.here")}]}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut request = request;
        if request["type"] != "stageFile" {
            request["tabId"] = json!(tab);
        }
        // A busy machine may take its time for what shall succeed.
        if number >= 12 {
            request["timeoutMs"] = json!(400);
        }
        let answer = client.ask(request).await;
        if answer.is("error") {
            errors.push(answer.to_string());
        }
    }
    assert_eq!(errors.len(), 28, "{errors:#?}");
    answer_with(&client, &site, &tab, PROMPTED, PASSWORD).await;
    let crash =
        json!({"type": "fill", "tabId": tab, "selector": "#t", "value": FILLED, "timeoutMs": 300});
    let asked = client.request(crash).await;
    client.close(&tab).await;
    errors.push(client.answer(&asked).await.to_string());
    let metrics = daemon.get("/metrics").await.body;
    let mut daemon = daemon;
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().await.code(), Some(0));
    let log = daemon.log();
    assert!(log.lines().count() > 10, "a fine log says something: {log}");
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
        assert!(!metrics.contains(secret), "{secret} is in the metrics");
        let error = errors.iter().find(|error| error.contains(secret));
        assert_eq!(error, None, "{secret} is in an error");
    }
}

/// Answers a dialog and servers that ask for a password, and sets one.
async fn answer_with(client: &Client, site: &Site, tab: &str, text: &str, password: &str) {
    let ask = |mut request: serde_json::Value| {
        request["tabId"] = json!(tab);
        client.ask(request)
    };
    let script = "setTimeout(() => prompt('who?'))";
    ask(json!({"type": "evaluate", "expression": script}))
        .await
        .expect("evaluated");
    let dialog = client.tab_event("dialogOpened", tab).await["dialogId"].clone();
    ask(json!({"type": "answerDialog", "dialogId": dialog, "accept": true, "promptText": text}))
        .await
        .expect("dialogClosed");
    let refusal = Reply::status(401, "who?").with("www-authenticate", "Basic realm=r");
    let private = site.serve("/private", refusal);
    let navigate = json!({"type": "navigate", "tabId": tab, "url": private});
    let going = client.request(navigate.clone()).await;
    for answer in [
        json!({"username": "ada", "password": password}),
        json!({"cancel": true}),
    ] {
        let auth = client.tab_event("authRequired", tab).await["authId"].clone();
        let mut answer = answer;
        answer["type"] = json!("answerAuth");
        answer["authId"] = auth;
        ask(answer).await.expect("authClosed");
    }
    client.answer(&going).await.expect("navigated");
    let entry = json!({"origin": site.url(""), "username": "ada", "password": password});
    ask(json!({"type": "setCredentials", "credentials": [entry]}))
        .await
        .expect("done");
    let going = client.request(navigate).await;
    let auth = client.tab_event("authRequired", tab).await["authId"].clone();
    ask(json!({"type": "answerAuth", "authId": auth, "cancel": true}))
        .await
        .expect("authClosed");
    client.answer(&going).await.expect("navigated");
}
