//! A connection that is sent what a page writes to its console.

use cdp_bridge_protocol::TabId;
use tokio::sync::watch;

use crate::tabs::feed::StreamListener;
use crate::tabs::identity::CallerId;
use crate::tabs::reply::{AnswerKind, Reply};

#[derive(Debug)]
pub struct Subscriber {
    pub caller: CallerId,
    /// Its other end is dropped when the connection's session is over.
    present: watch::Receiver<()>,
}

impl Subscriber {
    /// A connection that is there until the other end of `present` is dropped.
    pub fn new(caller: CallerId, present: watch::Receiver<()>) -> Self {
        Self { caller, present }
    }

    /// Whether the connection's session is over.
    pub fn is_gone(&self) -> bool {
        self.present.has_changed().is_err()
    }
}

impl StreamListener for Subscriber {
    type Key = CallerId;

    fn key(&self) -> CallerId {
        self.caller
    }

    fn is_gone(&self) -> bool {
        self.is_gone()
    }

    async fn gone(&self) {
        let mut present = self.present.clone();
        while present.changed().await.is_ok() {}
    }

    fn confirm(tab: TabId, reply: Reply) {
        reply.answer(tab, AnswerKind::Subscribed);
    }
}
