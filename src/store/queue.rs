//! What waits to be committed: bounded, in order, in two classes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::backend::Transaction;
use super::error::StoreError;
use super::rows::{HistoryRow, ScopeKey};
use super::write::Write;
use crate::clock::epoch_ms;
use crate::lock::lock;
use crate::metrics;

/// How many sessions' losses of history are counted one by one.
const GAPS: usize = 256;

/// The class of rows of the history.
const HISTORY: &str = "history";

/// The outcome of a transaction, for the task that waits for it.
pub(super) type Done = oneshot::Sender<Result<(), StoreError>>;

/// A transaction that waits.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) writes: Transaction,
    pub(super) waiter: Waiter,
}

/// Which class it is of.
#[derive(Debug)]
pub(super) enum Waiter {
    /// It has to be kept: a task waits, and gets an error rather than waiting long.
    Must(Done),
    /// It is kept if possible: it waits for a database that is away, and is given up where there are too many.
    May(&'static str),
}

/// The queue in front of a database.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
    most: usize,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<Queued>,
    outage: Option<Outage>,
    is_closed: bool,
    dropped: u64,
    /// How many rows of the history were given up since the last that was kept.
    gaps: BTreeMap<ScopeKey, u64>,
}

/// The database is away.
#[derive(Debug, Clone)]
struct Outage {
    reason: String,
    /// When it is tried again.
    until: Instant,
}

impl Queue {
    /// For this many transactions.
    pub(super) fn new(most: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Notify::new(),
            most,
        }
    }

    /// Queues what has to be kept. In an outage it is refused at once, until the next attempt is due.
    pub(super) fn push_must(&self, writes: Transaction, done: Done) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        if state.is_closed {
            return Err(StoreError::Unavailable("it is closed".to_owned()));
        }
        if let Some(outage) = &state.outage
            && Instant::now() < outage.until
        {
            return Err(StoreError::Unavailable(outage.reason.clone()));
        }
        if state.items.len() >= self.most {
            return Err(StoreError::Overloaded(self.most));
        }
        let waiter = Waiter::Must(done);
        state.items.push_back(Queued { writes, waiter });
        self.noted(&state);
        Ok(())
    }

    /// Queues what is kept if possible; `false` where it is given up. It leaves an eighth of the queue to what has to be kept:
    /// a client whose history fills the rest must not keep others from beginning and ending sessions.
    pub(super) fn push_may(&self, class: &'static str, write: Write) -> bool {
        let mut state = lock(&self.state);
        if state.is_closed || state.items.len() >= self.most - self.most / 8 {
            state.give_up(class, &[write]);
            return false;
        }
        let waiter = Waiter::May(class);
        let writes = vec![write];
        state.items.push_back(Queued { writes, waiter });
        self.noted(&state);
        true
    }

    fn noted(&self, state: &State) {
        metrics::store_queue(state.items.len());
        self.changed.notify_one();
    }

    /// The next transactions, at most this many, once there are some; none where the queue is closed and empty.
    pub(super) async fn next(&self, most: usize) -> Vec<Queued> {
        loop {
            let changed = self.changed.notified();
            {
                let mut state = lock(&self.state);
                let count = state.items.len().min(most);
                if count > 0 || state.is_closed {
                    return state.items.drain(..count).collect();
                }
            }
            changed.await;
        }
    }

    /// The next transactions without waiting.
    pub(super) fn take(&self, most: usize) -> Vec<Queued> {
        let mut state = lock(&self.state);
        let count = state.items.len().min(most);
        state.items.drain(..count).collect()
    }

    /// An attempt has failed, and the next is due then. What has to be kept is refused, of these and of those that
    /// wait; the others wait on.
    pub(super) fn failed(&self, unwritten: Vec<Queued>, reason: &str, until: Instant) {
        let mut state = lock(&self.state);
        let waiting = std::mem::take(&mut state.items);
        for item in unwritten.into_iter().chain(waiting) {
            match item.waiter {
                Waiter::Must(done) => {
                    // A caller that was dropped needs no outcome.
                    let _ = done.send(Err(StoreError::Unavailable(reason.to_owned())));
                }
                Waiter::May(class) if state.items.len() >= self.most || state.is_closed => {
                    state.give_up(class, &item.writes);
                }
                Waiter::May(_) => state.items.push_back(item),
            }
        }
        state.outage = Some(Outage {
            reason: reason.to_owned(),
            until,
        });
        metrics::store_queue(state.items.len());
    }

    /// An attempt has succeeded: the history gets a row for each session that has lost some of it.
    pub(super) fn succeeded(&self) {
        let mut state = lock(&self.state);
        state.outage = None;
        metrics::store_queue(state.items.len());
        if state.items.len() >= self.most {
            return;
        }
        for (scope, dropped) in std::mem::take(&mut state.gaps) {
            state.items.push_back(Queued {
                writes: vec![Write::History(gap(scope, dropped))],
                waiter: Waiter::May(HISTORY),
            });
        }
    }

    /// What was tried and cannot be kept is counted.
    pub(super) fn give_up(&self, class: &'static str, writes: &[Write]) {
        lock(&self.state).give_up(class, writes);
    }

    /// Takes nothing more.
    pub(super) fn close(&self) {
        lock(&self.state).is_closed = true;
        self.changed.notify_one();
    }

    /// Waits until it is closed. Only the task that takes from the queue may call it.
    pub(super) async fn closed(&self) {
        while !self.is_closed() {
            self.changed.notified().await;
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        lock(&self.state).is_closed
    }

    /// How many wait, and how many were given up.
    pub(super) fn counts(&self) -> (usize, u64) {
        let state = lock(&self.state);
        (state.items.len(), state.dropped)
    }
}

impl State {
    fn give_up(&mut self, class: &'static str, writes: &[Write]) {
        self.dropped += 1;
        metrics::store_dropped(class);
        for write in writes {
            let Write::History(row) = write else { continue };
            let has_room = self.gaps.len() < GAPS;
            if let Some(dropped) = self.gaps.get_mut(&row.scope) {
                *dropped += 1;
            } else if has_room {
                self.gaps.insert(row.scope.clone(), 1);
            }
        }
    }
}

fn gap(scope: ScopeKey, dropped: u64) -> HistoryRow {
    HistoryRow {
        scope,
        tab: None,
        at_ms: epoch_ms(),
        kind: "gap".to_owned(),
        outcome: "ok".to_owned(),
        took_us: None,
        bytes: None,
        detail: Some(format!("{{\"dropped\":{dropped}}}")),
    }
}
