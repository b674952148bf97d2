//! Runs statements on a connection.

use bytes::BytesMut;
use deadpool_postgres::GenericClient;
use tokio_postgres::Row as PostgresRow;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::errors::store_error;
use crate::store::error::StoreError;
use crate::store::sql::statement::Statement;
use crate::store::sql::value::{Row, Value};

type Anything = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Anything> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Anything> {
        match *kind {
            Type::INT8 => i64::from_sql(kind, raw).map(Self::Int),
            Type::BYTEA => Vec::from_sql(kind, raw).map(Self::Bytes),
            _ => String::from_sql(kind, raw).map(Self::Text),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Anything> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }
}

fn parameters(statement: &Statement) -> Vec<&(dyn ToSql + Sync)> {
    let values = statement.values.iter();
    values.map(|value| value as &(dyn ToSql + Sync)).collect()
}

pub(super) async fn execute(
    client: &impl GenericClient,
    statement: &Statement,
) -> Result<(), StoreError> {
    let prepared = client.prepare_cached(statement.sql).await;
    let prepared = prepared.map_err(store_error)?;
    let done = client.execute(&prepared, &parameters(statement)).await;
    done.map(drop).map_err(store_error)
}

/// The rows that a statement gives.
pub(super) async fn rows(
    client: &impl GenericClient,
    statement: &Statement,
) -> Result<Vec<Row>, StoreError> {
    let prepared = client.prepare_cached(statement.sql).await;
    let prepared = prepared.map_err(store_error)?;
    let found = client.query(&prepared, &parameters(statement)).await;
    found.map_err(store_error)?.iter().map(row).collect()
}

fn row(row: &PostgresRow) -> Result<Row, StoreError> {
    let values = (0..row.len()).map(|column| row.try_get(column));
    let values: Result<_, _> = values.collect();
    values
        .map(Row::new)
        .map_err(|error| StoreError::Damaged(error.to_string()))
}
