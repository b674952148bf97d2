//! A database of each kind, with nothing in it.

use std::path::Path;
use std::sync::Arc;

use cdp_bridge::store::fake::FakeBackend;
use cdp_bridge::store::{self, StoreConfig, StoreHandle, StoreUse};
use tempfile::TempDir;

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

/// The store in this directory, for a process that serves.
pub(super) async fn open_sqlite(dir: &Path) -> StoreHandle {
    let config = StoreConfig::default();
    store::open(&config, dir, StoreUse::Serve).await.unwrap()
}
