//! Where the streams of one link go: its outbox, and the hub for the events of other sessions.

use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use tokio::sync::watch;

use super::hub::Hub;
use super::outbox::Outbox;
use crate::operations::{FrameSlot, Scope, StreamSinks};

/// The streams of one link.
#[derive(Debug)]
pub(crate) struct LinkStreams {
    pub(crate) outbox: Outbox,
    pub(crate) hub: Arc<Hub>,
}

impl StreamSinks for LinkStreams {
    fn frames(&self, tab: TabId) -> FrameSlot {
        self.outbox.frames(tab)
    }

    fn console(&self, tab: TabId) -> watch::Receiver<()> {
        self.outbox.console(tab)
    }

    fn follow(&self, scope: Scope) {
        self.hub.join(scope, self.outbox.clone());
    }
}
