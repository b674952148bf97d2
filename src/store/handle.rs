//! The handle that the other rooms hold: a bounded queue in front of the database.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::backend::{Backend, Stored, Transaction};
use super::commit_task;
use super::daemon_lock::DaemonLock;
use super::error::StoreError;
use super::queue::Queue;
use super::write::Write;
use crate::lock::lock;
use crate::metrics;

/// How many transactions may wait to be committed, where nothing else is said.
const QUEUE: usize = 4096;

/// How long a stop waits until what is queued is on disk.
const CLOSING: Duration = Duration::from_secs(3);

/// The store, or its absence. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct StoreHandle(Inner);

#[derive(Debug, Clone, Default)]
enum Inner {
    #[default]
    Off,
    /// There should be one.
    Unusable(Arc<str>),
    Open(Arc<Open>),
}

#[derive(Debug)]
struct Open {
    backend: Arc<dyn Backend>,
    queue: Arc<Queue>,
    health: Arc<Mutex<StoreHealth>>,
    task: Mutex<Option<JoinHandle<()>>>,
    /// Held while this process serves with the database.
    lock: Mutex<Option<DaemonLock>>,
}

/// How the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreHealth {
    /// `store.url` is empty.
    Off,
    Ok,
    /// The latest write failed with this; it is tried again.
    Failing(String),
    /// It could not be used when the process started, so that nothing is kept.
    Unusable(String),
}

/// What waits to be written, and what was given up since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreCounts {
    pub queued: usize,
    pub dropped: u64,
}

impl StoreHandle {
    /// Keeps nothing.
    pub fn off() -> Self {
        Self::default()
    }

    /// Keeps nothing, because of this.
    pub fn unusable(reason: &impl fmt::Display) -> Self {
        metrics::store_failing(true);
        Self(Inner::Unusable(reason.to_string().into()))
    }

    /// Starts the task that writes into this database.
    pub fn start(backend: Arc<dyn Backend>) -> Self {
        Self::start_with(backend, QUEUE, None)
    }

    /// The same with another queue, and holding a lock.
    pub(super) fn start_with(
        backend: Arc<dyn Backend>,
        most: usize,
        lock: Option<DaemonLock>,
    ) -> Self {
        let queue = Arc::new(Queue::new(most));
        let health = Arc::new(Mutex::new(StoreHealth::Ok));
        let task = commit_task::run(
            Arc::clone(&backend),
            Arc::clone(&queue),
            Arc::clone(&health),
        );
        Self(Inner::Open(Arc::new(Open {
            backend,
            queue,
            health,
            task: Mutex::new(Some(tokio::spawn(task))),
            lock: Mutex::new(lock),
        })))
    }

    fn open(&self) -> Option<&Open> {
        match &self.0 {
            Inner::Open(open) => Some(open),
            Inner::Off | Inner::Unusable(_) => None,
        }
    }

    /// Whether anything is kept.
    pub fn is_on(&self) -> bool {
        self.open().is_some()
    }

    /// How it is.
    pub fn health(&self) -> StoreHealth {
        match &self.0 {
            Inner::Off => StoreHealth::Off,
            Inner::Unusable(reason) => StoreHealth::Unusable(reason.to_string()),
            Inner::Open(open) => lock(&open.health).clone(),
        }
    }

    /// What waits, and what was given up.
    pub fn counts(&self) -> StoreCounts {
        let counts = self.open().map(|open| open.queue.counts());
        let (queued, dropped) = counts.unwrap_or_default();
        StoreCounts { queued, dropped }
    }

    /// Makes these changes in one transaction, and waits until they are on disk. It fails at once while the database is
    /// away, and where too many wait; it is not tried again. Without a store it succeeds at once.
    pub async fn write(&self, writes: Transaction) -> Result<(), StoreError> {
        let Some(open) = self.open() else {
            return Ok(());
        };
        let (done, outcome) = oneshot::channel();
        open.queue.push_must(writes, done)?;
        outcome.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Makes this change when there is time, and when the database is back. It never waits: where the queue is full the
    /// change is given up, which is counted under its class.
    pub fn offer(&self, class: &'static str, write: Write) -> bool {
        let open = self.open();
        open.is_none_or(|open| open.queue.push_may(class, write))
    }

    /// Waits until everything that was offered before is on disk.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.write(Vec::new()).await
    }

    /// Writes what waits, then takes nothing more: a process that is started now finds everything, and may serve.
    pub async fn close(&self) {
        let Some(open) = self.open() else { return };
        open.queue.close();
        let task = lock(&open.task).take();
        if let Some(task) = task
            && timeout(CLOSING, task).await.is_err()
        {
            let StoreCounts { queued, .. } = self.counts();
            tracing::warn!(queued, "the store did not take everything in time");
        }
        lock(&open.lock).take();
    }

    /// Reads from the database.
    pub fn reads(&self) -> Result<&dyn Backend, StoreError> {
        match &self.0 {
            Inner::Off => Err(StoreError::Off),
            Inner::Unusable(reason) => Err(StoreError::Unavailable(reason.to_string())),
            Inner::Open(open) => Ok(open.backend.as_ref()),
        }
    }

    /// Reads, where it is on; otherwise nothing is there.
    pub fn read_or_nothing<'a, T: Default + Send + 'a>(
        &'a self,
        read: impl FnOnce(&'a dyn Backend) -> Stored<'a, T>,
    ) -> Stored<'a, T> {
        match self.reads() {
            Ok(backend) => read(backend),
            Err(_) => std::future::ready(Ok(T::default())).boxed(),
        }
    }
}

impl Drop for Open {
    /// The task writes what waits, and ends.
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn ended() -> StoreError {
    StoreError::Unavailable("its task has ended".to_owned())
}
