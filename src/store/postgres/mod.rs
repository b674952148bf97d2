//! Postgres: the store of several machines.
//!
//! | module | holds |
//! | --- | --- |
//! | `settings`, `tls` | what a connection is made with |
//! | `commits` | transactions; rows of the history many at a time |
//! | `statements` | running a statement on a connection |
//! | `schema` | migrations |
//! | `serve_lock` | keeps a second daemon from serving with the same database |
//! | `errors` | what Postgres' errors mean here |
//! | `maintenance` | checking and compacting a database |

mod commits;
mod errors;
pub(crate) mod maintenance;
mod schema;
mod serve_lock;
mod settings;
mod statements;
mod tls;

use std::future::Future;
use std::time::Duration;

use deadpool_postgres::{Client, Pool};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::timeout;

pub(crate) use self::serve_lock::ServeLock;
use self::settings::Connections;
use crate::store::error::StoreError;
use crate::store::sql::backend::{Database, SqlBackend};
use crate::store::sql::migrations::MIGRATIONS;
use crate::store::sql::statement::{Statement, Step};
use crate::store::sql::value::Row;

/// How many connections there are at most.
const CONNECTIONS: usize = 8;

/// How long a server may take for what is asked. It ends its own statements after two seconds; a server that has
/// stopped does not even do that.
const ANSWER: Duration = Duration::from_secs(3);

/// A database with a pool of connections.
#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Pool,
}

impl Postgres {
    /// Connects, and brings the schema up to date.
    pub(crate) async fn open(url: &str) -> Result<SqlBackend<Self>, StoreError> {
        let connections = Connections::read(url)?;
        connections.warn_of_plain_text();
        schema::migrate(&connections, MIGRATIONS).await?;
        let pool = connections.pool(CONNECTIONS)?;
        Ok(SqlBackend(Self { pool }))
    }

    /// A connection that is returned to the pool with [`Lent::give_back`], and closed without.
    async fn lend(&self) -> Result<Lent, StoreError> {
        let client = self.pool.get().await.map_err(errors::pool_error)?;
        Ok(Lent(Some(client)))
    }
}

/// A connection of the pool. Where its user is given up in the middle of a statement, it is of no use any more.
struct Lent(Option<Client>);

impl Lent {
    fn client(&mut self) -> Result<&mut Client, StoreError> {
        self.0.as_mut().ok_or_else(|| errors::no_answer(ANSWER))
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Client::take(client));
        }
    }
}

/// Gives up where the server does not answer in time.
async fn in_time<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let done = timeout(ANSWER, work).await;
    done.unwrap_or_else(|_| Err(errors::no_answer(ANSWER)))
}

impl Database for Postgres {
    fn run(&self, batch: Vec<Vec<Step>>) -> BoxFuture<'_, Vec<Result<(), StoreError>>> {
        let count = batch.len();
        let commit = async move {
            let mut lent = in_time(self.lend()).await?;
            let outcomes = commits::run(lent.client()?, batch).await;
            let is_away =
                |it: &Result<(), StoreError>| it.as_ref().is_err_and(StoreError::is_transient);
            if !outcomes.iter().any(is_away) {
                lent.give_back();
            }
            Ok(outcomes)
        };
        async move {
            let outcomes: Result<_, StoreError> = commit.await;
            outcomes.unwrap_or_else(|error| vec![Err(error); count])
        }
        .boxed()
    }

    fn rows(&self, statement: Statement) -> BoxFuture<'_, Result<Vec<Row>, StoreError>> {
        let read = async move {
            let mut lent = self.lend().await?;
            let rows = statements::rows(&*lent.client()?, &statement).await;
            lent.give_back();
            rows
        };
        in_time(read).boxed()
    }
}
