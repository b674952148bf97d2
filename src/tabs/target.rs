//! The target of a tab, and requests for one.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::{RequestKind, TabId};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::commands::http_auth::AuthRequests;
use super::commands::target::close;
use super::error::TabError;
use super::identity::{ClientId, Scope};
use super::page_setup::SetupError;
use super::page_setup::TargetSetup;
use super::supervisor::SupervisorHandle;
use crate::cdp::{Browser, BrowserContextId, CallError, Inbox, TargetId, TargetSession};
use crate::fair_permits::FairPermit;

/// A target that is attached, set up and running.
#[derive(Debug)]
pub struct Target {
    pub browser: Browser,
    pub session: TargetSession,
    pub inbox: Inbox,
    pub id: TargetId,
    /// What its documents start with.
    pub setup: Arc<TargetSetup>,
    /// The major version of the browser.
    pub version: u32,
    /// Its browser context; `None` for the default one.
    pub context: Option<BrowserContextId>,
    /// The tab's own browser context; `None` in a shared one.
    pub own_context: Option<BrowserContextId>,
    /// The URL when it was attached.
    pub url: String,
    /// The requests that it pauses.
    pub auth: AuthRequests,
}

impl Target {
    /// Closes the page, without running `beforeunload`.
    pub(super) fn close(
        &self,
        limit: Duration,
    ) -> impl Future<Output = Result<(), CallError>> + Send + use<> {
        close(self.browser.clone(), self.id.clone(), limit)
    }
}

/// A target that is being handed over to the tab it was opened for. Dropped before the tab accepts
/// it, because the request timed out or the tab has ended, it closes the target.
#[derive(Debug)]
pub struct Delivery {
    target: Option<Target>,
    /// Disposed of together with the target.
    context: Option<BrowserContextId>,
    supervisor: SupervisorHandle,
}

impl Delivery {
    /// The context is the one that was created for this target alone.
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

    pub(super) fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

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
pub enum ContextChoice {
    /// The client's shared context.
    Shared,
    /// A new context for this tab.
    New,
    /// The tab's existing context.
    Existing(BrowserContextId),
}

/// A request for a target.
#[derive(Debug)]
pub struct OpenRequest {
    pub tab: TabId,
    pub scope: Scope,
    pub context: ContextChoice,
    pub deadline: Instant,
    /// If the receiver is gone, the target is closed again.
    pub reply: oneshot::Sender<Result<Delivery, OpenError>>,
    /// Counts the request against the limit on concurrent opens; `None` while it is queued.
    pub(super) permit: Option<FairPermit<ClientId>>,
}

/// Why no target could be opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    #[error("Chromium is not running: {0}")]
    BrowserDown(String),
    #[error("no page could be opened: {0}")]
    Call(#[from] CallError),
    #[error("no proxy could be opened: {0}")]
    ProxyUnavailable(Arc<io::Error>),
    #[error("Chromium did not attach the new page in time")]
    NotAttached,
    #[error(transparent)]
    Setup(SetupError),
    #[error("the bridge is stopping")]
    ShuttingDown,
}

impl OpenError {
    /// Whether there was no browser, or its connection ended.
    pub fn is_of_browser(&self) -> bool {
        matches!(
            self,
            Self::BrowserDown(_) | Self::Call(CallError::Closed { .. })
        )
    }

    /// The error of the request that needed the target.
    pub fn into_tab_error(self, request: RequestKind, limit: Duration) -> TabError {
        match self {
            Self::BrowserDown(reason) => TabError::BrowserDown { reason },
            Self::Call(error) => TabError::of_call(error, request, limit),
            Self::NotAttached => TabError::TimedOut {
                request,
                limit,
                waiting_for: "Target.attachedToTarget".into(),
            },
            Self::ProxyUnavailable(error) => TabError::ProxyUnavailable(error),
            Self::Setup(error) => TabError::Setup(error),
            Self::ShuttingDown => TabError::ShuttingDown,
        }
    }
}
