//! Keeps the tabs: starts their actors, opens their targets, and gives popups a tab.
//!
//! Its task waits for nothing but its next message: whatever takes time is a job.

mod downloads;
mod gate;
mod jobs;
mod opens;
mod running;
mod task;
mod turns;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::request::Viewport;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

pub use self::turns::Turn;
use self::turns::TurnRequest;
use super::actor::TabsContext;
use super::error::TabError;
use super::fact::FactSink;
use super::identity::{ClientId, Scope};
use super::outlet::Outlets;
use super::registry::Registry;
use super::reply::Reply;
use super::settings::TabSettings;
use super::target::{OpenError, OpenRequest};
use crate::cdp::methods::BrowserVersion;
use crate::cdp::{Attachment, Browser, BrowserContextId, Inbox, TargetId};
use crate::metrics;

/// How many messages wait for the supervisor, which takes them at once.
const MAILBOX: usize = 1024;

/// Pictures at work at a time in the whole browser. With eight, eight tabs give as many pictures a
/// second as Chromium can, each within about 110 ms on two cores; four gave 0.87 of that. With
/// more, each only becomes slower (performance: Capture).
const CAPTURES_AT_WORK: usize = 8;

/// Downloads that are in memory at a time on their way to clients.
const DOWNLOADS_AT_WORK: usize = 2;

/// A tab that is wanted.
#[derive(Debug)]
pub struct NewTab {
    /// Whose it is.
    pub scope: Scope,
    /// Where it goes first, as policy has allowed it.
    pub url: String,
    /// Whether it has a browser context of its own.
    pub logged_out: bool,
    /// The size asked for.
    pub viewport: Option<Viewport>,
}

/// What the supervisor may be told.
#[derive(Debug)]
enum Ask {
    Create(NewTab, Reply),
    Open(OpenRequest),
    Attach(AttachRequest),
    Turn(TurnRequest),
    Release(BrowserContextId),
    Unwanted(TargetId, Option<BrowserContextId>),
    Ended(TabId, Option<BrowserContextId>, oneshot::Sender<()>),
    BrowserUp(Browser, Inbox, BrowserVersion, Option<PathBuf>),
    BrowserDown(String),
    GivenUp(String),
    AllowTabs(HashMap<ClientId, usize>),
    Claim(String, TabId),
    Download(TabId, String, Reply),
    PolicyChanged,
    Shutdown(oneshot::Sender<()>),
}

/// One more session that is wanted to a target that a tab has already. If nobody waits for it
/// any more, it is let go of.
#[derive(Debug)]
struct AttachRequest {
    target: TargetId,
    reply: oneshot::Sender<Attachment>,
}

/// How others speak to the supervisor. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SupervisorHandle {
    mailbox: mpsc::Sender<Ask>,
    activations: Arc<AtomicU64>,
}

impl SupervisorHandle {
    /// Starts the supervisor's task, without a browser.
    pub fn start(
        settings: TabSettings,
        facts: Arc<dyn FactSink>,
        outlets: Arc<dyn Outlets>,
        registry: Registry,
    ) -> Self {
        let (mailbox, asks) = mpsc::channel(MAILBOX);
        let supervisor = Self {
            mailbox,
            activations: Arc::new(AtomicU64::new(1)),
        };
        let around = Arc::new(TabsContext {
            settings,
            facts,
            outlets,
            supervisor: supervisor.clone(),
            capture_permits: Arc::new(Semaphore::new(CAPTURES_AT_WORK)),
            download_permits: Arc::new(Semaphore::new(DOWNLOADS_AT_WORK)),
        });
        tokio::spawn(task::Supervisor::new(around, registry, asks).run());
        supervisor
    }

    /// Opens a tab; answered by `tabCreated`.
    pub fn create(&self, tab: NewTab, reply: Reply) {
        let (ask, error) = match self.mailbox.try_send(Ask::Create(tab, reply)) {
            Ok(()) => return,
            Err(mpsc::error::TrySendError::Full(ask)) => {
                (ask, TabError::QueueFull { limit: MAILBOX })
            }
            Err(mpsc::error::TrySendError::Closed(ask)) => (ask, TabError::ShuttingDown),
        };
        if let Ask::Create(_, reply) = ask {
            reply.fail(error);
        }
    }

    /// The browser serves, and attaches pages: they are the supervisor's from now on. What it
    /// downloads may be written to this directory, which goes with it.
    pub async fn browser_up(
        &self,
        browser: Browser,
        inbox: Inbox,
        version: BrowserVersion,
        files: Option<PathBuf>,
    ) {
        let up = Ask::BrowserUp(browser, inbox, version, files);
        self.tell(up).await;
    }

    /// The browser is gone. Its tabs notice by themselves, and wait for the next one.
    pub async fn browser_down(&self, reason: String) {
        self.tell(Ask::BrowserDown(reason)).await;
    }

    /// There will be no other browser: the tabs end.
    pub async fn browser_given_up(&self, reason: String) {
        self.tell(Ask::GivenUp(reason)).await;
    }

    /// From now on these clients may have so many tabs, and the others as many as there may be. Tabs
    /// that are open beyond that stay.
    pub async fn allow_tabs(&self, max_tabs_of: HashMap<ClientId, usize>) {
        self.tell(Ask::AllowTabs(max_tabs_of)).await;
    }

    /// What [`Outlets::keeps_downloads`] says may be something else now.
    pub async fn policy_changed(&self) {
        self.tell(Ask::PolicyChanged).await;
    }

    /// Hands out a file that a tab has downloaded.
    pub fn download(&self, tab: TabId, id: String, reply: Reply) {
        let (ask, error) = match self.mailbox.try_send(Ask::Download(tab, id, reply)) {
            Ok(()) => return,
            Err(mpsc::error::TrySendError::Full(ask)) => {
                (ask, TabError::QueueFull { limit: MAILBOX })
            }
            Err(mpsc::error::TrySendError::Closed(ask)) => (ask, TabError::ShuttingDown),
        };
        if let Ask::Download(_, _, reply) = ask {
            reply.fail(error);
        }
    }

    /// A frame inside the page of a tab has begun a download.
    pub(super) fn claim_download(&self, guid: String, tab: TabId) {
        if self.mailbox.try_send(Ask::Claim(guid, tab)).is_err() {
            metrics::dropped("download", "supervisorFull");
        }
    }

    /// Closes every tab, and waits until the last one is gone.
    pub async fn shut_down(&self) {
        let (done, closed) = oneshot::channel();
        self.tell(Ask::Shutdown(done)).await;
        let _ = closed.await;
    }

    /// Asks for a target; the answer comes over the request's own channel.
    pub(super) async fn open(&self, request: OpenRequest) {
        if let Err(mpsc::error::SendError(Ask::Open(request))) =
            self.mailbox.send(Ask::Open(request)).await
        {
            let _ = request.reply.send(Err(OpenError::ShuttingDown));
        }
    }

    /// Asks for one more session to a target of a tab; none if there is no such target any more.
    pub(super) async fn attach(&self, target: TargetId) -> Option<Attachment> {
        let (reply, attached) = oneshot::channel();
        self.tell(Ask::Attach(AttachRequest { target, reply }))
            .await;
        attached.await.ok()
    }

    /// Waits until it is this tab's turn to get a new target: there is a browser, and the tabs that
    /// were used later have had theirs. None: the bridge is stopping.
    pub(super) async fn turn(&self, last_used: Instant) -> Option<Turn> {
        let (reply, turn) = oneshot::channel();
        self.tell(Ask::Turn(TurnRequest { last_used, reply })).await;
        turn.await.ok()
    }

    /// A tab is done with its own context.
    pub(super) async fn release(&self, context: BrowserContextId) {
        self.tell(Ask::Release(context)).await;
    }

    /// A target, with the context that was made for it alone, did not reach its tab.
    pub(super) fn unwanted(&self, target: TargetId, context: Option<BrowserContextId>) {
        let ask = Ask::Unwanted(target, context);
        if let Err(mpsc::error::TrySendError::Full(ask)) = self.mailbox.try_send(ask)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let supervisor = self.clone();
            runtime.spawn(async move { supervisor.tell(ask).await });
        }
    }

    /// A tab is gone. When this returns it is off the list.
    pub(super) async fn ended(&self, tab: TabId, own_context: Option<BrowserContextId>) {
        let (done, removed) = oneshot::channel();
        self.tell(Ask::Ended(tab, own_context, done)).await;
        let _ = removed.await;
    }

    /// A number that is higher than all before: what was activated last is active.
    pub(super) fn next_activation(&self) -> u64 {
        self.activations.fetch_add(1, Ordering::Relaxed)
    }

    /// When the task is gone the bridge is stopping, and nobody is left to be told.
    async fn tell(&self, ask: Ask) {
        let _ = self.mailbox.send(ask).await;
    }
}
