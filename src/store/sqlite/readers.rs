//! Threads that read, each with its connection, so that a read does not wait for a commit.

use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use tokio::sync::oneshot;

use super::connection::{self, Role};
use super::statements::rows;
use super::writer::{no_thread, thread_ended};
use crate::lock::lock;
use crate::store::error::StoreError;
use crate::store::sql::statement::Statement;
use crate::store::sql::value::Row;

/// How many threads there are, and so how many reads run at a time.
const THREADS: usize = 2;

/// How many reads may wait.
const QUEUE: usize = 256;

type Rows = Result<Vec<Row>, StoreError>;

/// Runs reads.
#[derive(Debug)]
pub(super) struct Readers {
    /// `None` while it is dropped.
    reads: Option<mpsc::SyncSender<Read>>,
    threads: Vec<thread::JoinHandle<()>>,
}

#[derive(Debug)]
struct Read {
    statement: Statement,
    rows: oneshot::Sender<Rows>,
}

impl Readers {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let (reads, queued) = mpsc::sync_channel::<Read>(QUEUE);
        let queued = Arc::new(Mutex::new(queued));
        let mut threads = Vec::with_capacity(THREADS);
        for _ in 0..THREADS {
            let connection = connection::open(path, Role::Reader)?;
            let queued = Arc::clone(&queued);
            let read_all = move || {
                loop {
                    let next = lock(&queued).recv();
                    let Ok(read) = next else { return };
                    // A caller that was dropped needs no rows.
                    let _ = read.rows.send(rows(&connection, &read.statement));
                }
            };
            let named = thread::Builder::new().name("store-reader".to_owned());
            threads.push(named.spawn(read_all).map_err(no_thread)?);
        }
        Ok(Self {
            reads: Some(reads),
            threads,
        })
    }

    pub(super) async fn rows(&self, statement: Statement) -> Rows {
        let (rows, read) = oneshot::channel();
        let reads = self.reads.as_ref().ok_or_else(thread_ended)?;
        match reads.try_send(Read { statement, rows }) {
            Ok(()) => read.await.unwrap_or_else(|_| Err(thread_ended())),
            Err(mpsc::TrySendError::Full(_)) => Err(StoreError::Overloaded(QUEUE)),
            Err(mpsc::TrySendError::Disconnected(_)) => Err(thread_ended()),
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.reads = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
