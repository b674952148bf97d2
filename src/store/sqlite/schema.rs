//! Applies migrations.

use rusqlite::{Connection, TransactionBehavior, params};

use super::errors::store_error;
use crate::clock::epoch_ms;
use crate::store::error::StoreError;
use crate::store::sql::dialect::{statement_for_sqlite, tables_for_sqlite};
use crate::store::sql::migrations::{self, ADD, APPLIED, Applied, Migration, TABLE};

/// Applies those of these migrations that are missing, all or none, and returns their versions.
pub(super) fn migrate(
    connection: &mut Connection,
    known: &[Migration],
) -> Result<Vec<u32>, StoreError> {
    // Nothing is written where nothing is missing: another process may be writing.
    if is_listed(connection)? && migrations::missing(known, &applied(connection)?)?.is_empty() {
        return Ok(Vec::new());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(store_error)?;
    transaction.execute_batch(TABLE).map_err(store_error)?;
    // Read again: another process may have applied them while the lock was waited for.
    let missing = migrations::missing(known, &applied(&transaction)?)?;
    for migration in missing {
        let tables = tables_for_sqlite(migration.sql);
        transaction.execute_batch(&tables).map_err(store_error)?;
        let row = params![migration.version, migration.checksum(), now()];
        let added = transaction.execute(&statement_for_sqlite(ADD), row);
        added.map_err(store_error)?;
    }
    transaction.commit().map_err(store_error)?;
    Ok(missing.iter().map(|it| it.version).collect())
}

fn now() -> i64 {
    i64::try_from(epoch_ms()).unwrap_or(i64::MAX)
}

fn is_listed(connection: &Connection) -> Result<bool, StoreError> {
    let found = connection.table_exists(None::<&str>, "schema_migrations");
    found.map_err(store_error)
}

/// The migrations that this file has had.
pub(super) fn applied(connection: &Connection) -> Result<Vec<Applied>, StoreError> {
    if !is_listed(connection)? {
        return Ok(Vec::new());
    }
    let mut listed = connection.prepare(APPLIED).map_err(store_error)?;
    let listed = listed.query_map([], |row| {
        Ok(Applied {
            version: row.get(0)?,
            checksum: row.get(1)?,
        })
    });
    let listed = listed.and_then(Iterator::collect);
    listed.map_err(store_error)
}
