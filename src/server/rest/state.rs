//! What the requests of this door share.

use super::callers::RestCallers;
use super::jobs::Jobs;
use super::repeated::RestKeys;
use crate::operations::IdempotencyConfig;
use crate::operations::once::OnceGuard;

/// The state of the door.
#[derive(Debug)]
pub(crate) struct RestState {
    pub(crate) callers: RestCallers,
    pub(crate) keys: RestKeys,
    pub(crate) jobs: Jobs,
}

impl RestState {
    pub(crate) fn new(idempotency: IdempotencyConfig) -> Self {
        Self {
            callers: RestCallers::default(),
            keys: OnceGuard::new(idempotency),
            jobs: Jobs::default(),
        }
    }
}
