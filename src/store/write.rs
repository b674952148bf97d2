//! What is written, as values: a list of them is one transaction.

use super::rows::{
    ApiKeyRow, AuditRow, DeliveryRow, HistoryRow, IdempotencyRow, JobRow, ScopeKey, SessionEnd,
    SessionRow, TabRow, UsageRow,
};
use super::sealed::Sealed;

/// One change of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Inserts a session, or replaces what is known of it. One that has ended stays as it is: an older row that was written
    /// late must not bring it back.
    PutSession(SessionRow),
    /// A session was used. Changes nothing where it has ended.
    SessionUsed {
        id: String,
        last_active_ms: u64,
        usage: UsageRow,
    },
    /// A session has ended: its tabs and idempotency keys are removed with it.
    EndSession {
        id: String,
        end: SessionEnd,
        usage: UsageRow,
    },
    /// Inserts or replaces a tab, and keeps its number from being given again.
    PutTab(TabRow),
    /// Tabs were used: when each was last.
    TabsUsed(ScopeKey, Vec<(u64, u64)>),
    /// A tab is gone.
    RemoveTab(ScopeKey, u64),
    /// Every tab of a scope is gone.
    RemoveTabs(ScopeKey),
    /// Something was made under an idempotency key.
    PutIdempotency(IdempotencyRow),
    History(HistoryRow),
    /// Appended with its link to the row before.
    Audit(AuditRow),
    /// Inserts a key; one with this id must not exist.
    InsertKey(ApiKeyRow),
    /// A key is void from now on. Changes nothing where it is already.
    RevokeKey {
        id: String,
        at_ms: u64,
    },
    /// Keys were used on this day (in days since 1970).
    KeysUsed {
        ids: Vec<String>,
        day: u64,
    },
    PutJob(JobRow),
    RemoveJob(String),
    PutDelivery(DeliveryRow),
    RemoveDelivery(String),
    /// A small value of the daemon itself, such as whether it stopped in good order.
    PutSetting {
        name: String,
        value: Sealed,
    },
    /// Deletes what is older than the retention, at most this many rows of each table.
    Expire(Retention),
}

/// What may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    pub now_ms: u64,
    pub history_before_ms: u64,
    pub sessions_before_ms: u64,
    pub audit_before_ms: u64,
    pub most: u32,
}
