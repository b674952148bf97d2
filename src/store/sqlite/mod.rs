//! SQLite: the store of one machine, in one file.
//!
//! | module | holds |
//! | --- | --- |
//! | `connection` | opening a file: its settings, its schema |
//! | `writer` | the thread that commits |
//! | `readers` | the threads that read |
//! | `statements` | running a statement on a connection |
//! | `schema` | migrations |
//! | `errors` | what SQLite's errors mean here |
//! | `maintenance` | checking and compacting a file |

mod connection;
mod errors;
pub(crate) mod maintenance;
mod readers;
mod schema;
mod statements;
mod writer;

use std::path::Path;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use self::connection::Role;
use self::readers::Readers;
use self::writer::Writer;
use crate::store::error::StoreError;
use crate::store::sql::backend::{Database, SqlBackend};
use crate::store::sql::migrations::{MIGRATIONS, Migration};
use crate::store::sql::statement::{Statement, Step};
use crate::store::sql::value::Row;

/// An open file, with the threads that use it. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct Sqlite {
    writer: Writer,
    readers: Readers,
}

impl Sqlite {
    /// Opens this file, makes it if it is not there, and brings its schema up to date. It blocks.
    pub(crate) fn open(path: &Path) -> Result<SqlBackend<Self>, StoreError> {
        Self::open_with(path, MIGRATIONS)
    }

    fn open_with(path: &Path, migrations: &[Migration]) -> Result<SqlBackend<Self>, StoreError> {
        let mut connection = connection::open(path, Role::Writer)?;
        schema::migrate(&mut connection, migrations)?;
        let readers = Readers::start(path)?;
        Ok(SqlBackend(Self {
            writer: Writer::start(connection)?,
            readers,
        }))
    }
}

impl Database for Sqlite {
    fn run(&self, batch: Vec<Vec<Step>>) -> BoxFuture<'_, Vec<Result<(), StoreError>>> {
        self.writer.run(batch).boxed()
    }

    fn rows(&self, statement: Statement) -> BoxFuture<'_, Result<Vec<Row>, StoreError>> {
        self.readers.rows(statement).boxed()
    }
}

#[cfg(test)]
mod tests;
