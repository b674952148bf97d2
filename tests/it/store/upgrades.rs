//! Databases of other releases.

use std::path::Path;

use cdp_bridge::store::{
    HistoryQuery, ScopeKey, StoreConfig, StoreError, StoreHandle, Write, check,
};

use super::databases::open_at;
use super::rows::{scope, session};
use crate::contract::schemas::repository;
use crate::engines::postgres::empty_database;

/// A dump of a database that the first release with a store has written. It is never changed.
const FIRST: &str = "tests/it/store/schema-1.sql";

async fn open(dir: &Path) -> Result<StoreHandle, StoreError> {
    open_at("sqlite:state.db", dir).await
}

fn own() -> ScopeKey {
    scope("a", "0198f000-0000-8000-8000-000000000001")
}

#[tokio::test]
async fn the_database_of_the_first_release_is_read_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.db");
    let dump = std::fs::read_to_string(repository(FIRST)).unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(&dump).unwrap();
    drop(file);
    let store = open(dir.path()).await.unwrap();
    let reads = store.reads().unwrap();
    let live = reads.live_sessions().await.unwrap();
    assert_eq!(live.len(), 1);
    assert_eq!(
        (live[0].id.as_str(), live[0].usage.pages),
        (own().session.as_str(), 3)
    );
    assert_eq!(live[0].metadata["team"], "red");
    let ended = reads.ended_sessions("a".to_owned(), None, 9).await.unwrap();
    assert_eq!(ended[0].end.as_ref().unwrap().reason, "expired");
    let tabs = reads.tabs().await.unwrap();
    assert_eq!((tabs.len(), tabs[0].tab, tabs[0].opener), (2, 2, Some(1)));
    let numbers = reads.last_tab_numbers().await.unwrap();
    assert_eq!(numbers, [("a".to_owned(), 7)]);
    assert_eq!(reads.idempotency_keys(0).await.unwrap().len(), 1);
    let query = HistoryQuery {
        limit: 9,
        ..HistoryQuery::default()
    };
    assert_eq!(reads.history(own(), query).await.unwrap().len(), 2);
    assert_eq!(reads.audit(0, 9).await.unwrap().len(), 1);
    assert_eq!(reads.keys().await.unwrap().len(), 1);
    assert_eq!(reads.jobs().await.unwrap().len(), 1);
    assert_eq!(reads.deliveries(9).await.unwrap().len(), 1);
    store
        .write(vec![Write::PutSession(session("s2", "a"))])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_its_number() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).await.unwrap().close().await;
    let file = rusqlite::Connection::open(dir.path().join("state.db")).unwrap();
    let newer = "INSERT INTO schema_migrations VALUES (99, 'x', 0)";
    file.execute_batch(newer).unwrap();
    let refused = open(dir.path()).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::NewerSchema { found: 99, .. }),
        "{refused:?}"
    );
    assert!(refused.to_string().contains("schema 99"), "{refused}");
    let config = StoreConfig::default();
    assert_eq!(check(&config, dir.path()).await.unwrap_err(), refused);
}

#[tokio::test]
async fn a_newer_schema_of_postgres_is_refused_too() {
    let (dir, url) = (tempfile::tempdir().unwrap(), empty_database().await);
    open_at(&url, dir.path()).await.unwrap().close().await;
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let newer = "INSERT INTO schema_migrations VALUES (99, 'x', 0)";
    client.batch_execute(newer).await.unwrap();
    let refused = open_at(&url, dir.path()).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::NewerSchema { found: 99, .. }),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_was_applied_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).await.unwrap().close().await;
    let file = rusqlite::Connection::open(dir.path().join("state.db")).unwrap();
    file.execute_batch("UPDATE schema_migrations SET checksum = 'x'")
        .unwrap();
    let refused = open(dir.path()).await.unwrap_err();
    assert_eq!(refused, StoreError::ChangedMigration(1));
}
