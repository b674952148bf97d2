//! Values of headers and scripts of clients are in no log, metric or error.

use rustix::process::Signal;
use serde_json::json;

use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::{Client, Mode};
use crate::support::daemon::Setup;
use crate::support::site::Site;

on_both_browsers!(headers_and_init_scripts_are_in_no_log_metric_or_error);

async fn headers_and_init_scripts_are_in_no_log_metric_or_error(browser: TestBrowser) {
    const HEADER: &str = "header-1a2b3c";
    const SCRIPT: &str = "script-4d5e6f";
    const NUMBER: u64 = 471_147_114_711;
    let number = NUMBER.to_string();
    let site = Site::start().await;
    let frame = site.url_on("allowed.test", "/frame");
    site.page("/frame", "frame");
    let page = site.page("/page", &format!("<iframe src='{frame}'></iframe>"));
    let daemon = Setup::serving(&browser)
        .args(["--log-level", "trace,cdp_bridge=trace"])
        .start()
        .await;
    let client = Client::connect(&daemon.url, Mode::Text).await;
    client.event("welcome").await;
    let tab = client.open(&page).await;
    let mut answers = Vec::new();
    for mut request in [
        json!({"type": "emulate", "extraHeaders": {"X-Token": HEADER}}),
        json!({"type": "emulate", "extraHeaders": {"X-Token": HEADER}, "timezoneId": "Mars/Olympus"}),
        json!({"type": "emulate", "extraHeaders": {"X-Token": NUMBER}}),
        json!({"type": "emulate", "extraHeaders": {"X-Token": format!("{HEADER}\n")}}),
        json!({"type": "emulate", "extraHeaders": {"Host": HEADER}}),
        json!({"type": "emulate", "extraHeaders": HEADER}),
        json!({"type": "addInitScript", "script": format!("globalThis.key = '{SCRIPT}'")}),
        json!({"type": "addInitScript", "script": NUMBER}),
        json!({"type": "addInitScript", "script": SCRIPT.repeat(85_000)}),
        json!({"type": "navigate", "url": page}),
        json!({"type": "setLoggedOutMode", "enabled": true}),
        json!({"type": "listTabs"}),
    ] {
        if request["type"] != "listTabs" {
            request["tabId"] = json!(tab);
        }
        answers.push(client.ask(request).await.to_string());
    }
    let refused = answers
        .iter()
        .filter(|it| it.contains("\"type\":\"error\""))
        .count();
    assert_eq!(refused, 7, "{answers:#?}");
    client.close(&tab).await;
    let metrics = daemon.get("/metrics").await.body;
    let mut daemon = daemon;
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().await.code(), Some(0));
    let log = daemon.log();
    assert!(log.lines().count() > 10, "a fine log says something: {log}");
    for secret in [HEADER, SCRIPT, number.as_str()] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
        assert!(!metrics.contains(secret), "{secret} is in the metrics");
        let answer = answers.iter().find(|answer| answer.contains(secret));
        assert_eq!(answer, None, "{secret} is in an answer");
    }
}
