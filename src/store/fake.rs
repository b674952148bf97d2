//! A database in memory, for tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::audit_chain::AUDIT_BEGIN;
use super::backend::{Backend, Stored, Transaction};
use super::error::StoreError;
use super::history_in_memory;
use super::rows::{
    ApiKeyRow, DeliveryRow, HistoryQuery, IdempotencyRow, JobRow, KindTotals, ScopeKey, SessionRow,
    StoredAudit, StoredHistory, TabRow,
};
use super::sealed::Sealed;
use super::write::{Retention, Write};
use crate::lock::lock;

/// Keeps everything in memory. Its verbs make it fail and wait.
#[derive(Debug, Default)]
pub struct FakeBackend {
    rows: Mutex<Rows>,
    failure: Mutex<Option<StoreError>>,
    held: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Default)]
struct Rows {
    sessions: BTreeMap<String, SessionRow>,
    tabs: BTreeMap<(ScopeKey, u64), TabRow>,
    last_tab: BTreeMap<String, u64>,
    idempotency: BTreeMap<(ScopeKey, String), IdempotencyRow>,
    history: Vec<StoredHistory>,
    audit: Vec<StoredAudit>,
    keys: BTreeMap<String, ApiKeyRow>,
    keys_version: u64,
    jobs: BTreeMap<String, JobRow>,
    deliveries: BTreeMap<String, DeliveryRow>,
    settings: BTreeMap<String, Sealed>,
}

impl FakeBackend {
    /// Every write and read fails with this, until it is called with `None`.
    pub fn fail(&self, failure: Option<StoreError>) {
        *lock(&self.failure) = failure;
    }

    /// Writes wait while the guard lives.
    pub async fn hold(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.held.lock().await
    }

    /// Changes a row of the audit past its chain.
    pub fn tamper_audit(&self, seq: u64, change: impl FnOnce(&mut StoredAudit)) {
        if let Some(row) = self.rows().audit.iter_mut().find(|it| it.seq == seq) {
            change(row);
        }
    }

    /// Removes a row of the audit past its chain.
    pub fn remove_audit(&self, seq: u64) {
        self.rows().audit.retain(|it| it.seq != seq);
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        lock(&self.rows)
    }

    fn check(&self) -> Result<(), StoreError> {
        lock(&self.failure).clone().map_or(Ok(()), Err)
    }

    fn read<T: Send + 'static>(&self, read: impl FnOnce(&Rows) -> T) -> Stored<'_, T> {
        let value = self.check().map(|()| read(&self.rows()));
        std::future::ready(value).boxed()
    }
}

impl Rows {
    fn history_of(&self, scope: &ScopeKey) -> impl DoubleEndedIterator<Item = &StoredHistory> {
        self.history.iter().filter(move |it| it.row.scope == *scope)
    }

    fn write(&mut self, write: Write) -> Result<(), StoreError> {
        match write {
            Write::PutSession(row) => self.put_session(row),
            Write::SessionUsed {
                id,
                last_active_ms,
                usage,
            } => {
                if let Some(session) = self.live(&id) {
                    session.last_active_ms = last_active_ms;
                    session.usage = usage;
                }
            }
            Write::EndSession { id, end, usage } => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.end = Some(end);
                    session.usage = usage;
                }
                self.tabs.retain(|(scope, _), _| scope.session != id);
                self.idempotency.retain(|(scope, _), _| scope.session != id);
            }
            Write::PutTab(row) => {
                let last = self.last_tab.entry(row.scope.client.clone()).or_default();
                *last = row.tab.max(*last);
                self.tabs.insert((row.scope.clone(), row.tab), row);
            }
            Write::TabsUsed(scope, tabs) => {
                for (tab, at) in tabs {
                    if let Some(row) = self.tabs.get_mut(&(scope.clone(), tab)) {
                        row.last_used_ms = at;
                    }
                }
            }
            Write::RemoveTab(scope, tab) => drop(self.tabs.remove(&(scope, tab))),
            Write::RemoveTabs(scope) => self.tabs.retain(|(of, _), _| *of != scope),
            Write::PutIdempotency(row) => {
                let key = (row.scope.clone(), row.key.clone());
                self.idempotency.insert(key, row);
            }
            Write::History(row) => {
                let seq = self.history.last().map_or(0, |row| row.seq) + 1;
                self.history.push(StoredHistory { seq, row });
            }
            Write::Audit(row) => {
                let last = self.audit.last();
                let seq = last.map_or(0, |row| row.seq) + 1;
                let begin = self.settings.get(AUDIT_BEGIN);
                let before = last.map(|row| &row.chain);
                let before = before.or(begin.map(|Sealed(chain)| chain));
                let chain = super::audit_chain::next(before.map(Vec::as_slice), &row);
                self.audit.push(StoredAudit { seq, row, chain });
            }
            Write::InsertKey(row) => {
                if self.keys.contains_key(&row.id) {
                    return Err(StoreError::Conflict(format!("key {} exists", row.id)));
                }
                self.keys_version += 1;
                self.keys.insert(row.id.clone(), row);
            }
            Write::RevokeKey { id, at_ms } => {
                self.keys_version += 1;
                if let Some(key) = self.keys.get_mut(&id) {
                    key.revoked_ms.get_or_insert(at_ms);
                }
            }
            Write::KeysUsed { ids, day } => {
                for id in ids {
                    if let Some(key) = self.keys.get_mut(&id) {
                        key.last_used_day = Some(day);
                    }
                }
            }
            Write::PutJob(row) => drop(self.jobs.insert(row.id.clone(), row)),
            Write::RemoveJob(id) => drop(self.jobs.remove(&id)),
            Write::PutDelivery(row) => drop(self.deliveries.insert(row.id.clone(), row)),
            Write::RemoveDelivery(id) => drop(self.deliveries.remove(&id)),
            Write::PutSetting { name, value } => drop(self.settings.insert(name, value)),
            Write::Expire(retention) => self.expire(retention),
        }
        Ok(())
    }

    fn put_session(&mut self, row: SessionRow) {
        let before = self.sessions.get(&row.id);
        if before.is_none_or(|it| it.end.is_none()) {
            self.sessions.insert(row.id.clone(), row);
        }
    }

    fn live(&mut self, id: &str) -> Option<&mut SessionRow> {
        let session = self.sessions.get_mut(id);
        session.filter(|it| it.end.is_none())
    }

    fn expire(&mut self, retention: Retention) {
        let Retention { now_ms, most, .. } = retention;
        let mut left = most;
        self.history
            .retain(|it| it.row.at_ms >= retention.history_before_ms || !take(&mut left));
        left = most;
        self.sessions.retain(|_, it| {
            let ended = it.end.as_ref().map(|end| end.ended_ms);
            ended.is_none_or(|at| at >= retention.sessions_before_ms) || !take(&mut left)
        });
        // From the begin without a hole, so that what is left is one chain.
        let mut oldest = self.audit.iter().take(most as usize);
        let is_old = |it: &StoredAudit| it.row.at_ms < retention.audit_before_ms;
        let old = oldest.rposition(is_old).map_or(0, |last| last + 1);
        if let Some(last) = self.audit.drain(..old).next_back() {
            let begin = Sealed(last.chain);
            self.settings.insert(AUDIT_BEGIN.to_owned(), begin);
        }
        left = most;
        self.idempotency
            .retain(|_, it| it.expires_ms > now_ms || !take(&mut left));
        left = most;
        self.jobs
            .retain(|_, it| it.until_ms.is_none_or(|until| until > now_ms) || !take(&mut left));
    }
}

/// Whether one more may be deleted.
fn take(left: &mut u32) -> bool {
    let may = *left > 0;
    *left = left.saturating_sub(1);
    may
}

impl Backend for FakeBackend {
    fn commit(&self, batch: Vec<Transaction>) -> BoxFuture<'_, Vec<Result<(), StoreError>>> {
        async move {
            let _held = self.held.lock().await;
            let transactions = batch.into_iter();
            let outcomes = transactions.map(|writes| {
                self.check()?;
                let mut changed = self.rows().clone();
                writes.into_iter().try_for_each(|it| changed.write(it))?;
                *self.rows() = changed;
                Ok(())
            });
            outcomes.collect()
        }
        .boxed()
    }

    fn live_sessions(&self) -> Stored<'_, Vec<SessionRow>> {
        self.read(|rows| {
            let live = rows.sessions.values().filter(|it| it.end.is_none());
            live.cloned().collect()
        })
    }

    fn session(&self, client: String, id: String) -> Stored<'_, Option<SessionRow>> {
        self.read(|rows| {
            let session = rows.sessions.get(&id);
            session.filter(|it| it.client == client).cloned()
        })
    }

    fn ended_sessions(
        &self,
        client: String,
        before: Option<String>,
        limit: usize,
    ) -> Stored<'_, Vec<SessionRow>> {
        self.read(|rows| {
            let newest_first = rows.sessions.values().rev();
            let ended = newest_first.filter(|it| it.client == client && it.end.is_some());
            let after = ended.filter(|it| before.as_ref().is_none_or(|before| it.id < *before));
            after.take(limit).cloned().collect()
        })
    }

    fn tabs(&self) -> Stored<'_, Vec<TabRow>> {
        self.read(|rows| {
            let mut tabs: Vec<_> = rows.tabs.values().cloned().collect();
            tabs.sort_by_key(|tab| std::cmp::Reverse(tab.last_used_ms));
            tabs
        })
    }

    fn last_tab_numbers(&self) -> Stored<'_, Vec<(String, u64)>> {
        self.read(|rows| rows.last_tab.clone().into_iter().collect())
    }

    fn idempotency_keys(&self, now_ms: u64) -> Stored<'_, Vec<IdempotencyRow>> {
        self.read(|rows| {
            let keys = rows.idempotency.values();
            keys.filter(|it| it.expires_ms > now_ms).cloned().collect()
        })
    }

    fn history(&self, scope: ScopeKey, query: HistoryQuery) -> Stored<'_, Vec<StoredHistory>> {
        self.read(|rows| history_in_memory::select(rows.history_of(&scope), &query))
    }

    fn history_totals(&self, scope: ScopeKey) -> Stored<'_, Vec<KindTotals>> {
        self.read(|rows| history_in_memory::totals(rows.history_of(&scope)))
    }

    fn slowest(&self, scope: ScopeKey, limit: usize) -> Stored<'_, Vec<StoredHistory>> {
        self.read(|rows| history_in_memory::slowest(rows.history_of(&scope), limit))
    }

    fn audit(&self, after: u64, limit: usize) -> Stored<'_, Vec<StoredAudit>> {
        self.read(|rows| {
            let rows = rows.audit.iter().filter(|it| it.seq > after);
            rows.take(limit).cloned().collect()
        })
    }

    fn keys(&self) -> Stored<'_, Vec<ApiKeyRow>> {
        self.read(|rows| rows.keys.values().cloned().collect())
    }

    fn jobs(&self) -> Stored<'_, Vec<JobRow>> {
        self.read(|rows| rows.jobs.values().cloned().collect())
    }

    fn deliveries(&self, limit: usize) -> Stored<'_, Vec<DeliveryRow>> {
        self.read(|rows| {
            let mut due: Vec<_> = rows.deliveries.values().cloned().collect();
            due.sort_by_key(|it| it.next_ms);
            due.truncate(limit);
            due
        })
    }

    fn setting(&self, name: String) -> Stored<'_, Option<Sealed>> {
        self.read(|rows| rows.settings.get(&name).cloned())
    }

    fn keys_version(&self) -> Stored<'_, u64> {
        self.read(|rows| rows.keys_version)
    }
}
