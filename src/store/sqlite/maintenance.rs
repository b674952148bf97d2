//! Checks and compacts a file, for the commands.

use std::path::Path;

use super::connection::{self, Role};
use super::errors::store_error;
use super::schema;
use crate::store::error::StoreError;
use crate::store::report::{StoreReport, TABLES};
use crate::store::sql::migrations::{MIGRATIONS, missing, newest};

/// Looks at a file without changing it: its pages, its schema and how much is in it.
pub(crate) fn check(path: &Path) -> Result<StoreReport, StoreError> {
    if !path.exists() {
        return Err(StoreError::Unavailable(format!(
            "{} does not exist: `serve` or `store migrate` make it",
            path.display()
        )));
    }
    let connection = connection::open(path, Role::Reader)?;
    let applied = schema::applied(&connection)?;
    let pending = missing(MIGRATIONS, &applied)?;
    let mut problems = Vec::new();
    let mut checked = connection
        .prepare("PRAGMA integrity_check(20)")
        .map_err(store_error)?;
    let found = checked.query_map([], |row| row.get::<_, String>(0));
    for problem in found.map_err(store_error)? {
        let problem = problem.map_err(store_error)?;
        if problem != "ok" {
            problems.push(problem);
        }
    }
    let mut tables = Vec::new();
    for table in TABLES {
        if connection
            .table_exists(None::<&str>, table)
            .map_err(store_error)?
        {
            let count = format!("SELECT COUNT(*) FROM {table}");
            let count = connection.query_row(&count, [], |row| row.get::<_, i64>(0));
            tables.push((table, count.map_err(store_error)?.unsigned_abs()));
        }
    }
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    Ok(StoreReport {
        place: path.display().to_string(),
        schema: applied.last().map_or(0, |it| it.version),
        known: newest(MIGRATIONS),
        pending: pending.iter().map(|it| it.version).collect(),
        tables,
        bytes: Some(bytes),
        problems,
    })
}

/// Brings a file's schema up to date, and returns the versions that were applied.
pub(crate) fn migrate(path: &Path) -> Result<Vec<u32>, StoreError> {
    let mut connection = connection::open(path, Role::Writer)?;
    schema::migrate(&mut connection, MIGRATIONS)
}

/// Gives the space of deleted rows back to the file system.
pub(crate) fn vacuum(path: &Path) -> Result<(), StoreError> {
    let mut connection = connection::open(path, Role::Writer)?;
    schema::migrate(&mut connection, MIGRATIONS)?;
    let compacted = connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    compacted.map_err(store_error)
}
