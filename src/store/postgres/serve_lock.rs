//! Keeps a second daemon from serving with the same database.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use super::errors::store_error;
use super::settings::Connections;
use crate::store::error::StoreError;

/// Held by the daemon that serves.
const LOCK: i64 = 0x6364_7062_7365_7276;

/// How long a daemon that was killed may still hold it: until the server has seen the end of its connection.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often the connection is looked at.
const INTERVAL: Duration = Duration::from_secs(5);

/// The lock, which the server gives back when the connection of this process ends.
#[derive(Debug)]
pub(crate) struct ServeLock {
    keeping: JoinHandle<()>,
}

impl ServeLock {
    /// Takes the lock of this database.
    pub(crate) async fn take(url: &str) -> Result<Self, StoreError> {
        let connections = Connections::read(url)?;
        let until = Instant::now() + PATIENCE;
        loop {
            let client = connections.single().await?;
            if lock(&client).await? {
                let keeping = tokio::spawn(keep(connections, client));
                return Ok(Self { keeping });
            }
            if Instant::now() >= until {
                return Err(StoreError::InUse(connections.place()));
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for ServeLock {
    fn drop(&mut self) {
        self.keeping.abort();
    }
}

async fn lock(client: &Client) -> Result<bool, StoreError> {
    let row = client.query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK]);
    let row = row.await.map_err(store_error)?;
    Ok(row.get(0))
}

/// Takes the lock again after the connection was lost.
async fn keep(connections: Connections, mut client: Client) {
    loop {
        while !client.is_closed() {
            sleep(INTERVAL).await;
        }
        sleep(INTERVAL).await;
        let Ok(next) = connections.single().await else {
            continue;
        };
        match lock(&next).await {
            Ok(true) => client = next,
            Ok(false) => tracing::error!(
                "another process serves with this database since the connection was lost; stop one of the two"
            ),
            Err(error) => tracing::debug!(%error, "the lock of the database is not held"),
        }
    }
}
