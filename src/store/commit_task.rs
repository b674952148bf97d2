//! The task that commits what waits, and tries again while the database is away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::backend::Backend;
use super::error::StoreError;
use super::handle::StoreHealth;
use super::queue::{Queue, Queued, Waiter};
use super::sealed::Sealed;
use super::write::Write;
use crate::lock::lock;
use crate::metrics;

/// How many transactions are committed together.
const BATCH: usize = 256;

/// The wait behind the first failed attempt, which doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(100);

const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The name of the setting that is written to see whether the database takes writes again.
const PROBE: &str = "probe";

/// Commits until the queue is closed and empty.
pub(super) async fn run(
    backend: Arc<dyn Backend>,
    queue: Arc<Queue>,
    health: Arc<Mutex<StoreHealth>>,
) {
    let mut wait = None;
    loop {
        let batch = match wait {
            None => queue.next(BATCH).await,
            Some(_) => queue.take(BATCH),
        };
        if batch.is_empty() && queue.is_closed() {
            return;
        }
        let next = wait.map_or(FIRST_WAIT, |last: Duration| (last * 2).min(LONGEST_WAIT));
        let Err(error) = attempt(&backend, &queue, &health, batch, next).await else {
            if wait.take().is_some() {
                let (_, dropped) = queue.counts();
                tracing::info!(dropped, "the store can be written again");
            }
            continue;
        };
        if wait.is_none() {
            tracing::error!(
                %error,
                "the store cannot be written; sessions go on, and it is tried again until it can"
            );
        }
        wait = Some(next);
        if queue.is_closed() {
            lose_the_rest(&queue);
            return;
        }
        tokio::select! {
            () = sleep(next) => {}
            () = queue.closed() => {}
        }
    }
}

/// Tries a batch once. With an error, what may wait is in the queue again, what may not has its outcome, and the next
/// attempt is due after `wait`.
async fn attempt(
    backend: &Arc<dyn Backend>,
    queue: &Queue,
    health: &Mutex<StoreHealth>,
    batch: Vec<Queued>,
    wait: Duration,
) -> Result<(), StoreError> {
    let started = Instant::now();
    let (writes, waiters): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|it| (it.writes, it.waiter)).unzip();
    // In an outage with nothing to write, an empty transaction finds out when it is over.
    let tried = if writes.is_empty() {
        vec![probe()]
    } else {
        writes.clone()
    };
    let outcomes = backend.commit(tried).await;
    metrics::store_committed(started.elapsed());
    let failure = outcomes.iter().find_map(|outcome| match outcome {
        Err(error @ StoreError::Conflict(_)) => {
            tracing::debug!(%error, "a change was refused");
            None
        }
        Err(error) => Some(error.clone()),
        Ok(()) => None,
    });
    // Before the outcomes are handed out: a caller that looks finds the reason.
    metrics::store_failing(failure.is_some());
    *lock(health) = failure.as_ref().map_or(StoreHealth::Ok, |error| {
        StoreHealth::Failing(error.to_string())
    });
    let mut unwritten = Vec::new();
    for ((outcome, writes), waiter) in outcomes.into_iter().zip(writes).zip(waiters) {
        match (outcome, waiter) {
            (outcome, Waiter::Must(done)) => {
                // A caller that was dropped needs no outcome.
                let _ = done.send(outcome);
            }
            (Ok(()), Waiter::May(_)) => {}
            (Err(error), waiter @ Waiter::May(_)) if error.is_transient() => {
                unwritten.push(Queued { writes, waiter });
            }
            (Err(error), Waiter::May(class)) => {
                tracing::debug!(%error, class, "a change is not kept");
                queue.give_up(class, &writes);
            }
        }
    }
    match failure {
        None => {
            queue.succeeded();
            Ok(())
        }
        Some(error) => {
            queue.failed(unwritten, &error.to_string(), Instant::now() + wait);
            Err(error)
        }
    }
}

fn probe() -> Vec<Write> {
    vec![Write::PutSetting {
        name: PROBE.to_owned(),
        value: Sealed(Vec::new()),
    }]
}

/// The store is closed while the database is away.
fn lose_the_rest(queue: &Queue) {
    let mut lost: usize = 0;
    for item in queue.take(usize::MAX) {
        if let Waiter::May(class) = item.waiter {
            queue.give_up(class, &item.writes);
            lost += 1;
        }
    }
    if lost > 0 {
        tracing::warn!(
            lost,
            "changes are lost, because the store could not be written"
        );
    }
}
