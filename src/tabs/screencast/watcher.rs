//! A connection that watches a tab.

use cdp_bridge_protocol::TabId;

use super::slot::FrameSlot;
use crate::tabs::feed::StreamListener;
use crate::tabs::identity::CallerId;
use crate::tabs::reply::{AnswerKind, Reply};

#[derive(Debug)]
pub struct Watcher {
    pub caller: CallerId,
    pub max_fps: Option<u8>,
    pub slot: FrameSlot,
}

impl Drop for Watcher {
    /// The slot of a watcher that was refused gets no frames.
    fn drop(&mut self) {
        self.slot.close();
    }
}

impl StreamListener for Watcher {
    type Key = CallerId;

    fn key(&self) -> CallerId {
        self.caller
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
        reply.answer(tab, AnswerKind::ScreencastStarted);
    }

    /// Starting a screencast that is stopped or started again at once is no error.
    fn withdraw(tab: TabId, reply: Reply) {
        Self::confirm(tab, reply);
    }
}
