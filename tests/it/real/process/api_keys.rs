//! API keys and the audit, from the command line beside a running daemon.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::reload::connect;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::daemon::{Daemon, Ended, Setup};
use crate::support::http;
use crate::support::rest_client::RestClient;
use crate::support::wait::until;

on_both_browsers!(
    a_key_that_is_added_or_revoked_beside_a_daemon_holds_within_a_second,
    keys_and_what_was_done_with_them_outlive_the_daemon_and_leave_no_secret,
);

/// What a command has printed.
#[track_caller]
fn printed(ended: &Ended) -> &str {
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    ended.stdout.trim_end()
}

async fn added(daemon: &Daemon, flags: &[&str]) -> String {
    let arguments = [&["keys", "add"], flags].concat();
    printed(&daemon.command(&arguments).await).to_owned()
}

fn id_of(key: &str) -> &str {
    key.split('_').nth(1).unwrap()
}

async fn limits(daemon: &Daemon, key: &str) -> u16 {
    let bearer = format!("Bearer {key}");
    let headers = [("Authorization", bearer.as_str())];
    http::get(daemon.address(), "/v1/limits", &headers)
        .await
        .status
}

async fn admitted(daemon: &Daemon, key: &str) -> Client {
    // Until a first key is known, every text is let in.
    until("a key is known", async || {
        limits(daemon, "none").await != 200
    })
    .await;
    until("the key opens the door", async || {
        limits(daemon, key).await == 200
    })
    .await;
    connect(daemon, key).await.unwrap()
}

async fn a_key_that_is_added_or_revoked_beside_a_daemon_holds_within_a_second(
    browser: TestBrowser,
) {
    let daemon = Setup::serving(&browser).keeping().start().await;
    let anyone = daemon.client().await;
    assert_eq!(daemon.get("/v1/limits").await.status, 200);
    let first = added(&daemon, &["--client", "a", "--limit", "tabs=3"]).await;
    assert_eq!(anyone.closed().await, 1008);
    assert_eq!(daemon.get("/v1/limits").await.status, 401);
    let second = added(&daemon, &["--client", "a", "--expires", "1d"]).await;
    let (one, two) = (
        admitted(&daemon, &first).await,
        admitted(&daemon, &second).await,
    );
    let other = added(&daemon, &["--client", "b", "--scopes", "watch"]).await;
    until("the key is known", async || {
        limits(&daemon, &other).await == 403
    })
    .await;
    let tab = two.open("about:blank").await;
    let messages = two.log();
    let welcome = messages.iter().find(|it| it.is("welcome")).unwrap();
    let most = &welcome.head["limits"]["maxTabs"];
    assert_eq!(*most, 3, "the limit of the client's other key");

    let revoking = Instant::now();
    let revoked = daemon.command(&["keys", "revoke", id_of(&first)]).await;
    assert!(printed(&revoked).ends_with("is revoked"));
    assert_eq!(one.closed().await, 1008);
    assert_eq!(limits(&daemon, &first).await, 401);
    // A machine under load may take its time; the clock is asked once in a second and more often.
    assert!(revoking.elapsed() < Duration::from_secs(10));
    two.ask(json!({"type": "activateTab", "tabId": tab}))
        .await
        .expect("tabActivated");

    let listed = daemon.command(&["keys", "list", "--json"]).await;
    let keys: Value = serde_json::from_str(printed(&listed)).unwrap();
    let states: Vec<_> = keys
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["state"])
        .collect();
    assert_eq!(states, ["revoked", "valid", "valid"]);
    let unknown = daemon.command(&["keys", "revoke", "00000000"]).await;
    unknown.expect(1, &["there is no key 00000000"]);
    daemon.stop().await;
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                // One that was removed meanwhile holds nothing.
                vec![std::fs::read(&path).unwrap_or_default()]
            }
        })
        .collect()
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|it| it == needle.as_bytes())
}

#[expect(clippy::too_many_lines, reason = "it is one story")]
async fn keys_and_what_was_done_with_them_outlive_the_daemon_and_leave_no_secret(
    browser: TestBrowser,
) {
    let mut daemon = Setup::serving(&browser)
        .keeping()
        .args(["--log-level", "trace"])
        .start()
        .await;
    let key = added(&daemon, &["--client", "a"]).await;
    drop(admitted(&daemon, &key).await);
    let rest = RestClient::new(daemon.address(), Some(format!("Bearer {key}")));
    let body = json!({"metadata": {"note": "c4nary-metadata"}});
    let session = rest
        .post_json("/v1/sessions", &body)
        .await
        .expect(201)
        .json();
    let id = session["sessionId"].as_str().unwrap();
    let token = session["token"].as_str().unwrap();
    let in_query = format!("/v1/sessions/{id}/events?token=c4nary-query");
    assert_eq!(daemon.get(&in_query).await.status, 401);
    let wrong = format!(
        "cbk_{}_{}",
        id_of(&key),
        "c4nary-".repeat(7).get(..43).unwrap()
    );
    assert_eq!(limits(&daemon, &wrong).await, 401);
    rest.delete(&format!("/v1/sessions/{id}")).await.expect(204);
    let metrics = daemon.get("/metrics").await.body;
    daemon.end().await;
    let log = daemon.log();

    let verified = daemon.command(&["audit", "verify"]).await;
    let end = printed(&verified).rsplit("end ").next().unwrap().to_owned();
    let again = daemon.command(&["audit", "verify", "--end", &end]).await;
    assert!(printed(&again).contains("is the one that was noted"));
    let audit = daemon
        .command(&["audit", "list", "--json", "--since", "1h"])
        .await;
    let rows = printed(&audit).lines();
    let rows: Vec<Value> = rows
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for action in [
        "daemon.start",
        "key.add",
        "session.create",
        "authenticate",
        "session.end",
        "daemon.stop",
    ] {
        assert!(
            rows.iter().any(|row| row["action"] == action),
            "{action} in {rows:#?}"
        );
    }
    let listed = daemon.command(&["keys", "list"]).await;
    let today = printed(&listed).lines().nth(1).unwrap().to_owned();
    assert!(!today.contains("never  valid"), "it was used: {today}");

    // The row of a session has its metadata, which a client lists sessions by.
    for secret in [&key[13..], token, "c4nary-query", &wrong[13..]] {
        for file in files(&daemon.dir().join("state")) {
            assert!(
                !holds(&file, secret),
                "{secret} in a file of the state directory"
            );
        }
    }
    for secret in [&key[13..], token, "c4nary-"] {
        for text in [
            &log,
            &metrics,
            &audit.stdout,
            &listed.stdout,
            &verified.stdout,
        ] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }

    // The file was written to past the program.
    let database = rusqlite::Connection::open(daemon.dir().join("state/state.db")).unwrap();
    let changed = database.execute(
        "UPDATE audit SET actor = 'operator' WHERE action = 'session.end'",
        [],
    );
    assert_eq!(changed.unwrap(), 1);
    drop(database);
    let broken = daemon.command(&["audit", "verify"]).await;
    assert_eq!(broken.code, Some(1), "{broken:#?}");
    assert!(broken.stdout.contains("broken at row"), "{broken:#?}");

    let daemon = daemon.again().await;
    assert_eq!(daemon.get("/v1/limits").await.status, 401);
    assert_eq!(limits(&daemon, &key).await, 200);
    daemon.stop().await;
}
