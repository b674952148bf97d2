//! Opens the store that the configuration names.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::backend::Backend;
use super::daemon_lock::{DaemonLock, FileLock};
use super::error::StoreError;
use super::handle::StoreHandle;
use super::postgres::{self, Postgres, ServeLock};
use super::report::StoreReport;
use super::settings::StoreConfig;
use super::sqlite::{self, Sqlite};
use super::url::StoreUrl;

/// How long a database may take to come up.
const PATIENCE: Duration = Duration::from_secs(5);

const INTERVAL: Duration = Duration::from_millis(250);

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
                StoreUse::Serve => Some(DaemonLock::File(FileLock::take(&path)?)),
                StoreUse::Command => None,
            };
            (Arc::new(blocking(path, Sqlite::open).await?), lock)
        }
        StoreUrl::Postgres(url) => {
            let backend = patiently(|| Postgres::open(url)).await?;
            let lock = match purpose {
                StoreUse::Serve => Some(DaemonLock::Postgres(ServeLock::take(url).await?)),
                StoreUse::Command => None,
            };
            (Arc::new(backend), lock)
        }
    };
    Ok(StoreHandle::start_with(backend, config.queue, lock))
}

/// Looks at the store without changing it.
pub async fn check(config: &StoreConfig, directory: &Path) -> Result<StoreReport, StoreError> {
    match &config.url {
        StoreUrl::Off => Err(StoreError::Off),
        StoreUrl::Sqlite(path) => blocking(directory.join(path), sqlite::maintenance::check).await,
        StoreUrl::Postgres(url) => postgres::maintenance::check(url).await,
    }
}

/// Brings the store's schema up to date, and returns the versions that were applied.
pub async fn migrate(config: &StoreConfig, directory: &Path) -> Result<Vec<u32>, StoreError> {
    match &config.url {
        StoreUrl::Off => Err(StoreError::Off),
        StoreUrl::Sqlite(path) => {
            blocking(directory.join(path), sqlite::maintenance::migrate).await
        }
        StoreUrl::Postgres(url) => postgres::maintenance::migrate(url).await,
    }
}

/// Gives the space of deleted rows back.
pub async fn vacuum(config: &StoreConfig, directory: &Path) -> Result<(), StoreError> {
    match &config.url {
        StoreUrl::Off => Err(StoreError::Off),
        StoreUrl::Sqlite(path) => blocking(directory.join(path), sqlite::maintenance::vacuum).await,
        StoreUrl::Postgres(url) => postgres::maintenance::vacuum(url).await,
    }
}

/// Tries again for a while: a machine that starts may start the database a little later than this.
async fn patiently<T, F>(open: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let until = Instant::now() + PATIENCE;
    loop {
        match open().await {
            Err(error) if error.is_transient() && Instant::now() < until => {
                tracing::debug!(%error, "the store is not there yet");
                sleep(INTERVAL).await;
            }
            opened => return opened,
        }
    }
}

async fn blocking<T: Send + 'static>(
    path: PathBuf,
    work: fn(&Path) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(move || work(&path)).await;
    done.unwrap_or_else(|error| Err(StoreError::Damaged(error.to_string())))
}
