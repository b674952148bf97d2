//! The staged files of all clients, as operations share them, and the task that drops those that are not used.

use std::sync::{Arc, Mutex, Weak};

use cdp_bridge_protocol::request::StageFile;
use tokio::time::{Instant, sleep_until};

use super::staged_files::{StagedFiles, StagedInfo, StagedPart, StagingError, StagingLimits};
use crate::lock::lock;
use crate::tabs::Scope;
use crate::tabs::page_actions::PageFile;

#[derive(Debug)]
pub(super) struct Staging(Mutex<Table>);

#[derive(Debug)]
struct Table {
    files: StagedFiles,
    /// Whether the task that drops files runs; it ends with the last one.
    is_watched: bool,
}

impl Staging {
    pub(super) fn new(limits: StagingLimits) -> Arc<Self> {
        let files = StagedFiles::new(limits);
        let is_watched = false;
        Arc::new(Self(Mutex::new(Table { files, is_watched })))
    }

    /// Takes a part of a file.
    pub(super) fn stage(
        self: &Arc<Self>,
        scope: &Scope,
        part: StageFile,
    ) -> Result<StagedPart, StagingError> {
        let mut table = lock(&self.0);
        let staged = table.files.stage(scope, part, Instant::now())?;
        self.watch(&mut table);
        Ok(staged)
    }

    /// Begins a file whose size is not known yet.
    pub(super) fn open(
        self: &Arc<Self>,
        scope: &Scope,
        name: String,
        mime: Option<String>,
    ) -> Result<String, StagingError> {
        let mut table = lock(&self.0);
        let id = table.files.open(scope, name, mime, Instant::now())?;
        self.watch(&mut table);
        Ok(id)
    }

    /// Appends to such a file.
    pub(super) fn grow(&self, scope: &Scope, id: &str, data: &[u8]) -> Result<(), StagingError> {
        lock(&self.0).files.grow(scope, id, data, Instant::now())
    }

    /// Such a file is whole.
    pub(super) fn close(&self, scope: &Scope, id: &str) -> Result<StagedInfo, StagingError> {
        lock(&self.0).files.close(scope, id, Instant::now())
    }

    /// What is known of a file.
    pub(super) fn info(&self, scope: &Scope, id: &str) -> Result<StagedInfo, StagingError> {
        lock(&self.0).files.info(scope, id)
    }

    /// Drops a file.
    pub(super) fn remove(&self, scope: &Scope, id: &str) -> Result<(), StagingError> {
        lock(&self.0).files.remove(scope, id)
    }

    fn watch(self: &Arc<Self>, table: &mut Table) {
        if !table.is_watched {
            table.is_watched = true;
            tokio::spawn(drop_unused(Arc::downgrade(self)));
        }
    }

    /// A whole file, for an upload.
    pub(super) fn whole(&self, scope: &Scope, id: &str) -> Result<PageFile, StagingError> {
        lock(&self.0).files.whole(scope, id, Instant::now())
    }

    /// No client is present in this scope any more.
    pub(super) fn forget(&self, scope: &Scope) {
        lock(&self.0).files.forget(scope);
    }
}

async fn drop_unused(staging: Weak<Staging>) {
    while let Some(staging) = staging.upgrade() {
        let next = {
            let mut table = lock(&staging.0);
            let next = table.files.expire(Instant::now());
            table.is_watched = next.is_some();
            next
        };
        drop(staging);
        match next {
            Some(next) => sleep_until(next).await,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_file_that_is_not_used_is_dropped_though_nothing_else_happens() {
        const TIME: Duration = Duration::from_mins(1);
        let staging = Staging::new(StagingLimits {
            files: 2,
            bytes: 9,
            bytes_of_all: 9,
            time: TIME,
        });
        let scope = Scope::from("alice");
        // The second time the task has ended in between.
        for _ in 0..2 {
            let part = StageFile {
                name: Some("a".to_owned()),
                mime: None,
                size: Some(9),
                file_id: None,
                offset: None,
                data: Vec::new().into(),
            };
            let dropped = Arc::downgrade(&staging);
            staging.stage(&scope, part.clone()).unwrap();
            tokio::time::sleep(Duration::from_secs(59)).await;
            assert!(staging.stage(&scope, part).is_err(), "its memory is taken");
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert!(!lock(&staging.0).is_watched);
            assert_eq!(dropped.strong_count(), 1);
        }
    }
}
