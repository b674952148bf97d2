//! Tokens and the secret behind them are in no log, metric or error, and `config print` does not show it.

use rustix::process::Signal;
use serde_json::json;

use super::exchange::Http;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::daemon::Setup;

on_both_browsers!(tokens_and_their_secret_are_nowhere_but_in_answers);

const SECRET: &str = "canary-of-the-secret-that-signs-tokens";
const PREVIOUS: &str = "canary-of-the-secret-that-signed-before";

async fn tokens_and_their_secret_are_nowhere_but_in_answers(browser: TestBrowser) {
    let config = format!(
        "[auth]\nsession_secret = \"{SECRET}\"\nsession_secret_previous = \"{PREVIOUS}\"\n[log]\nlevel = \"trace\"\n"
    );
    let setup = || Setup::serving(&browser).file("cdp-bridge.toml", &config);
    let printed = Setup::new()
        .file("cdp-bridge.toml", &config)
        .args(["config", "print"])
        .run()
        .await;
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    assert!(
        printed.stdout.contains("session_secret = \"[redacted]\""),
        "{}",
        printed.stdout
    );
    let mut daemon = setup().start().await;
    let client = Http::to(daemon.address());
    let session = client.ask("POST", "/v1/sessions", &json!({})).await;
    let token = session["token"].as_str().unwrap().to_owned();
    let path = format!("/v1/sessions/{}", session["sessionId"].as_str().unwrap());
    let mut errors = Vec::new();
    for (method, path, headers) in [
        ("GET", format!("{path}?token={token}"), vec![]),
        ("GET", format!("{path}/ws?token={token}"), vec![]),
        (
            "GET",
            path.clone(),
            vec![("X-Session-Token", format!("{token}x"))],
        ),
        ("GET", format!("{path}/{token}"), vec![]),
        (
            "DELETE",
            path.clone(),
            vec![("X-Session-Token", token.clone())],
        ),
        (
            "GET",
            format!("{path}/pages"),
            vec![("X-Session-Token", token.clone())],
        ),
    ] {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let answer = client.send_with(method, &path, None, &headers).await;
        // A path is the client's own text; everything else of an error is the bridge's.
        if !path.ends_with(&token) {
            errors.push(answer.body);
        }
    }
    let metrics = daemon.get("/metrics").await.body;
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().await.code(), Some(0));
    let log = daemon.log();
    assert!(log.contains("session") && metrics.contains("cdp_bridge_http_requests_total"));
    let signature = token.rsplit('.').next().unwrap().to_owned();
    for secret in [SECRET, PREVIOUS, &token, &signature] {
        for text in [
            &printed.stdout,
            &printed.stderr,
            &log,
            &metrics,
            &errors.concat(),
        ] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
