//! Which scopes have a client that is present, through whichever door, and what happens when the last one leaves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::Operations;
use crate::lock::lock;
use crate::tabs::{ClientSessionId, OnDisconnect, Scope};

/// How often each scope is held present; zero for one whose clients have left.
pub(super) type PresenceCounts = Mutex<HashMap<Scope, usize>>;

/// Holds a scope present until it is dropped.
#[derive(Debug)]
pub struct ScopePresence {
    operations: Arc<Operations>,
    scope: Scope,
}

impl Operations {
    /// A client of this scope is present: connected, or expected back. With the last of a scope's presences its staged
    /// files are dropped, its tabs wait for no answers and hold no keys any more, and they are closed where
    /// `tabs.on_disconnect` says so.
    ///
    /// A session that a client has created has a life of its own: its tabs and files stay, however many connections
    /// come and go.
    pub fn attend(self: &Arc<Self>, scope: Scope) -> ScopePresence {
        if scope.session != ClientSessionId::DEFAULT {
            let operations = Arc::clone(self);
            return ScopePresence { operations, scope };
        }
        // Held until the tabs have been told, so that they learn of a client that leaves and one that comes in order.
        let mut present = lock(&self.present);
        if present.get(&scope) == Some(&0) {
            self.attend_tabs_of(&scope);
        }
        *present.entry(scope.clone()).or_default() += 1;
        drop(present);
        ScopePresence {
            operations: Arc::clone(self),
            scope,
        }
    }
}

impl Drop for ScopePresence {
    fn drop(&mut self) {
        if self.scope.session != ClientSessionId::DEFAULT {
            return;
        }
        let mut present = lock(&self.operations.present);
        let others = present.get_mut(&self.scope).map_or(0, |count| {
            *count -= 1;
            *count
        });
        if others > 0 {
            return;
        }
        self.operations.staging.forget(&self.scope);
        if self.operations.settings.on_disconnect == OnDisconnect::Close {
            self.operations.close_tabs_of(&self.scope);
        } else {
            self.operations.leave_tabs_of(&self.scope);
        }
    }
}
