//! Where records of sessions are kept beyond the table.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Mutex;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::record::SessionRecord;
use super::{SessionId, SessionStatus};
use crate::lock::lock;

/// The store did not take a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record of a session cannot be kept: {0}")]
pub struct StoreError(pub String);

/// Keeps records of sessions. Both calls are awaited: a session is only reported as made, or as destroyed, once its
/// record is kept.
pub trait SessionStore: Debug + Send + Sync + 'static {
    /// A session is made, and takes work from now on.
    fn created(&self, record: SessionRecord) -> BoxFuture<'_, Result<(), StoreError>>;

    /// A session has ended, and nothing of it is left.
    fn ended(&self, record: SessionRecord) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// Keeps the records of live sessions in memory, as long as the process runs. Those of ended ones are in the table.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<SessionId, SessionRecord>>);

impl MemoryStore {
    /// The records that it keeps.
    pub fn records(&self) -> Vec<SessionRecord> {
        lock(&self.0).values().cloned().collect()
    }
}

impl SessionStore for MemoryStore {
    fn created(&self, record: SessionRecord) -> BoxFuture<'_, Result<(), StoreError>> {
        lock(&self.0).insert(record.id, record);
        std::future::ready(Ok(())).boxed()
    }

    fn ended(&self, record: SessionRecord) -> BoxFuture<'_, Result<(), StoreError>> {
        debug_assert!(matches!(
            record.status,
            SessionStatus::Completed | SessionStatus::Error
        ));
        lock(&self.0).remove(&record.id);
        std::future::ready(Ok(())).boxed()
    }
}
