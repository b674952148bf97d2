//! The one thread that writes. SQLite has one writer at a time, so that a second would only wait for locks.

use std::io;
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::errors::store_error;
use super::statements::step;
use crate::store::error::StoreError;
use crate::store::sql::statement::Step;

/// How many batches may wait. The handle of the store sends one at a time.
const QUEUE: usize = 4;

type Outcomes = Vec<Result<(), StoreError>>;

/// Commits batches.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` while it is dropped.
    batches: Option<mpsc::Sender<Batch>>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Debug)]
struct Batch {
    transactions: Vec<Vec<Step>>,
    done: oneshot::Sender<Outcomes>,
}

impl Writer {
    pub(super) fn start(mut connection: Connection) -> Result<Self, StoreError> {
        let (batches, mut queued) = mpsc::channel::<Batch>(QUEUE);
        let write = move || {
            while let Some(batch) = queued.blocking_recv() {
                let outcomes = commit(&mut connection, batch.transactions);
                // A caller that was dropped needs no outcome.
                let _ = batch.done.send(outcomes);
            }
        };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(write);
        Ok(Self {
            batches: Some(batches),
            thread: Some(thread.map_err(no_thread)?),
        })
    }

    /// Commits these transactions together.
    pub(super) async fn run(&self, transactions: Vec<Vec<Step>>) -> Outcomes {
        let count = transactions.len();
        let (done, outcomes) = oneshot::channel();
        let batch = Batch { transactions, done };
        if let Some(batches) = &self.batches
            && batches.send(batch).await.is_ok()
            && let Ok(outcomes) = outcomes.await
        {
            return outcomes;
        }
        vec![Err(thread_ended()); count]
    }
}

impl Drop for Writer {
    /// Waits until the file is closed: its log is then part of it, and it can be moved or opened by another.
    fn drop(&mut self) {
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "errors are mapped with it, which hands them over"
)]
pub(super) fn no_thread(error: io::Error) -> StoreError {
    StoreError::Unavailable(format!("no thread can be started: {error}"))
}

pub(super) fn thread_ended() -> StoreError {
    StoreError::Unavailable("the thread of the database has ended".to_owned())
}

/// Commits these in one transaction of SQLite, each of them in a savepoint, so that one that is refused does not take
/// the others with it.
fn commit(connection: &mut Connection, transactions: Vec<Vec<Step>>) -> Outcomes {
    let count = transactions.len();
    match try_commit(connection, transactions) {
        Ok(outcomes) => outcomes,
        Err(error) => {
            if !connection.is_autocommit() {
                // It fails where SQLite has rolled back by itself, which is as good.
                let _ = connection.execute_batch("ROLLBACK");
            }
            vec![Err(error); count]
        }
    }
}

fn try_commit(
    connection: &Connection,
    transactions: Vec<Vec<Step>>,
) -> Result<Outcomes, StoreError> {
    if transactions.iter().all(Vec::is_empty) {
        return Ok(vec![Ok(()); transactions.len()]);
    }
    // IMMEDIATE: a transaction that begins with a read and then writes could fail in between, without waiting.
    run(connection, "BEGIN IMMEDIATE")?;
    let mut outcomes = Vec::with_capacity(transactions.len());
    for steps in transactions {
        run(connection, "SAVEPOINT part")?;
        let mut steps = steps.into_iter();
        let outcome = steps.try_for_each(|it| step(connection, it));
        if let Err(error) = &outcome {
            // A full disk makes SQLite roll back everything; then nothing of this batch is kept.
            if connection.is_autocommit() {
                return Err(error.clone());
            }
            run(connection, "ROLLBACK TO part")?;
        }
        run(connection, "RELEASE part")?;
        outcomes.push(outcome);
    }
    run(connection, "COMMIT")?;
    Ok(outcomes)
}

fn run(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    let statement = connection.prepare_cached(sql);
    let done = statement.and_then(|mut it| it.execute([]));
    done.map(drop).map_err(store_error)
}
