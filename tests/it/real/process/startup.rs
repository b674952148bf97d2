//! A start that fails says why, in one message, with the exit code that belongs to it.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::daemon::Setup;

on_both_browsers!(a_port_in_use_is_named);

async fn a_port_in_use_is_named(browser: TestBrowser) {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let setup = Setup::new()
        .args(["serve", "--listen", &address])
        .env("CHROME_PATH", browser.path().to_str().unwrap());
    setup.run().await.expect(1, &[&address, "in use"]);
}

#[tokio::test]
async fn a_browser_that_is_not_there_is_named() {
    let setup = Setup::new().args(["--chrome-path", "/nowhere/chromium"]);
    setup
        .run()
        .await
        .expect(3, &["/nowhere/chromium", "browser.path"]);
}

#[tokio::test]
async fn where_a_browser_was_looked_for_is_listed() {
    // Neither build is under this flavor's name in a PATH that holds nothing; what the machine
    // has in its usual places may still be found, and then this test has nothing to see.
    let setup = Setup::new()
        .env("PATH", "/nowhere")
        .env("CHROME_PATH", "/nowhere/chromium");
    let setup = setup.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--set",
        "browser.flavor=shell",
    ]);
    let usual = [
        "/usr/lib/chromium/chromium-headless-shell",
        "/usr/bin/chromium-headless-shell",
    ];
    if usual.iter().any(|path| std::path::Path::new(path).exists()) {
        return;
    }
    setup.run().await.expect(3, &["/nowhere/chromium", "tried"]);
}

#[tokio::test]
async fn what_a_broken_browser_said_is_passed_on() {
    let setup = Setup::new().file(
        "broken",
        "#!/bin/sh\necho 'libnss3.so: cannot open shared object file' >&2\nexit 1\n",
    );
    let path = setup.dir().join("broken");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let setup = setup.args([
        "--listen",
        "127.0.0.1:0",
        "--chrome-path",
        path.to_str().unwrap(),
    ]);
    let ended = setup.run().await;
    ended.expect(
        3,
        &[
            "libnss3.so: cannot open shared object file",
            path.to_str().unwrap(),
        ],
    );
    let left = std::fs::read_dir(setup.dir().join("tmp")).unwrap().count();
    assert_eq!(left, 0, "its profile is removed");
}

#[tokio::test]
async fn a_mistake_in_the_configuration_is_named_with_its_place() {
    for (text, said) in [
        (
            "[server]\nlisten = \"127.0.0.1:0\"\nmax_connection = 5\n",
            ["bridge.toml:3", "server.max_connection", "max_connections"],
        ),
        (
            "[flow]\n\nscreenshot_queue = \"many\"\n",
            ["bridge.toml:3", "flow.screenshot_queue", "expected"],
        ),
        ("[flow\n", ["bridge.toml:1", "", "expected"]),
    ] {
        let setup =
            Setup::new()
                .file("bridge.toml", text)
                .args(["serve", "--config", "bridge.toml"]);
        setup.run().await.expect(2, &said);
    }
    let missing = Setup::new().args(["serve", "--config", "missing.toml"]);
    missing.run().await.expect(2, &["missing.toml"]);
    let variable = Setup::new().env("WS_PORT", "99999");
    variable.run().await.expect(2, &["WS_PORT", "99999"]);
    let flag = Setup::new().args(["--set", "tabs.max=0"]);
    flag.run().await.expect(2, &["tabs.max"]);
}

#[tokio::test]
async fn an_address_that_others_reach_needs_a_client_with_a_token() {
    let setup = Setup::new().args(["serve", "--listen", "0.0.0.0:0"]);
    let ended = setup.run().await;
    ended.expect(2, &["0.0.0.0:0", "auth.clients", "CDP_BRIDGE_AUTH_TOKEN"]);
}

#[tokio::test]
async fn schemas_are_written_where_they_are_wanted() {
    let setup = Setup::new().args(["schema", "out"]);
    let ended = setup.run().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let written: Vec<&str> = ended.stdout.lines().collect();
    assert!(written.len() >= 3, "{written:?}");
    for path in written {
        let text = std::fs::read_to_string(setup.dir().join(path)).unwrap();
        if std::path::Path::new(path)
            .extension()
            .is_some_and(|it| it == "json")
        {
            let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
            match schema["openapi"].as_str() {
                Some(version) => assert!(version.starts_with("3.1"), "{path}: {version}"),
                None => assert_eq!(
                    schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
                    "{path}"
                ),
            }
        }
    }
}

#[tokio::test]
async fn health_of_nothing_is_a_failure() {
    let setup = Setup::new().args(["health", "http://127.0.0.1:9"]);
    let ended = setup.run().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
}
