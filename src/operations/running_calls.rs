//! The calls that are being carried out, and where, so that they can be cancelled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use cdp_bridge_protocol::IdempotencyKey;

use super::CallId;
use crate::lock::lock;
use crate::tabs::{Scope, TabHandle};

/// Where a call is carried out.
#[derive(Debug, Clone)]
pub(super) enum CallPlace {
    Tab(TabHandle),
    /// The supervisor of tabs: it opens a tab.
    Supervisor,
    /// Another call with the same idempotency key is, or may be, carried out for it.
    Shared(Scope, IdempotencyKey),
}

/// The calls of all callers. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct RunningCalls(Arc<Mutex<HashMap<CallId, CallPlace>>>);

impl RunningCalls {
    /// Also replaces an earlier place.
    pub(super) fn insert(&self, call: CallId, place: CallPlace) {
        lock(&self.0).insert(call, place);
    }

    pub(super) fn remove(&self, call: CallId) {
        lock(&self.0).remove(&call);
    }

    pub(super) fn place_of(&self, call: CallId) -> Option<CallPlace> {
        lock(&self.0).get(&call).cloned()
    }
}
