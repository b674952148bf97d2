//! The handle through which others send messages to a tab's actor.

use cdp_bridge_protocol::TabId;
use tokio::sync::{mpsc, watch};

use super::error::TabError;
use super::identity::{Scope, TabKey};
use super::message::TabMessage;
use super::view::TabView;

/// How many messages wait for a tab's actor. It takes them at once into its own queues, which are
/// shorter and have their own errors.
pub const MAILBOX: usize = 256;

/// A handle to one tab. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TabHandle {
    pub id: TabId,
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

    pub(super) fn key(&self) -> TabKey {
        self.scope.tab(self.id)
    }

    /// Sends a message without waiting. If the mailbox is full or closed, the request fails.
    pub fn send(&self, message: TabMessage) {
        let (message, error) = match self.mailbox.try_send(message) {
            Ok(()) => return,
            Err(mpsc::error::TrySendError::Full(message)) => {
                (message, TabError::QueueFull { limit: MAILBOX })
            }
            Err(mpsc::error::TrySendError::Closed(message)) => (message, TabError::Closed),
        };
        message.fail(error);
    }

    /// The state that the tab last published.
    pub fn view(&self) -> TabView {
        self.view.borrow().clone()
    }

    /// Waits until the tab's actor has ended.
    pub async fn gone(&self) {
        self.mailbox.closed().await;
    }
}
