//! Whole files that a client hands over, one after the other, without stating their size before.

use std::sync::Arc;

use super::drain::DrainPhase;
use super::staged_files::{StagedInfo, StagingError};
use super::staging::Staging;
use super::{OperationError, Operations, Permission, Principal};
use crate::tabs::{Scope, TabError};

/// A file that is being received. Dropped before it is finished, it is removed again.
#[derive(Debug)]
pub struct ReceivedFile {
    staging: Arc<Staging>,
    scope: Scope,
    /// None once it is finished.
    id: Option<String>,
}

impl Operations {
    /// Begins a file of this scope. `name` is what pages see.
    pub fn receive_file(
        &self,
        principal: &Principal,
        name: String,
        mime: Option<String>,
    ) -> Result<ReceivedFile, OperationError> {
        may_stage(principal)?;
        if self.drain().phase() != DrainPhase::Serving {
            return Err(TabError::ShuttingDown.into());
        }
        let id = self.staging.open(&principal.scope, name, mime)?;
        Ok(ReceivedFile {
            staging: Arc::clone(&self.staging),
            scope: principal.scope.clone(),
            id: Some(id),
        })
    }

    /// What is known of a staged file.
    pub fn staged_file(&self, scope: &Scope, id: &str) -> Result<StagedInfo, OperationError> {
        Ok(self.staging.info(scope, id)?)
    }

    /// Drops a staged file.
    pub fn drop_staged_file(&self, principal: &Principal, id: &str) -> Result<(), OperationError> {
        may_stage(principal)?;
        Ok(self.staging.remove(&principal.scope, id)?)
    }
}

fn may_stage(principal: &Principal) -> Result<(), OperationError> {
    let needed = Permission::Act;
    if principal.permissions.allow(needed) {
        return Ok(());
    }
    Err(OperationError::NotPermitted {
        kind: cdp_bridge_protocol::RequestKind::StageFile,
        needed,
    })
}

impl ReceivedFile {
    /// Appends bytes.
    pub fn push(&mut self, data: &[u8]) -> Result<(), StagingError> {
        let id = self.id.as_deref().unwrap_or_default();
        self.staging.grow(&self.scope, id, data)
    }

    /// The file is whole, and can be given to pages.
    pub fn finish(mut self) -> Result<StagedInfo, StagingError> {
        let id = self.id.take().unwrap_or_default();
        self.staging.close(&self.scope, &id)
    }
}

impl Drop for ReceivedFile {
    fn drop(&mut self) {
        if let Some(id) = &self.id {
            // It may be gone already, where the session has ended.
            let _ = self.staging.remove(&self.scope, id);
        }
    }
}
