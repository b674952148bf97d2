//! A connection that watches a tab.

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::ScreencastStarted;

use super::slot::FrameSlot;
use crate::tabs::feed::StreamListener;
use crate::tabs::identity::ConnectionId;
use crate::tabs::reply::Reply;

#[derive(Debug)]
pub struct Watcher {
    pub connection: ConnectionId,
    pub max_fps: Option<u8>,
    pub slot: FrameSlot,
}

impl StreamListener for Watcher {
    type Key = ConnectionId;

    fn key(&self) -> ConnectionId {
        self.connection
    }

    fn is_gone(&self) -> bool {
        self.slot.is_closed()
    }

    async fn gone(&self) {
        self.slot.closed().await;
    }

    fn end(&self) {
        self.slot.close();
    }

    fn confirm(tab: TabId, reply: Reply) {
        reply.event(ScreencastStarted { id: tab });
    }

    /// Starting a screencast that is stopped or started again at once is no error.
    fn withdraw(tab: TabId, reply: Reply) {
        Self::confirm(tab, reply);
    }
}
