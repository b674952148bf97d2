//! The downloads of a scope.

use super::{OperationError, Operations, Permission, Principal};
use crate::tabs::{KeptDownload, TabError};

impl Operations {
    /// The downloads of the principal's scope that are kept or in progress, oldest first. The bytes of one are had by
    /// `getDownload`, from its tab.
    pub async fn downloads(
        &self,
        principal: &Principal,
    ) -> Result<Vec<KeptDownload>, OperationError> {
        let needed = Permission::Observe;
        if !principal.permissions.allow(needed) {
            let kind = cdp_bridge_protocol::RequestKind::GetDownload;
            return Err(OperationError::NotPermitted { kind, needed });
        }
        let listed = self.services.tabs.list_downloads(principal.scope.clone());
        listed.await.map_err(|_| TabError::ShuttingDown.into())
    }
}
