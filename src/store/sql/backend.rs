//! The port over any database that runs the SQL of this room.

use std::fmt::Debug;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::statement::{Statement, Step};
use super::value::Row;
use super::{changes, queries};
use crate::store::backend::{Backend, Stored, Transaction};
use crate::store::error::StoreError;
use crate::store::rows::{
    ApiKeyRow, DeliveryRow, HistoryQuery, IdempotencyRow, JobRow, KindTotals, ScopeKey, SessionRow,
    StoredAudit, StoredHistory, TabRow,
};
use crate::store::sealed::Sealed;

/// Runs statements.
pub(crate) trait Database: Debug + Send + Sync + 'static {
    /// Runs these transactions, and gives the outcome of each.
    fn run(&self, batch: Vec<Vec<Step>>) -> BoxFuture<'_, Vec<Result<(), StoreError>>>;

    /// The rows that a statement gives.
    fn rows(&self, statement: Statement) -> BoxFuture<'_, Result<Vec<Row>, StoreError>>;
}

/// A database behind the port.
#[derive(Debug)]
pub(crate) struct SqlBackend<D>(pub(crate) D);

impl<D: Database> SqlBackend<D> {
    fn all<T: Send + 'static>(
        &self,
        statement: Statement,
        decode: fn(&mut Row) -> Result<T, StoreError>,
    ) -> Stored<'_, Vec<T>> {
        let rows = self.0.rows(statement);
        async move { rows.await?.iter_mut().map(decode).collect() }.boxed()
    }

    fn first<T: Send + 'static>(
        &self,
        statement: Statement,
        decode: fn(&mut Row) -> Result<T, StoreError>,
    ) -> Stored<'_, Option<T>> {
        let rows = self.0.rows(statement);
        async move { rows.await?.first_mut().map(decode).transpose() }.boxed()
    }
}

/// Brings the outcomes of those transactions that could be written as SQL together with the others.
fn merged(
    prepared: Vec<Result<(), StoreError>>,
    outcomes: Vec<Result<(), StoreError>>,
) -> Vec<Result<(), StoreError>> {
    let mut outcomes = outcomes.into_iter();
    let prepared = prepared.into_iter();
    prepared
        .map(|it| it.and_then(|()| outcomes.next().unwrap_or(Ok(()))))
        .collect()
}

impl<D: Database> Backend for SqlBackend<D> {
    fn commit(&self, batch: Vec<Transaction>) -> BoxFuture<'_, Vec<Result<(), StoreError>>> {
        let mut transactions = Vec::with_capacity(batch.len());
        let prepare = |writes: Transaction| {
            let mut steps = Vec::with_capacity(writes.len());
            for write in writes {
                steps.append(&mut changes::steps(write)?);
            }
            transactions.push(steps);
            Ok(())
        };
        let prepared: Vec<_> = batch.into_iter().map(prepare).collect();
        async move { merged(prepared, self.0.run(transactions).await) }.boxed()
    }

    fn live_sessions(&self) -> Stored<'_, Vec<SessionRow>> {
        self.all(queries::live_sessions(), queries::session_row)
    }

    fn session(&self, client: String, id: String) -> Stored<'_, Option<SessionRow>> {
        self.first(queries::session(client, id), queries::session_row)
    }

    fn ended_sessions(
        &self,
        client: String,
        before: Option<String>,
        limit: usize,
    ) -> Stored<'_, Vec<SessionRow>> {
        let statement = queries::ended_sessions(client, before, limit);
        self.all(statement, queries::session_row)
    }

    fn tabs(&self) -> Stored<'_, Vec<TabRow>> {
        self.all(queries::tabs(), queries::tab_row)
    }

    fn last_tab_numbers(&self) -> Stored<'_, Vec<(String, u64)>> {
        self.all(queries::last_tab_numbers(), queries::tab_number)
    }

    fn idempotency_keys(&self, now_ms: u64) -> Stored<'_, Vec<IdempotencyRow>> {
        self.all(queries::idempotency_keys(now_ms), queries::idempotency_row)
    }

    fn history(&self, scope: ScopeKey, query: HistoryQuery) -> Stored<'_, Vec<StoredHistory>> {
        self.all(queries::history(scope, query), queries::history_row)
    }

    fn history_totals(&self, scope: ScopeKey) -> Stored<'_, Vec<KindTotals>> {
        self.all(queries::history_totals(scope), queries::totals_row)
    }

    fn slowest(&self, scope: ScopeKey, limit: usize) -> Stored<'_, Vec<StoredHistory>> {
        self.all(queries::slowest(scope, limit), queries::history_row)
    }

    fn audit(&self, after: u64, limit: usize) -> Stored<'_, Vec<StoredAudit>> {
        self.all(queries::audit(after, limit), queries::audit_row)
    }

    fn keys(&self) -> Stored<'_, Vec<ApiKeyRow>> {
        self.all(queries::keys(), queries::key_row)
    }

    fn jobs(&self) -> Stored<'_, Vec<JobRow>> {
        self.all(queries::jobs(), queries::job_row)
    }

    fn deliveries(&self, limit: usize) -> Stored<'_, Vec<DeliveryRow>> {
        self.all(queries::deliveries(limit), queries::delivery_row)
    }

    fn setting(&self, name: String) -> Stored<'_, Option<Sealed>> {
        self.first(queries::setting(name), queries::setting_row)
    }

    fn keys_version(&self) -> Stored<'_, u64> {
        let version = self.first(queries::keys_version(), queries::number);
        async move { Ok(version.await?.unwrap_or(0)) }.boxed()
    }
}
