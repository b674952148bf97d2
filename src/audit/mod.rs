//! The audit: who did what to which session or key, and what came of it.
//!
//! | module | holds |
//! | --- | --- |
//! | [`entry`] | what a row can say |
//! | [`log`] | writes rows into the store |
//! | [`chain`] | verifies that no row was changed, left out or inserted later |

pub mod chain;
pub mod entry;
pub mod log;

pub use entry::{Actor, AuditAction, AuditDetail, AuditEntry, AuditObject};
pub use log::Audit;
