//! What was done in each session: a row for each request that was carried out, and for some of what happened.
//!
//! | module | holds |
//! | --- | --- |
//! | [`detail`] | which fields of a request a row may have: an allow-list (pure) |
//! | `row` | from calls and facts to rows (pure) |
//! | [`recorder`] | the tap and the listener that offer rows to the store |
//! | `ring` | the rows of each client in memory, where there is no store |
//! | [`reading`] | the answers to `getHistory` and `getUsage` |

pub mod detail;
pub mod reading;
pub mod recorder;
mod ring;
mod row;

pub use self::reading::{HistoryPage, HistoryPlan, UsageReport};
pub use self::recorder::HistoryRecorder;

pub use crate::store::{HistoryQuery, KindTotals, StoredHistory};
