//! Ends a link on whatever path it is dropped, and with a client's last link its tabs, where configured.

use std::sync::Arc;

use super::hub::Membership;
use super::outbox::Outbox;
use crate::operations::{OnDisconnect, Scope};
use crate::server::state::ServerState;

/// Dropped with its link.
#[derive(Debug)]
pub(crate) struct LinkGuard {
    state: Arc<ServerState>,
    scope: Scope,
    membership: Option<Membership>,
    outbox: Outbox,
}

impl LinkGuard {
    /// From here on the outbox receives the events of its client's tabs.
    pub(crate) fn new(state: &Arc<ServerState>, scope: Scope, outbox: Outbox) -> Self {
        Self {
            membership: Some(state.services.hub.join(scope.clone(), outbox.clone())),
            outbox,
            state: Arc::clone(state),
            scope,
        }
    }
}

impl Drop for LinkGuard {
    fn drop(&mut self) {
        let state = &self.state;
        state.links.close(self.outbox.id());
        drop(self.membership.take());
        self.outbox.end();
        let is_last = !state.services.hub.has(&self.scope);
        if is_last && state.settings.on_disconnect == OnDisconnect::Close {
            state.operations().close_tabs_of(&self.scope);
        }
    }
}
