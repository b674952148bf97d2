//! Applies migrations.

use tokio_postgres::Client;

use super::errors::store_error;
use super::settings::Connections;
use crate::clock::epoch_ms;
use crate::store::error::StoreError;
use crate::store::sql::migrations::{self, ADD, APPLIED, Applied, Migration, TABLE};

/// Held while migrations are applied, so that of several daemons that start one applies them.
const LOCK: i64 = 0x6364_7062_6d69_6772;

/// Applies those of these migrations that are missing, all or none, and returns their versions.
pub(super) async fn migrate(
    connections: &Connections,
    known: &[Migration],
) -> Result<Vec<u32>, StoreError> {
    let mut client = connections.single().await?;
    if migrations::missing(known, &applied(&client).await?)?.is_empty() {
        return Ok(Vec::new());
    }
    let transaction = client.transaction().await.map_err(store_error)?;
    // It is given back at the end of the transaction, however that comes.
    let locked = transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .await;
    locked.map_err(store_error)?;
    transaction
        .batch_execute(TABLE)
        .await
        .map_err(store_error)?;
    // Read again: another process may have applied them while the lock was waited for.
    let listed = transaction.query(APPLIED, &[]).await.map_err(store_error)?;
    let missing = migrations::missing(known, &listed_rows(&listed)?)?;
    for migration in missing {
        let tables = transaction.batch_execute(migration.sql).await;
        tables.map_err(store_error)?;
        let now = i64::try_from(epoch_ms()).unwrap_or(i64::MAX);
        let (version, checksum) = (i64::from(migration.version), migration.checksum());
        let added = transaction.execute(ADD, &[&version, &checksum, &now]).await;
        added.map_err(store_error)?;
    }
    transaction.commit().await.map_err(store_error)?;
    Ok(missing.iter().map(|it| it.version).collect())
}

/// The migrations that this database has had.
pub(super) async fn applied(client: &Client) -> Result<Vec<Applied>, StoreError> {
    let there = "SELECT to_regclass('schema_migrations') IS NOT NULL";
    let there = client.query_one(there, &[]).await.map_err(store_error)?;
    if !there.get::<_, bool>(0) {
        return Ok(Vec::new());
    }
    let listed = client.query(APPLIED, &[]).await.map_err(store_error)?;
    listed_rows(&listed)
}

fn listed_rows(rows: &[tokio_postgres::Row]) -> Result<Vec<Applied>, StoreError> {
    let rows = rows.iter().map(|row| {
        let version: i64 = row.get(0);
        Ok(Applied {
            version: u32::try_from(version).map_err(|_| {
                StoreError::Damaged(format!("the schema has the version {version}"))
            })?,
            checksum: row.get(1),
        })
    });
    rows.collect()
}
