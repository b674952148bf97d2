//! The handle that the other rooms hold: a bounded queue in front of the database.

use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use tokio::sync::{mpsc, oneshot};

use super::backend::{Backend, Stored, Transaction};
use super::error::StoreError;
use super::write::Write;
use crate::lock::lock;
use crate::metrics;

/// How many transactions may wait to be committed.
const QUEUE: usize = 4096;

/// How many are committed together.
const BATCH: usize = 256;

/// The store, or its absence. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct StoreHandle(Option<Arc<Open>>);

#[derive(Debug)]
struct Open {
    backend: Arc<dyn Backend>,
    queue: mpsc::Sender<Queued>,
    health: Arc<Mutex<StoreHealth>>,
}

/// How the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreHealth {
    /// `store.url` is empty.
    Off,
    Ok,
    /// The latest write failed with this.
    Failing(String),
}

#[derive(Debug)]
struct Queued {
    writes: Transaction,
    /// `None` for what nobody waits for.
    done: Option<oneshot::Sender<Result<(), StoreError>>>,
}

impl StoreHandle {
    /// Keeps nothing.
    pub fn off() -> Self {
        Self(None)
    }

    /// Writes into this database, from a task of its own.
    pub fn start(backend: Arc<dyn Backend>) -> Self {
        let (queue, queued) = mpsc::channel(QUEUE);
        let health = Arc::new(Mutex::new(StoreHealth::Ok));
        tokio::spawn(write_all(Arc::clone(&backend), queued, Arc::clone(&health)));
        Self(Some(Arc::new(Open {
            backend,
            queue,
            health,
        })))
    }

    /// Whether anything is kept.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// How it is.
    pub fn health(&self) -> StoreHealth {
        let open = self.0.as_ref();
        open.map_or(StoreHealth::Off, |open| lock(&open.health).clone())
    }

    /// Makes these changes in one transaction, and waits until they are on disk. Without a store it succeeds at once.
    pub async fn write(&self, writes: Transaction) -> Result<(), StoreError> {
        let Some(open) = &self.0 else {
            return Ok(());
        };
        let (done, outcome) = oneshot::channel();
        let queued = Queued {
            writes,
            done: Some(done),
        };
        if open.queue.try_send(queued).is_err() {
            return Err(StoreError::Overloaded(QUEUE));
        }
        outcome.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Makes this change when there is time. It never waits: where the queue is full the change is given up, which is
    /// counted under its class.
    pub fn offer(&self, class: &'static str, write: Write) -> bool {
        let Some(open) = &self.0 else {
            return true;
        };
        let queued = Queued {
            writes: vec![write],
            done: None,
        };
        let is_taken = open.queue.try_send(queued).is_ok();
        if !is_taken {
            metrics::dropped("store", class);
        }
        is_taken
    }

    /// Waits until everything that was offered before is on disk.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.write(Vec::new()).await
    }

    /// Reads from the database.
    pub fn reads(&self) -> Result<&dyn Backend, StoreError> {
        let open = self.0.as_ref().ok_or(StoreError::Off)?;
        Ok(open.backend.as_ref())
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

fn ended() -> StoreError {
    StoreError::Unavailable("its task has ended".to_owned())
}

async fn write_all(
    backend: Arc<dyn Backend>,
    mut queued: mpsc::Receiver<Queued>,
    health: Arc<Mutex<StoreHealth>>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while queued.recv_many(&mut batch, BATCH).await > 0 {
        let (writes, waiting): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|it| (it.writes, it.done)).unzip();
        let outcomes = backend.commit(writes).await;
        let failure = outcomes.iter().find_map(|outcome| match outcome {
            Err(error) if error.is_transient() => Some(error.to_string()),
            _ => None,
        });
        *lock(&health) = failure.map_or(StoreHealth::Ok, StoreHealth::Failing);
        for (outcome, done) in outcomes.into_iter().zip(waiting) {
            match done {
                // A receiver that does not wait any more needs no outcome.
                Some(done) => drop(done.send(outcome)),
                None => {
                    if let Err(error) = outcome {
                        tracing::warn!(%error, "a change is not kept");
                    }
                }
            }
        }
    }
}
