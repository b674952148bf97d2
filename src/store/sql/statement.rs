//! What a database is asked to do.

use super::value::Value;
use crate::store::rows::AuditRow;

/// An SQL text with its parameters. The text is written for Postgres, with `$1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) values: Vec<Value>,
}

/// One step of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Run(Statement),
    /// Appends a row to the audit, whose chain depends on the row before.
    Audit(AuditRow),
}

/// Writes a statement with its parameters in their order.
macro_rules! statement {
    ($sql:expr $(, $value:expr)* $(,)?) => {
        $crate::store::sql::statement::Statement {
            sql: $sql,
            values: vec![$($crate::store::sql::value::Value::from($value)),*],
        }
    };
}

pub(crate) use statement;
