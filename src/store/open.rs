//! Opens the store that the configuration names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::backend::Backend;
use super::daemon_lock::DaemonLock;
use super::error::StoreError;
use super::handle::StoreHandle;
use super::report::StoreReport;
use super::settings::StoreConfig;
use super::sqlite::{self, Sqlite};
use super::url::StoreUrl;

/// What the store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreUse {
    /// To serve: one process at a time.
    Serve,
    /// For a command beside a daemon.
    Command,
}

/// Opens the store, and brings its schema up to date. Files are relative to `directory`, which has to exist.
pub async fn open(
    config: &StoreConfig,
    directory: &Path,
    purpose: StoreUse,
) -> Result<StoreHandle, StoreError> {
    let (backend, lock): (Arc<dyn Backend>, _) = match &config.url {
        StoreUrl::Off => return Ok(StoreHandle::off()),
        StoreUrl::Sqlite(path) => {
            let path = directory.join(path);
            let lock = match purpose {
                StoreUse::Serve => Some(DaemonLock::take(&path)?),
                StoreUse::Command => None,
            };
            (Arc::new(blocking(path, Sqlite::open).await?), lock)
        }
        StoreUrl::Postgres(_) => return Err(no_postgres()),
    };
    Ok(StoreHandle::start_with(backend, config.queue, lock))
}

/// Looks at the store without changing it.
pub async fn check(config: &StoreConfig, directory: &Path) -> Result<StoreReport, StoreError> {
    match &config.url {
        StoreUrl::Off => Err(StoreError::Off),
        StoreUrl::Sqlite(path) => blocking(directory.join(path), sqlite::maintenance::check).await,
        StoreUrl::Postgres(_) => Err(no_postgres()),
    }
}

/// Brings the store's schema up to date, and returns the versions that were applied.
pub async fn migrate(config: &StoreConfig, directory: &Path) -> Result<Vec<u32>, StoreError> {
    match &config.url {
        StoreUrl::Off => Err(StoreError::Off),
        StoreUrl::Sqlite(path) => {
            blocking(directory.join(path), sqlite::maintenance::migrate).await
        }
        StoreUrl::Postgres(_) => Err(no_postgres()),
    }
}

/// Gives the space of deleted rows back.
pub async fn vacuum(config: &StoreConfig, directory: &Path) -> Result<(), StoreError> {
    match &config.url {
        StoreUrl::Off => Err(StoreError::Off),
        StoreUrl::Sqlite(path) => blocking(directory.join(path), sqlite::maintenance::vacuum).await,
        StoreUrl::Postgres(_) => Err(no_postgres()),
    }
}

fn no_postgres() -> StoreError {
    StoreError::Unavailable("Postgres is not built in yet".to_owned())
}

async fn blocking<T: Send + 'static>(
    path: PathBuf,
    work: fn(&Path) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(move || work(&path)).await;
    done.unwrap_or_else(|error| Err(StoreError::Damaged(error.to_string())))
}
