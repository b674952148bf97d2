//! The state directory of a daemon: what is made there, who may read it, and who may serve with it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::support::browsers::TestBrowser;
use crate::support::daemon::{Daemon, Setup};

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
