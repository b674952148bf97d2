//! What outlives the process: sessions and their tabs, idempotency keys, history, audit, API keys, jobs and webhooks.
//!
//! It knows rows and transactions, and nothing of tabs, CDP or doors. [`StoreHandle`] is what others hold; databases
//! stand behind the port [`Backend`].
//!
//! | module | holds |
//! | --- | --- |
//! | `rows`, `sealed`, `write`, `audit_chain` | what is kept; what of it is encrypted; changes of it as values |
//! | `backend`, `error`, `fake` | the port; its errors; a database in memory |
//! | `history_in_memory` | the reads of a history that is not in a database |
//! | `handle`, `queue`, `commit_task` | the queue in front of a database, and the task that empties it |
//! | `open`, `url`, `settings`, `daemon_lock`, `report` | opening and checking the store that is configured |
//! | `sql`, `sqlite`, `postgres` | the SQL of all databases; the two |

mod audit_chain;
mod backend;
mod commit_task;
mod daemon_lock;
mod error;
pub mod fake;
mod handle;
pub mod history_in_memory;
mod open;
mod postgres;
mod queue;
mod report;
mod rows;
mod sealed;
mod settings;
mod sql;
mod sqlite;
mod url;
mod write;

pub use self::audit_chain::{AUDIT_BEGIN, next as next_in_chain};
pub use self::backend::{Backend, Stored, Transaction};
pub use self::error::StoreError;
pub use self::handle::{StoreCounts, StoreHandle, StoreHealth};
pub use self::open::{StoreUse, check, migrate, open, vacuum};
pub use self::report::StoreReport;
pub use self::rows::{
    ApiKeyRow, AuditRow, DeliveryRow, HistoryQuery, HistoryRow, IdempotencyRow, JobRow, KindTotals,
    ScopeKey, SessionEnd, SessionRow, StoredAudit, StoredHistory, TabRow, UsageRow,
};
pub use self::sealed::{Sealed, SealedError};
pub use self::settings::StoreConfig;
pub use self::url::{NotAStoreUrl, StoreUrl};
pub use self::write::{Retention, Write};
