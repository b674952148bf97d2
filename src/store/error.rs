//! Why the store could not do what was asked.

/// A read or a write that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// `store.url` is empty.
    #[error("nothing is kept, because store.url is empty")]
    Off,
    /// The database cannot be reached, is locked by another process, or its disk is full. It may be tried again.
    #[error("the store cannot be used now: {0}")]
    Unavailable(String),
    /// More is waiting to be written than the queue takes.
    #[error("the store's queue is full ({0} writes wait)")]
    Overloaded(usize),
    /// Another daemon serves with it.
    #[error(
        "another process serves with the store {0}: stop it, or give this one a store.directory of its own"
    )]
    InUse(String),
    /// The write contradicts what is there, such as a second key with the same id.
    #[error("the store refuses this: {0}")]
    Conflict(String),
    /// The database has a schema that a newer version has made.
    #[error(
        "the store has schema {found}, and this program knows {known}: start the version that wrote it, or a newer one"
    )]
    NewerSchema { found: u32, known: u32 },
    /// A migration that was applied is not the one that this program knows.
    #[error(
        "migration {0} of the store differs from this program's: the file was changed after it was applied"
    )]
    ChangedMigration(u32),
    /// What stands in the database cannot be read.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}

impl StoreError {
    /// Whether the same may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Overloaded(_))
    }
}
