//! Databases that are locked, killed, frozen or refuse: what waits is written when they are back.

use std::time::Duration;

use cdp_bridge::store::{HistoryQuery, StoreError, StoreHandle, StoreHealth, Write};
use tokio::time::timeout;

use super::databases::{open_at, open_sqlite};
use super::rows::{audit, history, key, scope, session};
use crate::engines::postgres::Postgres;
use crate::support::wait::{LONGEST, until};

/// The longest that a client may wait for an error of the store.
const FAST: Duration = Duration::from_secs(10);

fn row(at_ms: u64) -> Write {
    Write::History(history(&scope("a", "s1"), "click", at_ms))
}

async fn rows(store: &StoreHandle) -> Vec<u64> {
    let query = HistoryQuery {
        limit: 99,
        ..HistoryQuery::default()
    };
    let rows = store
        .reads()
        .unwrap()
        .history(scope("a", "s1"), query)
        .await;
    rows.unwrap().iter().map(|it| it.row.at_ms).collect()
}

/// Writes before, in and after an outage, and returns what was said in it.
async fn survives(
    store: &StoreHandle,
    begin: impl AsyncFnOnce(),
    end: impl AsyncFnOnce(),
) -> String {
    store.write(vec![row(1)]).await.unwrap();
    begin().await;
    let refused = timeout(FAST, store.write(vec![Write::InsertKey(key("k1"))]));
    let error = refused
        .await
        .expect("it fails rather than waiting")
        .unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(matches!(store.health(), StoreHealth::Failing(_)));
    for at in 2..=9 {
        assert!(store.offer("history", row(at)));
    }
    end().await;
    until("the store can be written again", async || {
        store.health() == StoreHealth::Ok && store.counts().queued == 0
    })
    .await;
    store.flush().await.unwrap();
    assert_eq!(rows(store).await, (1..=9).collect::<Vec<_>>());
    store
        .write(vec![Write::InsertKey(key("k2"))])
        .await
        .unwrap();
    assert_eq!(store.counts().dropped, 0);
    error.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_process_locks_is_written_when_it_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_sqlite(dir.path()).await;
    let other = rusqlite::Connection::open(dir.path().join("state.db")).unwrap();
    let said = survives(
        &store,
        async || other.execute_batch("BEGIN IMMEDIATE").unwrap(),
        async || other.execute_batch("ROLLBACK").unwrap(),
    )
    .await;
    assert!(said.contains("another process holds a lock"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_killed_is_found_again() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), Postgres::start().await);
    let url = server.create("store").await;
    let store = open_at(&url, dir.path()).await.unwrap();
    store.write(vec![row(1)]).await.unwrap();
    server.kill().await;
    let refused = timeout(FAST, store.write(vec![Write::InsertKey(key("k1"))]));
    let error = refused
        .await
        .expect("it fails rather than waiting")
        .unwrap_err();
    assert!(error.is_transient(), "{error}");
    for at in 2..=9 {
        assert!(store.offer("history", row(at)));
    }
    server.start_again().await;
    until("the store can be written again", async || {
        store.health() == StoreHealth::Ok && store.counts().queued == 0
    })
    .await;
    store.flush().await.unwrap();
    assert_eq!(rows(&store).await, (1..=9).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_frozen_is_given_up_and_written_when_it_goes_on() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Postgres::start().await);
    let url = server.create("store").await;
    let store = open_at(&url, dir.path()).await.unwrap();
    let said = survives(&store, async || server.freeze(), async || server.thaw()).await;
    assert!(said.contains("did not answer within 3 s"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_slow_gets_through_many_changes_once() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Postgres::start().await);
    let url = server.create("store").await;
    let store = open_at(&url, dir.path()).await.unwrap();
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
                $$BEGIN PERFORM pg_sleep(0.4); RETURN NEW; END$$; \
                CREATE TRIGGER slow BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION slow()";
    server.run_in("store", slow).await;
    // Together they take longer than one answer may.
    for _ in 0..12 {
        assert!(store.offer("audit", Write::Audit(audit("session.create", 1))));
    }
    store.flush().await.unwrap();
    let written = store.reads().unwrap().audit(0, 99).await.unwrap();
    assert_eq!(written.len(), 12, "none of them twice");
    assert_eq!(store.health(), StoreHealth::Ok);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_refuses_connections_says_why() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Postgres::start().await);
    let url = server.create("store").await;
    let store = open_at(&url, dir.path()).await.unwrap();
    let said = survives(
        &store,
        async || {
            server
                .run("ALTER DATABASE store ALLOW_CONNECTIONS false")
                .await;
            let end =
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'store'";
            server.run(end).await;
        },
        async || {
            let allow = "ALTER DATABASE store ALLOW_CONNECTIONS true";
            server.run(allow).await;
        },
    )
    .await;
    assert!(!said.contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_daemon_serves_with_a_postgres_and_commands_use_it_beside() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Postgres::start().await);
    let url = server.create("store").await;
    let first = open_at(&url, dir.path()).await.unwrap();
    let second = open_at(&url, dir.path()).await;
    assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
    first
        .write(vec![Write::PutSession(session("s1", "a"))])
        .await
        .unwrap();
    first.close().await;
    drop(first);
    let third = timeout(LONGEST, open_at(&url, dir.path())).await.unwrap();
    let live = third.unwrap().reads().unwrap().live_sessions().await;
    assert_eq!(live.unwrap(), [session("s1", "a")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_not_there_is_named_without_its_password() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().to_str().unwrap();
    let url = format!("postgresql://u:hunter2@/store?host={nowhere}");
    let error = open_at(&url, dir.path()).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
