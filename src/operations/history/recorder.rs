//! Offers rows of the history to the store, or keeps them in memory where there is none.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;

use cdp_bridge_protocol::RequestBody;

use super::detail::{self, Detail};
use super::ring::Rings;
use super::row;
use crate::clock::epoch_ms;
use crate::fair_permits::{FairPermit, FairPermits};
use crate::lock::lock;
use crate::operations::{Call, CallId, ClientId, FactListener, OperationOutcome, Published, Tap};
use crate::store::{HistoryRow, StoreHandle, Write};

/// The class of the rows among the writes of the store.
const CLASS: &str = "history";

/// How many histories are read from the store at a time. It has two threads for reads, and a long history must not hold up
/// what reads its other tables, such as what looks for revoked API keys.
const READS: usize = 1;

/// The tap and the listener behind the history.
#[derive(Debug)]
pub struct HistoryRecorder {
    store: StoreHandle,
    /// Used without a store alone.
    pub(super) rings: Mutex<Rings>,
    /// Shared by clients.
    reads: FairPermits<ClientId>,
    /// What is kept of each call until it is answered; there are no more than unanswered calls.
    begun: Mutex<HashMap<CallId, Begun>>,
}

#[derive(Debug)]
struct Begun {
    detail: Detail,
    sent_bytes: Option<u64>,
}

impl HistoryRecorder {
    /// Keeps rows in this store, or in memory where it is off.
    pub fn new(store: StoreHandle) -> Self {
        Self {
            store,
            rings: Mutex::default(),
            reads: FairPermits::new(READS, READS),
            begun: Mutex::default(),
        }
    }

    /// Waits until this client may read a history.
    pub(super) async fn turn(&self, client: &ClientId) -> FairPermit<ClientId> {
        self.reads.acquire(client, 1).await
    }

    pub(super) fn store(&self) -> &StoreHandle {
        &self.store
    }

    fn keep(&self, row: HistoryRow) {
        if !self.store.is_on() {
            lock(&self.rings).push(row);
            return;
        }
        // What is dropped under overload is counted there, and a row stands for it later.
        self.store.offer(CLASS, Write::History(row));
    }
}

impl Tap for HistoryRecorder {
    fn before(&self, call: &Call, request: &RequestBody) {
        if let Some(detail) = detail::detail(request) {
            let sent_bytes = detail::sent_bytes(request);
            let begun = Begun { detail, sent_bytes };
            lock(&self.begun).insert(call.id, begun);
        }
    }

    fn after(&self, call: &Call, outcome: &OperationOutcome) {
        let Some(begun) = lock(&self.begun).remove(&call.id) else {
            return;
        };
        if row::was_turned_away(outcome) {
            return;
        }
        let took = call.arrival.at.elapsed().as_micros();
        let took_us = u64::try_from(took).unwrap_or(u64::MAX);
        self.keep(row::of_call(
            call,
            outcome,
            took_us,
            begun.sent_bytes,
            begun.detail,
        ));
    }
}

impl FactListener for HistoryRecorder {
    fn on_fact(&self, published: &Arc<Published>) {
        if let Some(row) = row::of_fact(&published.fact, epoch_ms()) {
            self.keep(row);
        }
    }

    fn has_ended(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn one_history_is_read_at_a_time_so_that_other_reads_are_not_held_up() {
        let history = HistoryRecorder::new(StoreHandle::off());
        let first = history.turn(&"a".into()).await;
        assert!(history.turn(&"b".into()).now_or_never().is_none());
        drop(first);
        history.turn(&"b".into()).await;
    }
}
