//! The supervisor of all tabs: starts their actors, opens their targets, and gives popups a tab.
//!
//! Its task awaits only its next message; everything that takes time is a job.

mod browser_state;
mod downloads;
mod jobs;
mod open_watchdog;
mod popup_limiter;
mod popups;
mod rebuild_queue;
mod restoring;
mod scopes;
mod tab_quota;
mod task;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use cdp_bridge_protocol::request::{Viewport, WaitUntil};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

pub use self::rebuild_queue::RebuildPermit;
use self::rebuild_queue::RebuildRequest;
pub use self::scopes::ScopeSetup;
use super::actor::{Comebacks, TabsContext};
use super::cancellation::CancelReport;
use super::capture_permits::CapturePermits;
use super::clipboard::Clipboards;
use super::context_proxy::ProxyProvider;
use super::downloads::KeptDownload;
use super::error::TabError;
use super::fact::FactSink;
use super::identity::{CallId, ClientId, Scope, TabKey};
use super::kept::Restoration;
use super::permission_grants::SharedGrants;
use super::registry::Registry;
use super::reply::Reply;
use super::settings::{TabSettings, TabShares};
use super::target::{OpenError, OpenRequest};
use crate::cdp::methods::BrowserVersion;
use crate::cdp::{Attachment, Browser, BrowserContextId, Inbox, TargetId};
use crate::fair_permits::FairPermits;
use crate::metrics;
use crate::runtime::spawn_from_drop;

/// Queued messages. The supervisor takes each at once.
const MAILBOX: usize = 1024;

/// Downloads that are held in memory at a time while they are sent to clients.
const DOWNLOADS_IN_MEMORY: usize = 3;

/// Those of one client, so that a client whose disk or connection is slow delays no other.
const DOWNLOADS_IN_MEMORY_PER_CLIENT: usize = 2;

/// A tab to open.
#[derive(Debug)]
pub struct NewTab {
    pub scope: Scope,
    /// Allowed by policy.
    pub url: String,
    /// Whether it gets its own browser context.
    pub logged_out: bool,
    /// `None` for the configured size.
    pub viewport: Option<Viewport>,
    /// How far the first document shall be before the answer; `None` not to wait for it.
    pub wait_until: Option<WaitUntil>,
}

#[derive(Debug)]
enum SupervisorMessage {
    Create(NewTab, Reply),
    Open(OpenRequest),
    Attach(AttachRequest),
    Rebuild(RebuildRequest),
    Release(BrowserContextId),
    Unwanted(TargetId, Option<BrowserContextId>),
    Ended(TabKey, Option<BrowserContextId>, oneshot::Sender<()>),
    BrowserUp(Browser, Inbox, BrowserVersion, Option<PathBuf>),
    BrowserDown(String),
    GivenUp(String),
    ShareTabs(TabShares),
    Claim(String, TabKey),
    Download(TabKey, String, Reply),
    ListDownloads(Scope, oneshot::Sender<Vec<KeptDownload>>),
    CancelCreate(CallId, CancelReport),
    CancelDownload(CallId, CancelReport),
    PolicyChanged,
    BeginScope(Scope, ScopeSetup, oneshot::Sender<Result<(), TabError>>),
    EndScope(Scope, oneshot::Sender<()>),
    Restore(Restoration, oneshot::Sender<()>),
    Suspend(Comebacks),
    Shutdown(oneshot::Sender<()>),
}

/// A request for another session to the target of a tab. The session is detached if the receiver is
/// gone.
#[derive(Debug)]
struct AttachRequest {
    target: TargetId,
    reply: oneshot::Sender<Attachment>,
}

/// Sends messages to the supervisor. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SupervisorHandle {
    mailbox: mpsc::Sender<SupervisorMessage>,
    activations: Arc<AtomicU64>,
}

impl SupervisorHandle {
    /// Starts the supervisor's task, without a browser.
    pub fn start(
        settings: TabSettings,
        facts: Arc<dyn FactSink>,
        proxies: Arc<dyn ProxyProvider>,
        registry: Registry,
    ) -> Self {
        let (mailbox, messages) = mpsc::channel(MAILBOX);
        let supervisor = Self {
            mailbox,
            activations: Arc::new(AtomicU64::new(1)),
        };
        let around = Arc::new(TabsContext {
            settings,
            facts,
            proxies,
            supervisor: supervisor.clone(),
            clipboards: Clipboards::default(),
            shared_grants: SharedGrants::default(),
            capture_permits: CapturePermits::default(),
            download_permits: FairPermits::new(DOWNLOADS_IN_MEMORY, DOWNLOADS_IN_MEMORY_PER_CLIENT),
            comebacks: OnceLock::new(),
        });
        tokio::spawn(task::Supervisor::new(around, registry, messages).run());
        supervisor
    }

    /// Opens a tab.
    pub fn create(&self, tab: NewTab, reply: Reply) {
        self.try_request(SupervisorMessage::Create(tab, reply));
    }

    /// The downloads of a scope, oldest first; the sender is dropped if the supervisor cannot take the question.
    pub fn list_downloads(&self, scope: Scope) -> oneshot::Receiver<Vec<KeptDownload>> {
        let (reply, listed) = oneshot::channel();
        let _ = self
            .mailbox
            .try_send(SupervisorMessage::ListDownloads(scope, reply));
        listed
    }

    /// Returns a downloaded file of a tab.
    pub(super) fn download(&self, tab: TabKey, id: String, reply: Reply) {
        self.try_request(SupervisorMessage::Download(tab, id, reply));
    }

    /// Cancels a call that opens a tab.
    pub fn cancel_create(&self, call: CallId, report: CancelReport) {
        // Dropped, the report says that there was nothing to cancel.
        let _ = self
            .mailbox
            .try_send(SupervisorMessage::CancelCreate(call, report));
    }

    /// Cancels a call that reads a downloaded file.
    pub(super) fn cancel_download(&self, call: CallId, report: CancelReport) {
        let _ = self
            .mailbox
            .try_send(SupervisorMessage::CancelDownload(call, report));
    }

    /// Fails the request if the supervisor cannot take it.
    fn try_request(&self, request: SupervisorMessage) {
        let (request, error) = match self.mailbox.try_send(request) {
            Ok(()) => return,
            Err(mpsc::error::TrySendError::Full(request)) => {
                (request, TabError::QueueFull { limit: MAILBOX })
            }
            Err(mpsc::error::TrySendError::Closed(request)) => (request, TabError::ShuttingDown),
        };
        if let SupervisorMessage::Create(_, reply) | SupervisorMessage::Download(.., reply) =
            request
        {
            reply.fail(error);
        }
    }

    /// A browser is ready and attaches pages, which the supervisor handles from now on. `files` is
    /// the directory for its downloads; it is removed with the browser.
    pub async fn browser_up(
        &self,
        browser: Browser,
        inbox: Inbox,
        version: BrowserVersion,
        files: Option<PathBuf>,
    ) {
        let up = SupervisorMessage::BrowserUp(browser, inbox, version, files);
        self.send(up).await;
    }

    /// The browser has ended. Its tabs detect that by themselves, and wait for the next one.
    pub async fn browser_down(&self, reason: String) {
        self.send(SupervisorMessage::BrowserDown(reason)).await;
    }

    /// No browser will be started again: the tabs are closed.
    pub async fn browser_given_up(&self, reason: String) {
        self.send(SupervisorMessage::GivenUp(reason)).await;
    }

    /// Replaces the limits of single clients; other clients have only the limit of all. Tabs beyond a
    /// new limit stay open.
    pub async fn share_tabs(&self, shares: TabShares) {
        self.send(SupervisorMessage::ShareTabs(shares)).await;
    }

    /// The result of [`ProxyProvider::keeps_downloads`] may have changed.
    pub async fn policy_changed(&self) {
        self.send(SupervisorMessage::PolicyChanged).await;
    }

    /// A frame in the page of a tab has started a download.
    pub(super) fn claim_download(&self, guid: String, tab: TabKey) {
        if self
            .mailbox
            .try_send(SupervisorMessage::Claim(guid, tab))
            .is_err()
        {
            metrics::dropped("download", "supervisorFull");
        }
    }

    /// A client has created a session, whose tabs start with this.
    pub async fn begin_scope(&self, scope: Scope, setup: ScopeSetup) -> Result<(), TabError> {
        let (reply, begun) = oneshot::channel();
        self.send(SupervisorMessage::BeginScope(scope, setup, reply))
            .await;
        begun.await.unwrap_or(Err(TabError::ShuttingDown))
    }

    /// A session has ended: closes its tabs, disposes of its browser contexts, and waits until that is done.
    pub async fn end_scope(&self, scope: Scope) {
        let (done, ended) = oneshot::channel();
        self.send(SupervisorMessage::EndScope(scope, done)).await;
        let _ = ended.await;
    }

    /// Registers the tabs of an earlier process under their numbers, before any tab is opened. They are in state
    /// `rebuilding` when this returns, and wait for targets, those first that were used last.
    pub async fn restore(&self, restoration: Restoration) {
        let (done, restored) = oneshot::channel();
        self.send(SupervisorMessage::Restore(restoration, done))
            .await;
        let _ = restored.await;
    }

    /// The bridge is about to stop, and the next process opens these tabs again: they end without being reported as
    /// closed.
    pub async fn suspend(&self, comebacks: Comebacks) {
        self.send(SupervisorMessage::Suspend(comebacks)).await;
    }

    /// Closes all tabs and waits until the last has ended.
    pub async fn shut_down(&self) {
        let (done, closed) = oneshot::channel();
        self.send(SupervisorMessage::Shutdown(done)).await;
        let _ = closed.await;
    }

    /// Requests a target; the result is sent to `request.reply`.
    pub(super) async fn open(&self, request: OpenRequest) {
        if let Err(mpsc::error::SendError(SupervisorMessage::Open(request))) =
            self.mailbox.send(SupervisorMessage::Open(request)).await
        {
            let _ = request.reply.send(Err(OpenError::ShuttingDown));
        }
    }

    /// Attaches another session to a target of a tab; `None` if the target is gone.
    pub(super) async fn attach(&self, target: TargetId) -> Option<Attachment> {
        let (reply, attached) = oneshot::channel();
        self.send(SupervisorMessage::Attach(AttachRequest { target, reply }))
            .await;
        attached.await.ok()
    }

    /// Waits until this tab may request a new target: a browser is running, and the client's tabs that
    /// were used more recently have been served. `None` if the bridge is stopping.
    pub(super) async fn rebuild_permit(
        &self,
        client: ClientId,
        last_used: Instant,
    ) -> Option<RebuildPermit> {
        let (reply, permit) = oneshot::channel();
        self.send(SupervisorMessage::Rebuild(RebuildRequest {
            client,
            last_used,
            reply,
        }))
        .await;
        permit.await.ok()
    }

    /// A tab has stopped using its own context.
    pub(super) async fn release(&self, context: BrowserContextId) {
        self.send(SupervisorMessage::Release(context)).await;
    }

    /// A target, with the context that was created for it alone, was not accepted by its tab.
    pub(super) fn unwanted(&self, target: TargetId, context: Option<BrowserContextId>) {
        let message = SupervisorMessage::Unwanted(target, context);
        if let Err(mpsc::error::TrySendError::Full(message)) = self.mailbox.try_send(message) {
            let supervisor = self.clone();
            spawn_from_drop(async move { supervisor.send(message).await });
        }
    }

    /// A tab has ended. When this returns, the registry no longer contains it.
    pub(super) async fn ended(&self, tab: TabKey, own_context: Option<BrowserContextId>) {
        let (done, removed) = oneshot::channel();
        self.send(SupervisorMessage::Ended(tab, own_context, done))
            .await;
        let _ = removed.await;
    }

    /// A number higher than all before; the tab with the highest is the active one.
    pub(super) fn next_activation(&self) -> u64 {
        self.activations.fetch_add(1, Ordering::Relaxed)
    }

    /// Does nothing if the task has ended, which means that the bridge is stopping.
    async fn send(&self, message: SupervisorMessage) {
        let _ = self.mailbox.send(message).await;
    }
}
