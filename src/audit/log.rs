//! Writes rows of the audit into the store.

use super::entry::AuditEntry;
use crate::store::{StoreHandle, Write};

/// The class under which rows that were given up are counted.
const CLASS: &str = "audit";

/// Where rows of the audit go. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Audit(StoreHandle);

impl Audit {
    /// Into this store.
    pub fn new(store: StoreHandle) -> Self {
        Self(store)
    }

    /// Writes a row when there is time; it never waits. What is written with a transaction goes there, as [`write()`].
    pub fn offer(&self, entry: AuditEntry) {
        if self.0.is_on() {
            self.0.offer(CLASS, write(entry));
        }
    }

    /// Keys were used on this day, in days since the epoch.
    pub fn keys_used(&self, ids: Vec<String>, day: u64) {
        self.0.offer("key_use", Write::KeysUsed { ids, day });
    }
}

/// A row as part of a transaction.
pub fn write(entry: AuditEntry) -> Write {
    Write::Audit(entry.row())
}
