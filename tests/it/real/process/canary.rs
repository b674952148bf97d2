//! Secrets that clients hand over stand neither in the files of the state directory nor in the log.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::browsers::TestBrowser;
use crate::support::daemon::{Daemon, Setup};
use crate::support::rest_client::RestClient;
use crate::support::site::Site;

/// A secret for each kind of place. None is a part of another.
fn canary(kind: &str) -> String {
    format!("canary{kind}9f8e7d")
}

/// The requests that carry them, for this tab.
fn requests(tab: &str, url: &str) -> Vec<Value> {
    let upload = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(canary("file"))
    };
    let mut requests = vec![
        json!({"type": "navigate", "url": format!("{url}?q={}#{}", canary("query"), canary("fragment"))}),
        json!({"type": "fill", "selector": "#in", "value": canary("filled")}),
        json!({"type": "type", "selector": "#in", "text": canary("typed")}),
        json!({"type": "press", "selector": "#in", "key": "a"}),
        json!({"type": "select", "selector": "#choice", "values": [canary("chosen")]}),
        json!({"type": "click", "selector": format!("text={}", canary("selector")), "trial": true}),
        json!({"type": "keyboard", "action": "insertText", "text": canary("inserted")}),
        json!({"type": "evaluate", "expression": format!("'{}'", canary("script")), "args": [canary("argument")]}),
        json!({"type": "addInitScript", "script": format!("'{}'", canary("initscript"))}),
        json!({"type": "waitFor", "text": canary("waited")}),
        json!({"type": "waitFor", "url": format!("**{}", canary("glob"))}),
        json!({"type": "query", "selector": format!("#{}", canary("queried")), "what": "count"}),
        json!({"type": "emulate", "extraHeaders": {"X-Secret": canary("header")}, "userAgent": canary("agent")}),
        json!({"type": "setCredentials", "credentials": [
            {"origin": "https://a.test", "username": canary("user"), "password": canary("password")}]}),
        json!({"type": "upload", "selector": "#file", "files": [
            {"name": canary("filename"), "mime": "text/plain", "data": upload}]}),
        json!({"type": "getAxSnapshot", "find": canary("found")}),
        json!({"type": "evaluate", "expression": format!("document.cookie = 'c={}'; localStorage.x = '{}'",
            canary("cookie"), canary("storage"))}),
    ];
    for request in &mut requests {
        request["tabId"] = json!(tab);
        request["timeoutMs"] = json!(1000);
    }
    requests
}

fn planted() -> Vec<String> {
    [
        "query",
        "fragment",
        "filled",
        "typed",
        "chosen",
        "selector",
        "inserted",
        "script",
        "argument",
        "initscript",
        "waited",
        "glob",
        "queried",
        "header",
        "agent",
        "user",
        "password",
        "filename",
        "file",
        "found",
        "cookie",
        "storage",
        "starturl",
        "proxyuser",
        "proxypassword",
        "webhook",
        "staged",
        "unparsable",
        "opened",
        "path",
    ]
    .map(canary)
    .to_vec()
}

/// What stands in the files of a directory, and below.
fn contents(directory: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            contents(&path, found);
        } else if let Ok(bytes) = std::fs::read(&path) {
            found.push((path.display().to_string(), bytes));
        }
    }
}

async fn plant(daemon: &Daemon, url: &str) {
    let client = daemon.client().await;
    let opened = client
        .request(json!({"type": "createTab", "url": format!("{url}?q={}", canary("opened"))}))
        .await;
    let created = client.answer(&opened).await;
    let tab = created.head["id"].as_str().unwrap().to_owned();
    // Links that log in or reset a password have their secret in the path.
    let link = json!({"type": "createTab", "url": format!("{url}/{}", canary("path"))});
    let id = client.request(link).await;
    client.answer(&id).await;
    for request in requests(&tab, url) {
        let id = client.request(request).await;
        client.answer(&id).await;
    }
    let staged = json!({"type": "stageFile", "name": canary("staged"), "size": 1, "data": "QQ=="});
    let id = client.request(staged).await;
    client.answer(&id).await;
    let unparsable = json!({"type": "navigate", "tabId": tab, "url": canary("unparsable")});
    let id = client.request(unparsable).await;
    client.answer(&id).await;

    let rest = RestClient::new(daemon.address(), None);
    let session = json!({
        "startUrl": format!("{url}?q={}", canary("starturl")),
        "metadata": {"team": "shown"},
        "webhookUrl": format!("http://127.0.0.1:9/?token={}", canary("webhook")),
    });
    let created = rest
        .post_json("/v1/sessions", &session)
        .await
        .expect(201)
        .json();
    let path = format!("/v1/sessions/{}", created["sessionId"].as_str().unwrap());
    let proxied = json!({
        "proxy": {"server": "http://127.0.0.1:9", "username": canary("proxyuser"), "password": canary("proxypassword")},
    });
    rest.post_json("/v1/sessions", &proxied).await;
    rest.delete(&format!("{path}?wait=true")).await.expect(204);
    let history = rest.get(&format!("{path}/history")).await.expect(200);
    assert!(
        history.text().contains("sessionStateChanged"),
        "{}",
        history.text()
    );
    let history = rest
        .get("/v1/sessions/default/history?limit=500")
        .await
        .expect(200);
    for kind in ["navigate", "fill", "evaluate", "upload", "stageFile"] {
        assert!(history.text().contains(kind), "{kind}");
    }
    for canary in planted() {
        assert!(
            !history.text().contains(&canary),
            "{canary} in {}",
            history.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_the_files_of_the_store_or_in_the_log() {
    let browser = TestBrowser::shell().await;
    let site = Site::start().await;
    site.page(
        "/page",
        "<input id=in><input id=file type=file><select id=choice><option>a</select>",
    );
    let mut daemon = Setup::serving(&browser)
        .keeping()
        .env("CDP_BRIDGE_LOG_LEVEL", "info,cdp_bridge=debug")
        .env("CDP_BRIDGE_WEBHOOKS_ALLOW", "127.0.0.1")
        .env("CDP_BRIDGE_WEBHOOKS_ALLOW_HTTP", "true")
        .env("CDP_BRIDGE_WEBHOOKS_PRIVATE_NETWORKS", "127.0.0.0/8")
        .env(
            "CDP_BRIDGE_WEBHOOKS_SECRET",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        )
        .env("CDP_BRIDGE_POLICY_UPSTREAM_PROXIES", "127.0.0.0/8")
        .start()
        .await;
    plant(&daemon, &site.url("/page")).await;
    daemon.end().await;
    let mut files = Vec::new();
    contents(&daemon.dir().join("state"), &mut files);
    assert!(
        files.iter().any(|(name, _)| name.ends_with("state.db")),
        "{files:?}"
    );
    let holds = |bytes: &[u8], text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(
        files.iter().any(|(_, bytes)| holds(bytes, "stageFile")),
        "the history is in one of them"
    );
    let log = daemon.log();
    for canary in planted() {
        for (name, bytes) in &files {
            assert!(!holds(bytes, &canary), "{canary} in {name}");
        }
        assert!(!log.contains(&canary), "{canary} in the log: {log}");
    }
}
