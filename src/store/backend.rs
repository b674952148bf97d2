//! The port that databases are behind.

use std::fmt::Debug;

use futures::future::BoxFuture;

use super::error::StoreError;
use super::rows::{
    ApiKeyRow, DeliveryRow, HistoryQuery, IdempotencyRow, JobRow, KindTotals, ScopeKey, SessionRow,
    StoredAudit, StoredHistory, TabRow,
};
use super::sealed::Sealed;
use super::write::Write;

/// What a read or a write gives.
pub type Stored<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// A list of changes, made in one transaction: all of them or none.
pub type Transaction = Vec<Write>;

/// A database. [`StoreHandle`](super::StoreHandle) queues the writes, so that `commit` is called by one task at a time.
pub trait Backend: Debug + Send + Sync + 'static {
    /// Commits these transactions together where it can, and gives the outcome of each, in their order. One that is
    /// refused does not take the others with it.
    fn commit(&self, batch: Vec<Transaction>) -> BoxFuture<'_, Vec<Result<(), StoreError>>>;

    /// The sessions that have not ended.
    fn live_sessions(&self) -> Stored<'_, Vec<SessionRow>>;

    /// One session of a client, live or ended.
    fn session(&self, client: String, id: String) -> Stored<'_, Option<SessionRow>>;

    /// The ended sessions of a client, newest first, that were created before the one with this id.
    fn ended_sessions(
        &self,
        client: String,
        before: Option<String>,
        limit: usize,
    ) -> Stored<'_, Vec<SessionRow>>;

    /// All tabs, those that were used last first.
    fn tabs(&self) -> Stored<'_, Vec<TabRow>>;

    /// The highest number that a tab of each client has had.
    fn last_tab_numbers(&self) -> Stored<'_, Vec<(String, u64)>>;

    /// The idempotency keys that have not expired.
    fn idempotency_keys(&self, now_ms: u64) -> Stored<'_, Vec<IdempotencyRow>>;

    fn history(&self, scope: ScopeKey, query: HistoryQuery) -> Stored<'_, Vec<StoredHistory>>;

    /// The totals of a session's history, by kind.
    fn history_totals(&self, scope: ScopeKey) -> Stored<'_, Vec<KindTotals>>;

    /// The slowest requests of a session, slowest first.
    fn slowest(&self, scope: ScopeKey, limit: usize) -> Stored<'_, Vec<StoredHistory>>;

    /// Rows of the audit after this number, oldest first.
    fn audit(&self, after: u64, limit: usize) -> Stored<'_, Vec<StoredAudit>>;

    /// All API keys, revoked ones among them.
    fn keys(&self) -> Stored<'_, Vec<ApiKeyRow>>;

    /// The jobs that are not forgotten yet.
    fn jobs(&self) -> Stored<'_, Vec<JobRow>>;

    /// The webhooks that are still to be delivered, the next first.
    fn deliveries(&self, limit: usize) -> Stored<'_, Vec<DeliveryRow>>;

    fn setting(&self, name: String) -> Stored<'_, Option<Sealed>>;

    /// A number that changes whenever another process may have changed the keys.
    fn keys_version(&self) -> Stored<'_, u64>;
}
