//! Checks and compacts a database, for the commands.

use tokio_postgres::Client;

use super::errors::store_error;
use super::schema;
use super::settings::Connections;
use crate::store::error::StoreError;
use crate::store::report::{StoreReport, TABLES};
use crate::store::sql::migrations::{MIGRATIONS, missing, newest};

/// Looks at a database without changing it.
pub(crate) async fn check(url: &str) -> Result<StoreReport, StoreError> {
    let connections = Connections::read(url)?;
    let client = connections.single().await?;
    let applied = schema::applied(&client).await?;
    let pending = missing(MIGRATIONS, &applied)?;
    let mut tables = Vec::new();
    for table in TABLES {
        let there = format!("SELECT to_regclass('{table}') IS NOT NULL");
        let there = client.query_one(&there, &[]).await.map_err(store_error)?;
        if there.get(0) {
            let count = number(&client, &format!("SELECT COUNT(*) FROM {table}")).await?;
            tables.push((table, count));
        }
    }
    Ok(StoreReport {
        place: connections.place(),
        schema: applied.last().map_or(0, |it| it.version),
        known: newest(MIGRATIONS),
        pending: pending.iter().map(|it| it.version).collect(),
        tables,
        bytes: Some(number(&client, "SELECT pg_database_size(current_database())").await?),
        problems: Vec::new(),
    })
}

async fn number(client: &Client, sql: &str) -> Result<u64, StoreError> {
    let row = client.query_one(sql, &[]).await.map_err(store_error)?;
    Ok(row.get::<_, i64>(0).unsigned_abs())
}

/// Brings a database's schema up to date, and returns the versions that were applied.
pub(crate) async fn migrate(url: &str) -> Result<Vec<u32>, StoreError> {
    schema::migrate(&Connections::read(url)?, MIGRATIONS).await
}

/// Makes the space of deleted rows usable again, table by table; nothing is locked meanwhile.
pub(crate) async fn vacuum(url: &str) -> Result<(), StoreError> {
    let connections = Connections::read(url)?;
    schema::migrate(&connections, MIGRATIONS).await?;
    let client = connections.single().await?;
    for table in TABLES {
        let vacuum = format!("VACUUM (ANALYZE) {table}");
        client.batch_execute(&vacuum).await.map_err(store_error)?;
    }
    Ok(())
}
