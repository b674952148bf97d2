//! The state directory of a daemon: what is made there, who may read it, and who may serve with it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::browsers::TestBrowser;
use crate::support::daemon::{Daemon, Setup};
use crate::support::wait::until;

async fn store_of(daemon: &Daemon) -> Value {
    daemon.get("/health").await.json()["store"].clone()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The same daemon once more, in the directory of the first.
fn beside(first: &Daemon, browser: &TestBrowser, required: bool) -> Setup {
    let state = first.dir().join("state");
    Setup::serving(browser)
        .env("CDP_BRIDGE_STORE_URL", "sqlite:state.db")
        .env("CDP_BRIDGE_STORE_DIRECTORY", state.to_str().unwrap())
        .env(
            "CDP_BRIDGE_STORE_REQUIRED",
            if required { "true" } else { "false" },
        )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_directory_is_made_for_its_owner_alone() {
    let browser = TestBrowser::shell().await;
    let daemon = Setup::serving(&browser).keeping().start().await;
    let state = daemon.dir().join("state");
    assert_eq!(mode(&state), 0o700);
    for name in ["state.db", "state.db-wal", "state.key", "state.db.lock"] {
        assert_eq!(mode(&state.join(name)), 0o600, "{name}");
    }
    assert_eq!(store_of(&daemon).await["state"], "ok");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_daemon_serves_without_the_store_and_says_so_or_is_refused() {
    let browser = TestBrowser::shell().await;
    let first = Setup::serving(&browser).keeping().start().await;
    let second = beside(&first, &browser, false).start().await;
    second.logged(&["WARN", "another process serves"]).await;
    assert_eq!(store_of(&second).await["state"], "unusable");
    let health = second.get("/health").await.json();
    assert_eq!(health["status"], "degraded", "{health}");
    assert_eq!(store_of(&first).await["state"], "ok");
    second.stop().await;
    let refused = beside(&first, &browser, true).run().await;
    refused.expect(
        1,
        &["another process serves", "state.db", "store.directory"],
    );
    first.signal(rustix::process::Signal::KILL);
    let third = beside(&first, &browser, true).start().await;
    assert_eq!(store_of(&third).await["state"], "ok");
    third.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_was_written_with_another_key_is_refused() {
    let browser = TestBrowser::shell().await;
    let mut daemon = Setup::serving(&browser).keeping().start().await;
    daemon.end().await;
    let key = daemon.dir().join("state/state.key");
    std::fs::write(&key, "0f".repeat(32)).unwrap();
    let refused = beside(&daemon, &browser, true).run().await;
    refused.expect(1, &["another key", "state.key"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_store_nothing_is_made() {
    let browser = TestBrowser::shell().await;
    let daemon = Setup::serving(&browser).start().await;
    assert_eq!(store_of(&daemon).await["state"], "off");
    assert!(!daemon.dir().join(".local").exists());
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_of_a_newer_version_is_refused_with_its_number() {
    let browser = TestBrowser::shell().await;
    let mut daemon = Setup::serving(&browser).keeping().start().await;
    daemon.end().await;
    let path = daemon.dir().join("state/state.db");
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch("INSERT INTO schema_migrations VALUES (99, 'x', 0)")
        .unwrap();
    let refused = beside(&daemon, &browser, true).run().await;
    refused.expect(1, &["schema 99", "start the version that wrote it"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_check_migrate_and_compact_the_store_beside_a_daemon() {
    let missing = Setup::new().args(["store", "check"]).keeping();
    missing
        .run()
        .await
        .expect(1, &["does not exist", "store migrate"]);
    let migrated = Setup::new()
        .args(["store", "migrate"])
        .keeping()
        .run()
        .await;
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    assert!(
        migrated.stdout.contains("applied migration 1"),
        "{migrated:?}"
    );
    let browser = TestBrowser::shell().await;
    let daemon = Setup::serving(&browser).keeping().start().await;
    let state = daemon.dir().join("state");
    for (command, said) in [
        ("check", "schema "),
        ("migrate", "nothing to do"),
        ("vacuum", "bytes before"),
    ] {
        let done = Setup::new()
            .args(["store", command])
            .env("CDP_BRIDGE_STORE_URL", "sqlite:state.db")
            .env("CDP_BRIDGE_STORE_DIRECTORY", state.to_str().unwrap())
            .run()
            .await;
        assert_eq!(done.code, Some(0), "{done:?}");
        assert!(done.stdout.contains(said), "{done:?}");
    }
    let off = Setup::new().args(["store", "check"]).run().await;
    off.expect(1, &["store.url is empty"]);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_go_on_while_another_process_locks_the_file_and_health_says_so() {
    let browser = TestBrowser::shell().await;
    let daemon = Setup::serving(&browser).keeping().start().await;
    let client = daemon.client().await;
    let file = rusqlite::Connection::open(daemon.dir().join("state/state.db")).unwrap();
    file.execute_batch("BEGIN IMMEDIATE").unwrap();
    until("health tells of the lock", async || {
        client.ask(json!({"type": "createTab"})).await;
        store_of(&daemon).await["state"] == "failing"
    })
    .await;
    let health = daemon.get("/health").await.json();
    assert_eq!(health["status"], "degraded", "{health}");
    let reason = health["reasons"].to_string();
    assert!(reason.contains("another process holds a lock"), "{health}");
    let created = client.ask(json!({"type": "createTab"})).await;
    assert_eq!(created["type"], "tabCreated", "{created}");
    file.execute_batch("ROLLBACK").unwrap();
    until("the store is well again", async || {
        store_of(&daemon).await["state"] == "ok"
    })
    .await;
    let log = daemon.log();
    assert_eq!(
        log.matches("the store cannot be written").count(),
        1,
        "{log}"
    );
    daemon.stop().await;
}
