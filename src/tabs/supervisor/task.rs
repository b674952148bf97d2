//! The supervisor's task.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::{CloseReason, TabState};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::browser_state::{BrowserSignal, BrowserState, next_signal, reject};
use super::downloads::BrowserDownloads;
use super::jobs::{self, ContextFor, JobResult};
use super::open_watchdog::OpenWatchdog;
use super::popup_limiter::PopupLimiter;
use super::rebuild_queue::RebuildQueue;
use super::scopes::OpenScopes;
use super::tab_quota::{OpenTabs, TabQuota};
use super::{NewTab, SupervisorMessage};
use crate::cdp::{Attachment, BrowserContextId, SessionEvent};
use crate::clock::epoch_ms;
use crate::metrics;
use crate::tabs::actor::{Actor, TabStart, TabsContext};
use crate::tabs::attached_target::AttachedTarget;
use crate::tabs::cancellation::CancelReport;
use crate::tabs::command_queue::{CommandKind, TabCommand};
use crate::tabs::commands::http_auth::AuthRequests;
use crate::tabs::downloads::DownloadTracker;
use crate::tabs::error::TabError;
use crate::tabs::handle::{MAILBOX, TabHandle};
use crate::tabs::identity::{CallId, ClientId, Scope, TabKey};
use crate::tabs::message::TabMessage;
use crate::tabs::page_setup::{EmulationState, PageSetup};
use crate::tabs::registry::Registry;
use crate::tabs::reply::Reply;
use crate::tabs::settings::{TabShares, WhenFull};
use crate::tabs::target::{OpenError, OpenRequest};
use crate::tabs::view::TabView;
use crate::timer::sleep_until_opt;

pub(super) struct Supervisor {
    pub(super) around: Arc<TabsContext>,
    pub(super) registry: Registry,
    messages: mpsc::Receiver<SupervisorMessage>,
    /// The last number given to a tab of each client.
    pub(super) last_tab: HashMap<ClientId, u64>,
    shares: TabShares,
    pub(super) popups: PopupLimiter,
    pub(super) scopes: OpenScopes,
    /// Tabs that are being closed to make room for others; they do not count against the limits.
    evicted: HashSet<TabKey>,
    /// The tabs' tasks. A tab is removed from the registry before its task has ended.
    actors: JoinSet<()>,
    pub(super) browser: Option<BrowserState>,
    pub(super) downloads: DownloadTracker,
    /// The calls that read downloaded files, as far as they may be running, to be cancelled by a report.
    pub(super) reading: HashMap<CallId, oneshot::Sender<CancelReport>>,
    /// The tabs that are popups, each with the tab that opened it, where that is known.
    pub(super) popup_openers: HashMap<TabKey, Option<TabKey>>,
    rebuild_queue: RebuildQueue,
    /// Why there is no browser.
    pub(super) down: String,
    /// The bridge is stopping: no further tab is opened.
    pub(super) stopping: bool,
    /// Notified when the last tab has ended.
    stopped: Option<oneshot::Sender<()>>,
}

impl Supervisor {
    pub(super) fn new(
        around: Arc<TabsContext>,
        registry: Registry,
        messages: mpsc::Receiver<SupervisorMessage>,
    ) -> Self {
        let down = "it has not been started yet".to_owned();
        Self {
            shares: around.settings.shares.clone(),
            popups: PopupLimiter::default(),
            scopes: OpenScopes::default(),
            downloads: DownloadTracker::new(around.settings.download_limits()),
            reading: HashMap::new(),
            popup_openers: HashMap::new(),
            around,
            registry,
            messages,
            last_tab: HashMap::new(),
            evicted: HashSet::new(),
            actors: JoinSet::new(),
            browser: None,
            rebuild_queue: RebuildQueue::default(),
            down,
            stopping: false,
            stopped: None,
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            tokio::select! {
                // Chromium comes first: a new page, and its opener, is paused until it is set up.
                biased;
                signal = next_signal(&mut self.browser) => match signal {
                    BrowserSignal::Event(Some(SessionEvent::Attached(attachment))) => self.attached(*attachment),
                    BrowserSignal::Event(Some(SessionEvent::Raw(event))) => self.on_browser_event(&event),
                    BrowserSignal::Event(None) => self.drop_browser(),
                    BrowserSignal::JobResult(result) => self.on_job_result(*result),
                    BrowserSignal::Hung => self.on_browser_hung(),
                },
                Some(_) = self.actors.join_next() => {}
                () = sleep_until_opt(self.popups.next_due()) => self.publish_blocked_popups(),
                message = self.messages.recv() => match message {
                    Some(message) => self.on_message(message),
                    None => return,
                },
                // After all pending messages, so that the order covers all tabs that wait.
                () = self.rebuild_queue.changed(), if self.browser.is_some() => self.rebuild_queue.grant(),
            }
            self.settle_downloads();
            self.settle_scopes();
            if self.actors.is_empty()
                && let Some(done) = self.stopped.take_if(|_| self.messages.is_empty())
            {
                let _ = done.send(());
            }
        }
    }

    fn on_message(&mut self, message: SupervisorMessage) {
        match message {
            SupervisorMessage::Create(tab, reply) => self.create(tab, reply),
            SupervisorMessage::Open(request) => self.open(request),
            SupervisorMessage::Attach(request) => {
                // Without a browser the request is dropped, which answers it.
                if let Some(state) = &mut self.browser {
                    state.start(jobs::attach(state.browser.clone(), request));
                }
            }
            SupervisorMessage::Rebuild(request) => self.rebuild_queue.push(request),
            SupervisorMessage::Release(context) => self.release(&context),
            SupervisorMessage::Unwanted(target, context) => {
                tracing::debug!(%target, "a page was opened too late for its tab");
                if let Some(state) = &mut self.browser {
                    state.close_undelivered(target, context.as_ref());
                }
            }
            SupervisorMessage::Ended(tab, own_context, done) => {
                self.registry.remove(&tab);
                self.evicted.remove(&tab);
                self.popup_openers.remove(&tab);
                self.popups.tab_ended(&tab);
                let effects = self.downloads.tab_ended(&tab);
                self.apply(effects);
                let _ = done.send(());
                metrics::tabs(self.registry.len());
                if let Some(state) = &mut self.browser {
                    state.tabs.retain(|_, owner| *owner != tab);
                }
                if let Some(context) = own_context {
                    self.release(&context);
                }
            }
            SupervisorMessage::BrowserUp(browser, inbox, version, files) => {
                self.drop_browser();
                let policy = self.around.settings.http_auth;
                let auth = AuthRequests::new(policy, version.is_headless_shell());
                let downloads = BrowserDownloads::new(files);
                self.browser = Some(BrowserState::new(browser, &version, auth, inbox, downloads));
            }
            SupervisorMessage::BrowserDown(reason) => {
                self.drop_browser();
                self.down = reason;
            }
            SupervisorMessage::Claim(guid, tab) => self.claim_download(&guid, &tab),
            SupervisorMessage::Download(tab, id, reply) => self.serve_download(tab, id, reply),
            SupervisorMessage::ListDownloads(scope, reply) => {
                // The receiver is gone where the door's peer is.
                let _ = reply.send(self.downloads.list(&scope));
            }
            SupervisorMessage::CancelCreate(call, report) => self.cancel_create(call, report),
            SupervisorMessage::CancelDownload(call, report) => self.cancel_download(call, report),
            SupervisorMessage::PolicyChanged => self.update_download_behavior(),
            SupervisorMessage::BeginScope(scope, setup, reply) => {
                let _ = reply.send(self.begin_scope(scope, setup));
            }
            SupervisorMessage::EndScope(scope, done) => self.end_scope(scope, done),
            SupervisorMessage::GivenUp(reason) => {
                self.down = reason;
                self.close_all(CloseReason::BrowserExited);
            }
            SupervisorMessage::ShareTabs(shares) => self.shares = shares,
            SupervisorMessage::Restore(restoration, done) => {
                self.restore(restoration);
                let _ = done.send(());
            }
            SupervisorMessage::Suspend(comebacks) => {
                // The bridge stops once.
                let _ = self.around.comebacks.set(comebacks);
            }
            SupervisorMessage::Shutdown(done) => {
                self.close_all(CloseReason::Shutdown);
                self.stopping = true;
                self.stopped = Some(done);
            }
        }
    }

    /// Ends the connection, so that the browser's supervisor starts another one.
    fn on_browser_hung(&mut self) {
        if let Some(state) = self.browser.take() {
            self.down = OpenWatchdog::reason();
            tracing::error!(reason = self.down, "Chromium hangs");
            state.browser.hang_up(self.down.as_str());
            self.drop_browser();
        }
    }

    fn close_all(&self, reason: CloseReason) {
        for tab in self.registry.all() {
            tab.send(TabMessage::Close(reason, None));
        }
    }

    fn create(&mut self, mut tab: NewTab, reply: Reply) {
        if self.stopping {
            return reply.fail(TabError::ShuttingDown);
        }
        let Some(setup) = self.scopes.setup(&tab.scope) else {
            return reply.fail(TabError::Closed);
        };
        tab.viewport = tab.viewport.or(setup.viewport);
        if self.browser.is_none() {
            return reply.fail(TabError::BrowserDown {
                reason: self.down.clone(),
            });
        }
        if let Some(error) = self.quota().refusal(&tab.scope.client)
            && !self.evict_least_recent(&tab.scope)
        {
            if !matches!(error, TabError::TooManyTabs { .. }) {
                metrics::client_limit("tabs");
            }
            return reply.fail(error);
        }
        let first = TabCommand {
            kind: CommandKind::Create {
                url: tab.url.clone(),
                until: tab.wait_until,
            },
            reply: Some(reply),
        };
        self.spawn(tab, first, None);
    }

    /// The tab that a call opens knows whether it is open.
    fn cancel_create(&self, call: CallId, report: CancelReport) {
        let mut tabs = self.registry.all().into_iter();
        if let Some(tab) = tabs.find(|tab| tab.view().created_by == Some(call)) {
            tab.send(TabMessage::Cancel(call, report));
        }
    }

    /// Closes the tab that this client used least recently, if the configuration says so. False if
    /// there is none.
    fn evict_least_recent(&mut self, scope: &Scope) -> bool {
        if self.around.settings.config.when_full != WhenFull::CloseLru {
            return false;
        }
        let own = self.registry.of(scope).into_iter();
        let least_recent = own
            .filter(|tab| !self.evicted.contains(&tab.key()))
            .min_by_key(|tab| (tab.view().last_used, tab.id));
        let Some(tab) = least_recent else {
            return false;
        };
        self.evicted.insert(tab.key());
        tab.send(TabMessage::Close(CloseReason::Idle, None));
        true
    }

    /// The limits, and the tabs that count against them.
    pub(super) fn quota(&self) -> TabQuota<'_> {
        let mut open: HashMap<ClientId, OpenTabs> = HashMap::new();
        for tab in self.registry.all() {
            let key = tab.key();
            if !self.evicted.contains(&key) {
                let open = open.entry(key.client.clone()).or_default();
                open.all += 1;
                open.popups += usize::from(self.popup_openers.contains_key(&key));
            }
        }
        TabQuota {
            max: self.around.settings.config.max,
            shares: &self.shares,
            open,
        }
    }

    pub(super) fn spawn(
        &mut self,
        tab: NewTab,
        first: TabCommand,
        live: Option<AttachedTarget>,
    ) -> TabKey {
        let last = self.last_tab.entry(tab.scope.client.clone()).or_default();
        *last += 1;
        let id = TabId::new(*last);
        let key = tab.scope.tab(id);
        let usual = self.around.settings.viewport;
        let setup = if let Some(live) = &live {
            live.target.setup.current()
        } else {
            let place = self.place_of(&tab.scope);
            let emulation = EmulationState::starting(&place, tab.viewport);
            PageSetup::emulating(usual, emulation.into())
        };
        let view = TabView {
            id,
            created_by: first.reply.as_ref().map(|reply| reply.call),
            scope: tab.scope,
            target: live.as_ref().map(|live| live.target.id.clone()),
            opener: match &first.kind {
                CommandKind::Adopt { opener } => *opener,
                _ => None,
            },
            created_at_ms: epoch_ms(),
            going_to: live.is_none().then(|| tab.url.clone()),
            url: tab.url,
            title: String::new(),
            logged_out: tab.logged_out,
            emulation: Arc::clone(&setup.emulation),
            scripts: setup.scripts.clone(),
            state: TabState::Creating,
            activated: self.around.supervisor.next_activation(),
            last_used: Instant::now(),
        };
        self.start_actor(view, setup, TabStart::New(first, live.map(Box::new)));
        key
    }

    pub(super) fn start_actor(&mut self, view: TabView, setup: PageSetup, start: TabStart) {
        let (view, views) = watch::channel(view);
        let (mailbox, messages) = mpsc::channel(MAILBOX);
        self.registry.insert(TabHandle::new(mailbox, views));
        metrics::tabs(self.registry.len());
        let around = Arc::clone(&self.around);
        self.actors
            .spawn(Actor::new(around, view, setup, messages, start).run());
    }

    fn open(&mut self, request: OpenRequest) {
        match &mut self.browser {
            Some(state) => state.start(jobs::open_turn(state.open_permits.clone(), request)),
            None => reject(request, OpenError::BrowserDown(self.down.clone())),
        }
    }

    /// Opens the page of a request whose turn it is.
    fn open_now(&mut self, request: OpenRequest) {
        let Some(state) = &mut self.browser else {
            return reject(request, OpenError::BrowserDown(self.down.clone()));
        };
        let setup = self.scopes.setup(&request.scope);
        let in_default =
            self.around.settings.use_default_context && setup.is_some_and(|setup| setup.in_profile);
        state.open(request, in_default, &self.around.proxies);
        if in_default {
            self.update_download_behavior();
        }
    }

    fn on_job_result(&mut self, result: JobResult) {
        let Some(state) = &mut self.browser else {
            return;
        };
        match &result {
            JobResult::Context(_, outcome) => state.open_ended(outcome.as_ref().err()),
            JobResult::Target(_, outcome) => state.open_ended(outcome.as_ref().err()),
            _ => {}
        }
        match result {
            JobResult::Context(ContextFor::Client(scope), created) => {
                state.context_job_ended(&scope);
                let context = created.map(|created| state.add_context(created));
                for request in state.contexts.shared_created(&scope, context.as_ref().ok()) {
                    match &context {
                        Ok(context) => {
                            state.create_target(Some(context.clone()), request);
                        }
                        Err(error) => reject(request, error.clone()),
                    }
                }
                self.update_download_behavior();
            }
            JobResult::Context(ContextFor::Tab(request), Ok(created)) => {
                state.context_job_ended(&request.scope);
                let context = state.add_context(created);
                state.contexts.own_created(&request.scope, &context);
                state.create_target(Some(context), request);
                self.update_download_behavior();
            }
            JobResult::Context(ContextFor::Tab(request), Err(error)) => {
                state.context_job_ended(&request.scope);
                reject(request, error);
            }
            JobResult::Target(opening, Ok(target)) => {
                state.creating -= 1;
                if let Some(page) = state.take_unclaimed(&target) {
                    state.deliver(opening, page, &self.around.supervisor);
                } else {
                    // Also if the request has timed out: otherwise the page would be taken for
                    // a popup once it is set up.
                    state.start(jobs::overdue(target.clone()));
                    state.expected.insert(target, opening);
                }
                self.adopt_unclaimed();
            }
            JobResult::Target(opening, Err(error)) => {
                state.creating -= 1;
                state.fail_open(opening, error);
                self.adopt_unclaimed();
            }
            JobResult::SetUp(page, Ok(())) => {
                if let Some(opening) = state.expected.remove(&page.attachment.info.target_id) {
                    state.deliver(opening, page, &self.around.supervisor);
                } else {
                    state.unclaimed.push(page);
                    self.adopt_unclaimed();
                }
            }
            JobResult::SetUp(page, Err(error)) => {
                let target = page.attachment.info.target_id;
                let opening = state.expected.remove(&target);
                state.close_page(target);
                if let Some(opening) = opening {
                    state.fail_open(opening, error);
                }
            }
            JobResult::Attached(request, session) => state.session_named(request, session),
            JobResult::Overdue(target) => {
                if let Some(opening) = state.expected.remove(&target) {
                    state.close_page(target);
                    state.fail_open(opening, OpenError::NotAttached);
                }
            }
            JobResult::OpenTurn(request) => self.open_now(request),
            JobResult::Disposed(scope, undisposed) => {
                state.context_job_ended(&scope);
                state.undisposed.extend(undisposed);
            }
            JobResult::Page(guid, page) => self.page_found(guid, page),
            JobResult::Unclaimed(guid) => self.cancel_unclaimed(&guid),
            JobResult::Nothing => {}
        }
    }

    /// A target was attached: the page of a tab, a popup, or a page that the bridge does not manage.
    fn attached(&mut self, attachment: Attachment) {
        let viewport = self.around.settings.viewport;
        let default_context = self.around.settings.use_default_context;
        let Some(state) = &mut self.browser else {
            return;
        };
        if state.tabs.contains_key(&attachment.info.target_id) {
            // Another session to the page of a tab.
            state.session_attached(attachment);
            return;
        }
        if let Some(opener) = attachment.info.opener_id.clone() {
            let popup = attachment.info.target_id.clone();
            state.downloads.popup(popup, opener);
        }
        if let Some(brake) = self.refuses_at_once(&attachment) {
            if let Some(state) = &mut self.browser {
                state.start(jobs::refuse(state.browser.clone(), attachment, brake));
            }
            return;
        }
        let setup = self.setup_of_page(&attachment);
        let Some(state) = &mut self.browser else {
            return;
        };
        let context = attachment.info.browser_context_id.as_ref();
        let ours = default_context
            || context.is_some_and(|context| state.contexts.owner(context).is_some());
        if ours && attachment.info.r#type == "page" {
            state.start(jobs::prepare(attachment, viewport, setup, state.auth));
        } else {
            state.start(jobs::detach(state.browser.clone(), attachment));
        }
    }

    fn release(&mut self, context: &BrowserContextId) {
        if let Some(state) = &mut self.browser {
            state.release(context);
        }
    }
}
