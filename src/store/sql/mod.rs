//! The SQL of every database, written once.
//!
//! | module | holds |
//! | --- | --- |
//! | `migrations`, `*.sql` | the schema |
//! | `changes` | writes as statements |
//! | `queries` | reads as statements, and rows from columns |
//! | `statement`, `value` | a statement with its parameters; values of columns |
//! | `backend` | the port over a database that runs statements |
//! | `dialect` | SQLite's spelling |

pub(crate) mod backend;
pub(crate) mod changes;
pub(crate) mod dialect;
pub(crate) mod migrations;
pub(crate) mod queries;
pub(crate) mod statement;
pub(crate) mod value;
