//! A session's presence: when it ends, on whatever path, the client may have to lose its tabs.

use std::sync::Arc;

use cdp_bridge_protocol::event::CloseReason;

use super::hub::Membership;
use super::outbox::Outbox;
use super::shared::Shared;
use crate::tabs::{OnDisconnect, Scope, TabMessage};

/// A session is there until this is dropped.
#[derive(Debug)]
pub(super) struct Presence {
    shared: Arc<Shared>,
    scope: Scope,
    membership: Option<Membership>,
    outbox: Outbox,
}

impl Presence {
    /// From here on the session hears the events of its client's tabs.
    pub(super) fn new(shared: &Arc<Shared>, scope: Scope, outbox: Outbox) -> Self {
        Self {
            membership: Some(shared.deps.hub.join(scope.clone(), outbox.clone())),
            outbox,
            shared: Arc::clone(shared),
            scope,
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let deps = &self.shared.deps;
        self.shared.sessions.close(self.outbox.id());
        drop(self.membership.take());
        self.outbox.end();
        let last = !deps.hub.has(&self.scope);
        if last && self.shared.settings.on_disconnect == OnDisconnect::Close {
            for tab in deps.registry.of(&self.scope) {
                // The client asked for it when it left: that is what the setting says.
                tab.send(TabMessage::Close(CloseReason::Requested, None));
            }
        }
    }
}
