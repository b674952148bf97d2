//! What outlives the process: sessions and their tabs, idempotency keys, history, audit, API keys, jobs and webhooks.
//!
//! It knows rows and transactions, and nothing of tabs, CDP or doors. [`StoreHandle`] is what others hold; databases
//! stand behind the port [`Backend`].

mod audit_chain;
mod backend;
mod error;
pub mod fake;
mod handle;
mod rows;
mod write;

pub use self::audit_chain::{AUDIT_BEGIN, AuditBegin, next as next_in_chain};
pub use self::backend::{Backend, Stored, Transaction};
pub use self::error::StoreError;
pub use self::handle::{StoreHandle, StoreHealth};
pub use self::rows::{
    ApiKeyRow, AuditRow, DeliveryRow, HistoryQuery, HistoryRow, IdempotencyRow, JobRow, KindTotals,
    ScopeKey, Sealed, SessionEnd, SessionRow, StoredAudit, StoredHistory, TabRow, UsageRow,
};
pub use self::write::{Retention, Write};
