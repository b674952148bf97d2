//! The way of one process to the database, which ends with the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cdp_bridge::store::fake::FakeBackend;
use cdp_bridge::store::{
    ApiKeyRow, Backend, DeliveryRow, HistoryQuery, IdempotencyRow, JobRow, KindTotals, ScopeKey,
    Sealed, SessionRow, StoreError, Stored, StoredAudit, StoredHistory, TabRow, Transaction,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;

/// Nothing goes through it once it is cut.
#[derive(Debug)]
pub(super) struct Line {
    backend: Arc<FakeBackend>,
    is_cut: AtomicBool,
}

impl Line {
    pub(super) fn to(backend: Arc<FakeBackend>) -> Arc<Self> {
        Arc::new(Self {
            backend,
            is_cut: AtomicBool::new(false),
        })
    }

    /// The process is gone.
    pub(super) fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
    }

    fn through<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&'a FakeBackend) -> Stored<'a, T>,
    ) -> Stored<'a, T> {
        if self.is_cut.load(Ordering::Relaxed) {
            return std::future::ready(Err(gone())).boxed();
        }
        read(&self.backend)
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the process is gone".to_owned())
}

impl Backend for Line {
    fn commit(&self, batch: Vec<Transaction>) -> BoxFuture<'_, Vec<Result<(), StoreError>>> {
        async move {
            let held = self.backend.hold().await;
            if self.is_cut.load(Ordering::Relaxed) {
                return batch.iter().map(|_| Err(gone())).collect();
            }
            drop(held);
            self.backend.commit(batch).await
        }
        .boxed()
    }

    fn live_sessions(&self) -> Stored<'_, Vec<SessionRow>> {
        self.through(|it| it.live_sessions())
    }

    fn session(&self, client: String, id: String) -> Stored<'_, Option<SessionRow>> {
        self.through(|it| it.session(client, id))
    }

    fn ended_sessions(
        &self,
        client: String,
        before: Option<String>,
        limit: usize,
    ) -> Stored<'_, Vec<SessionRow>> {
        self.through(|it| it.ended_sessions(client, before, limit))
    }

    fn tabs(&self) -> Stored<'_, Vec<TabRow>> {
        self.through(|it| it.tabs())
    }

    fn last_tab_numbers(&self) -> Stored<'_, Vec<(String, u64)>> {
        self.through(|it| it.last_tab_numbers())
    }

    fn idempotency_keys(&self, now_ms: u64) -> Stored<'_, Vec<IdempotencyRow>> {
        self.through(|it| it.idempotency_keys(now_ms))
    }

    fn history(&self, scope: ScopeKey, query: HistoryQuery) -> Stored<'_, Vec<StoredHistory>> {
        self.through(|it| it.history(scope, query))
    }

    fn history_totals(&self, scope: ScopeKey) -> Stored<'_, Vec<KindTotals>> {
        self.through(|it| it.history_totals(scope))
    }

    fn slowest(&self, scope: ScopeKey, limit: usize) -> Stored<'_, Vec<StoredHistory>> {
        self.through(|it| it.slowest(scope, limit))
    }

    fn audit(&self, after: u64, limit: usize) -> Stored<'_, Vec<StoredAudit>> {
        self.through(|it| it.audit(after, limit))
    }

    fn keys(&self) -> Stored<'_, Vec<ApiKeyRow>> {
        self.through(|it| it.keys())
    }

    fn jobs(&self) -> Stored<'_, Vec<JobRow>> {
        self.through(|it| it.jobs())
    }

    fn deliveries(&self, limit: usize) -> Stored<'_, Vec<DeliveryRow>> {
        self.through(|it| it.deliveries(limit))
    }

    fn setting(&self, name: String) -> Stored<'_, Option<Sealed>> {
        self.through(|it| it.setting(name))
    }

    fn keys_version(&self) -> Stored<'_, u64> {
        self.through(|it| it.keys_version())
    }
}
