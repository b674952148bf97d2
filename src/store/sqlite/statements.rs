//! Runs statements on a connection.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::errors::store_error;
use crate::store::error::StoreError;
use crate::store::sql::changes::{self, LAST_CHAIN};
use crate::store::sql::dialect::statement_for_sqlite;
use crate::store::sql::statement::{Statement, Step};
use crate::store::sql::value::{Row, Value};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Runs a step inside of a transaction.
pub(super) fn step(connection: &Connection, step: Step) -> Result<(), StoreError> {
    match step {
        Step::Run(statement) => execute(connection, &statement),
        Step::Audit(row) => {
            let last = connection.prepare_cached(LAST_CHAIN);
            let last = last.and_then(|mut it| it.query_row([], |row| row.get(0)));
            let last: Option<Vec<u8>> = last.map_err(store_error)?;
            execute(connection, &changes::audit(row, last.as_deref()))
        }
    }
}

fn execute(connection: &Connection, statement: &Statement) -> Result<(), StoreError> {
    let sql = statement_for_sqlite(statement.sql);
    let done = connection.prepare_cached(&sql);
    let done = done.and_then(|mut it| it.execute(params_from_iter(&statement.values)));
    done.map(drop).map_err(store_error)
}

/// The rows that a statement gives.
pub(super) fn rows(connection: &Connection, statement: &Statement) -> Result<Vec<Row>, StoreError> {
    let sql = statement_for_sqlite(statement.sql);
    let mut prepared = connection.prepare_cached(&sql).map_err(store_error)?;
    let columns = prepared.column_count();
    let mut found = prepared
        .query(params_from_iter(&statement.values))
        .map_err(store_error)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(store_error)? {
        let values = (0..columns).map(|column| row.get_ref(column).map(value));
        let values = values.collect::<rusqlite::Result<_>>();
        rows.push(Row::new(values.map_err(store_error)?));
    }
    Ok(rows)
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        // No column is a fraction; the reader of the row refuses the text.
        ValueRef::Real(number) => Value::Text(number.to_string()),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}
