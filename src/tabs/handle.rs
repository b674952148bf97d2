//! How everybody else speaks to a tab.

use cdp_bridge_protocol::TabId;
use tokio::sync::{mpsc, watch};

use super::error::TabError;
use super::identity::Scope;
use super::message::TabMessage;
use super::view::TabView;

/// How many messages wait for a tab's actor, which takes them at once; its own queues are
/// shorter and have their own answers.
pub const MAILBOX: usize = 256;

/// A handle to one tab. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TabHandle {
    /// The tab.
    pub id: TabId,
    /// Whose it is.
    pub scope: Scope,
    mailbox: mpsc::Sender<TabMessage>,
    view: watch::Receiver<TabView>,
}

impl TabHandle {
    /// A handle to the actor behind these channels.
    pub fn new(mailbox: mpsc::Sender<TabMessage>, view: watch::Receiver<TabView>) -> Self {
        let (id, scope) = {
            let view = view.borrow();
            (view.id, view.scope.clone())
        };
        Self {
            id,
            scope,
            mailbox,
            view,
        }
    }

    /// Hands a message over without waiting. What does not fit, or comes too late, is answered.
    pub fn send(&self, message: TabMessage) {
        let (message, error) = match self.mailbox.try_send(message) {
            Ok(()) => return,
            Err(mpsc::error::TrySendError::Full(message)) => {
                (message, TabError::QueueFull { limit: MAILBOX })
            }
            Err(mpsc::error::TrySendError::Closed(message)) => (message, TabError::Closed),
        };
        if let Some(reply) = message.into_reply() {
            reply.fail(error);
        }
    }

    /// What the tab last said of itself.
    pub fn view(&self) -> TabView {
        self.view.borrow().clone()
    }

    /// Waits until the tab's actor is gone.
    pub async fn gone(&self) {
        self.mailbox.closed().await;
    }
}
