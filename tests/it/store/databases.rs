//! A database of each kind, with nothing in it.

use std::path::Path;
use std::sync::Arc;

use cdp_bridge::store::fake::FakeBackend;
use cdp_bridge::store::{self, StoreConfig, StoreError, StoreHandle, StoreUse};
use tempfile::TempDir;

use crate::engines::postgres::empty_database;

/// A store in a place of its own.
pub(super) struct Database {
    pub(super) store: StoreHandle,
    _dir: Option<TempDir>,
}

pub(super) fn fake() -> Database {
    Database {
        store: StoreHandle::start(Arc::new(FakeBackend::default())),
        _dir: None,
    }
}

pub(super) async fn sqlite() -> Database {
    let dir = tempfile::tempdir().unwrap();
    Database {
        store: open_sqlite(dir.path()).await,
        _dir: Some(dir),
    }
}

pub(super) async fn postgres() -> Database {
    let dir = tempfile::tempdir().unwrap();
    let url = empty_database().await;
    Database {
        store: open_at(&url, dir.path()).await.unwrap(),
        _dir: Some(dir),
    }
}

/// The store at this URL, for a process that serves.
pub(super) async fn open_at(url: &str, dir: &Path) -> Result<StoreHandle, StoreError> {
    let config = StoreConfig {
        url: url.parse().unwrap(),
        ..StoreConfig::default()
    };
    store::open(&config, dir, StoreUse::Serve).await
}

/// The store in this directory, for a process that serves.
pub(super) async fn open_sqlite(dir: &Path) -> StoreHandle {
    open_at("sqlite:state.db", dir).await.unwrap()
}
