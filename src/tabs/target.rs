//! A target that a tab lives in, and how one is asked for.

use std::io;
use std::sync::Arc;

use cdp_bridge_protocol::{RequestKind, TabId};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use super::error::TabError;
use super::identity::Scope;
use super::supervisor::SupervisorHandle;
use crate::cdp::{Browser, BrowserContextId, CallError, Inbox, Session, TargetId};

/// A target that is attached, set up and running.
#[derive(Debug)]
pub struct Target {
    /// The browser it is in.
    pub browser: Browser,
    /// Its session.
    pub session: Session,
    /// Its events.
    pub inbox: Inbox,
    /// Its id.
    pub id: TargetId,
    /// The browser context that is its own; none in a shared one.
    pub own_context: Option<BrowserContextId>,
    /// Where it was when it was attached.
    pub url: String,
}

/// A target on its way to the tab it was opened for. If it does not get there, because nobody
/// waits any more or because the tab ends while it is on its way, it is closed.
#[derive(Debug)]
pub struct Delivery {
    target: Option<Target>,
    /// Disposed of together with the target.
    context: Option<BrowserContextId>,
    supervisor: SupervisorHandle,
}

impl Delivery {
    /// Sends a target off. The context is the one that was made for it alone.
    pub(super) fn new(
        target: Target,
        context: Option<BrowserContextId>,
        supervisor: SupervisorHandle,
    ) -> Self {
        Self {
            target: Some(target),
            context,
            supervisor,
        }
    }

    /// The session of the target.
    pub(super) fn session(&self) -> Option<&Session> {
        self.target.as_ref().map(|target| &target.session)
    }

    /// Takes the target in.
    pub(super) fn accept(mut self) -> Option<Target> {
        self.target.take()
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(target) = self.target.take() {
            self.supervisor.unwanted(target.id, self.context.take());
        }
    }
}

/// Which browser context a target is opened in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The client's shared context.
    Shared,
    /// A new context of the tab's own.
    Fresh,
    /// The context that the tab has already.
    Existing(BrowserContextId),
}

/// A target that is wanted.
#[derive(Debug)]
pub struct OpenRequest {
    /// For which tab.
    pub tab: TabId,
    /// Whose that is.
    pub scope: Scope,
    /// In which context.
    pub place: Place,
    /// Until when.
    pub deadline: Instant,
    /// Where it goes to. If nobody waits any more, the target is closed again.
    pub reply: oneshot::Sender<Result<Delivery, OpenError>>,
    /// What keeps others waiting while it is being opened; none while it waits itself.
    pub slot: Option<OwnedSemaphorePermit>,
}

/// No target could be opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    /// The browser is not there.
    #[error("Chromium is not running: {0}")]
    BrowserDown(String),
    /// Chromium refused, or did not answer.
    #[error("no page could be opened: {0}")]
    Call(#[from] CallError),
    /// No proxy could be opened for its context.
    #[error("no proxy could be opened: {0}")]
    NoWayOut(Arc<io::Error>),
    /// Chromium opened the target, but did not attach it.
    #[error("Chromium did not attach the new page in time")]
    NotAttached,
    /// The supervisor is gone.
    #[error("the bridge is stopping")]
    ShuttingDown,
}

impl OpenError {
    /// Whether it is the browser that was not there, or went away.
    pub fn is_of_browser(&self) -> bool {
        matches!(
            self,
            Self::BrowserDown(_) | Self::Call(CallError::Closed { .. })
        )
    }

    /// The call that failed, if it was one.
    pub(super) fn call(&self) -> Option<&CallError> {
        match self {
            Self::Call(error) => Some(error),
            _ => None,
        }
    }

    /// What it means for the request that needed the target.
    pub fn into_tab_error(self, request: RequestKind, limit: std::time::Duration) -> TabError {
        match self {
            Self::BrowserDown(reason) => TabError::BrowserDown { reason },
            Self::Call(error) => {
                TabError::of_ending(&error, request, limit).unwrap_or(TabError::Refused(error))
            }
            Self::NotAttached => TabError::TimedOut {
                request,
                limit,
                waiting_for: "Target.attachedToTarget",
            },
            Self::NoWayOut(error) => TabError::NoWayOut(error),
            Self::ShuttingDown => TabError::ShuttingDown,
        }
    }
}
