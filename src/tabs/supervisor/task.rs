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
use super::rebuild_queue::RebuildQueue;
use super::{NewTab, SupervisorMessage};
use crate::cdp::{Attachment, BrowserContextId, SessionEvent};
use crate::metrics;
use crate::policy::PopupPolicy;
use crate::tabs::actor::{Actor, TabsContext};
use crate::tabs::attached_target::AttachedTarget;
use crate::tabs::cancellation::CancelReport;
use crate::tabs::command_queue::{CommandKind, TabCommand};
use crate::tabs::downloads::DownloadTracker;
use crate::tabs::error::TabError;
use crate::tabs::handle::{MAILBOX, TabHandle};
use crate::tabs::identity::{CallId, ClientId, Scope};
use crate::tabs::message::TabMessage;
use crate::tabs::registry::Registry;
use crate::tabs::reply::Reply;
use crate::tabs::settings::WhenFull;
use crate::tabs::target::{OpenError, OpenRequest};
use crate::tabs::view::TabView;

pub(super) struct Supervisor {
    pub(super) around: Arc<TabsContext>,
    pub(super) registry: Registry,
    messages: mpsc::Receiver<SupervisorMessage>,
    next_tab: u64,
    /// Lower limits of single clients.
    max_tabs_of: HashMap<ClientId, usize>,
    /// Tabs that are being closed to make room for others; they do not count against the limits.
    evicted: HashSet<TabId>,
    /// The tabs' tasks. A tab is removed from the registry before its task has ended.
    actors: JoinSet<()>,
    pub(super) browser: Option<BrowserState>,
    pub(super) downloads: DownloadTracker,
    /// The calls that read downloaded files, as far as they may be running, to be cancelled by a report.
    pub(super) reading: HashMap<CallId, oneshot::Sender<CancelReport>>,
    /// The tab that opened each popup.
    pub(super) openers: HashMap<TabId, TabId>,
    rebuild_queue: RebuildQueue,
    /// Why there is no browser.
    pub(super) down: String,
    /// The bridge is stopping: no further tab is opened.
    stopping: bool,
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
            max_tabs_of: around.settings.max_tabs_of.clone(),
            downloads: DownloadTracker::new(around.settings.download_limits()),
            reading: HashMap::new(),
            openers: HashMap::new(),
            around,
            registry,
            messages,
            next_tab: 1,
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
                message = self.messages.recv() => match message {
                    Some(message) => self.on_message(message),
                    None => return,
                },
                // After all pending messages, so that the order covers all tabs that wait.
                permit = self.rebuild_queue.permit(), if self.browser.is_some() => self.rebuild_queue.grant(permit),
            }
            self.open_next();
            self.settle_downloads();
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
                self.registry.remove(tab);
                self.evicted.remove(&tab);
                self.openers.remove(&tab);
                let effects = self.downloads.tab_ended(tab);
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
                // The headless shell shows no prompts for HTTP authentication.
                let cancel_auth = !version.is_headless_shell();
                let downloads = BrowserDownloads::new(files);
                self.browser = Some(BrowserState::new(browser, cancel_auth, inbox, downloads));
            }
            SupervisorMessage::BrowserDown(reason) => {
                self.drop_browser();
                self.down = reason;
            }
            SupervisorMessage::Claim(guid, tab) => self.claim_download(&guid, tab),
            SupervisorMessage::Download(tab, id, reply) => self.serve_download(tab, id, reply),
            SupervisorMessage::CancelCreate(call, report) => self.cancel_create(call, report),
            SupervisorMessage::CancelDownload(call, report) => self.cancel_download(call, report),
            SupervisorMessage::PolicyChanged => self.update_download_behavior(),
            SupervisorMessage::GivenUp(reason) => {
                self.down = reason;
                self.close_all(CloseReason::BrowserExited);
            }
            SupervisorMessage::AllowTabs(max_tabs_of) => self.max_tabs_of = max_tabs_of,
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

    fn create(&mut self, tab: NewTab, reply: Reply) {
        if self.stopping {
            return reply.fail(TabError::ShuttingDown);
        }
        if self.browser.is_none() {
            return reply.fail(TabError::BrowserDown {
                reason: self.down.clone(),
            });
        }
        if let Some(error) = self.limit_reached(&tab.scope)
            && !self.evict_least_recent(&tab.scope)
        {
            return reply.fail(error);
        }
        let first = TabCommand {
            kind: CommandKind::Create {
                url: tab.url.clone(),
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
            .filter(|tab| !self.evicted.contains(&tab.id))
            .min_by_key(|tab| (tab.view().last_used, tab.id));
        let Some(tab) = least_recent else {
            return false;
        };
        self.evicted.insert(tab.id);
        tab.send(TabMessage::Close(CloseReason::Idle, None));
        true
    }

    /// The limit that a further tab of this client would exceed.
    fn limit_reached(&self, scope: &Scope) -> Option<TabError> {
        let limit = self.around.settings.config.max;
        if self.registry.len().saturating_sub(self.evicted.len()) >= limit {
            return Some(TabError::TooManyTabs { limit });
        }
        // The limit counts all sessions of the client.
        let limit = *self.max_tabs_of.get(&scope.client)?;
        let own = self.registry.all().into_iter();
        let own = own.filter(|tab| tab.scope.client == scope.client);
        if own.filter(|tab| !self.evicted.contains(&tab.id)).count() < limit {
            return None;
        }
        metrics::client_limit("tabs");
        Some(TabError::TooManyOwnTabs { limit })
    }

    fn spawn(&mut self, tab: NewTab, first: TabCommand, live: Option<AttachedTarget>) -> TabId {
        let id = TabId::new(self.next_tab);
        self.next_tab += 1;
        let viewport = tab.viewport.unwrap_or(self.around.settings.viewport);
        let view = TabView {
            id,
            created_by: first.reply.as_ref().map(|reply| reply.call),
            scope: tab.scope,
            url: tab.url,
            title: String::new(),
            logged_out: tab.logged_out,
            state: TabState::Creating,
            activated: self.around.supervisor.next_activation(),
            last_used: Instant::now(),
        };
        let (view, views) = watch::channel(view);
        let (mailbox, messages) = mpsc::channel(MAILBOX);
        self.registry.insert(TabHandle::new(mailbox, views));
        metrics::tabs(self.registry.len());
        let around = Arc::clone(&self.around);
        self.actors
            .spawn(Actor::new(around, view, viewport, messages, first, live).run());
        id
    }

    fn open(&mut self, request: OpenRequest) {
        match &mut self.browser {
            Some(state) => state.open_limiter.push(request),
            None => reject(request, OpenError::BrowserDown(self.down.clone())),
        }
    }

    /// Opens the queued requests that the limit permits.
    fn open_next(&mut self) {
        while let Some(state) = &mut self.browser
            && let Some(request) = state.open_limiter.next()
        {
            let proxies = &self.around.proxies;
            let in_default = self.around.settings.use_default_context;
            state.open(request, in_default, proxies);
            if in_default {
                self.update_download_behavior();
            }
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
                let context = state.add_context(created);
                state.contexts.own_created(&request.scope, &context);
                state.create_target(Some(context), request);
                self.update_download_behavior();
            }
            JobResult::Context(ContextFor::Tab(request), Err(error)) => reject(request, error),
            JobResult::Target(opening, Ok(target)) => {
                state.creating -= 1;
                if let Some(attachment) = state.take_unclaimed(&target) {
                    state.deliver(opening, attachment, &self.around.supervisor);
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
            JobResult::SetUp(attachment, Ok(())) => {
                if let Some(opening) = state.expected.remove(&attachment.info.target_id) {
                    state.deliver(opening, attachment, &self.around.supervisor);
                } else {
                    state.unclaimed.push(attachment);
                    self.adopt_unclaimed();
                }
            }
            JobResult::SetUp(attachment, Err(error)) => {
                let target = attachment.info.target_id;
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
            JobResult::Undisposed(proxy) => state.undisposed.push(proxy),
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
        let context = attachment.info.browser_context_id.as_ref();
        let ours = default_context
            || context.is_some_and(|context| state.contexts.owner(context).is_some());
        if ours && attachment.info.r#type == "page" {
            state.start(jobs::prepare(attachment, viewport, state.cancel_auth));
        } else {
            state.start(jobs::detach(state.browser.clone(), attachment));
        }
    }

    /// Creates tabs for popups.
    fn adopt_unclaimed(&mut self) {
        let Some(state) = &mut self.browser else {
            return;
        };
        let creating = state.creating;
        let is_popup = |it: &mut Attachment| it.info.opener_id.is_some() || creating == 0;
        let popups: Vec<_> = state.unclaimed.extract_if(.., is_popup).collect();
        for attachment in popups {
            self.adopt(attachment);
        }
    }

    fn adopt(&mut self, attachment: Attachment) {
        let Some(state) = &self.browser else {
            return;
        };
        let info = &attachment.info;
        let opener = info
            .opener_id
            .as_ref()
            .and_then(|it| state.tabs.get(it))
            .copied();
        let context = info.browser_context_id.as_ref();
        let owner = context.and_then(|it| state.contexts.owner(it)).cloned();
        let scope = match &owner {
            Some(owner) => Some(owner.scope.clone()),
            None => opener
                .and_then(|it| self.registry.find(it))
                .map(|it| it.scope),
        };
        let settings = &self.around.settings;
        let refusal = match &scope {
            _ if settings.popups == PopupPolicy::Block => Some("policy"),
            _ if self.stopping => Some("shutdown"),
            None => Some("unknownOwner"),
            Some(scope) => self.limit_reached(scope).map(|_| "tabsMax"),
        };
        let Some(state) = &mut self.browser else {
            return;
        };
        let (Some(scope), None) = (scope, refusal) else {
            metrics::dropped("popup", refusal.unwrap_or_default());
            return state.close_page(info.target_id.clone());
        };
        let own_context = context
            .filter(|_| owner.is_some_and(|owner| owner.is_own()))
            .cloned();
        if let Some(context) = &own_context {
            state.join(context);
        }
        let target_id = info.target_id.clone();
        let logged_out = own_context.is_some();
        let target = state.target(attachment, own_context);
        let tab = NewTab {
            scope,
            url: target.url.clone(),
            logged_out,
            viewport: None,
        };
        let live = Some(AttachedTarget::new(target));
        let id = self.spawn(tab, CommandKind::Adopt { opener }.into(), live);
        self.openers.extend(opener.map(|opener| (id, opener)));
        if let Some(state) = &mut self.browser {
            state.tabs.insert(target_id, id);
        }
    }

    fn release(&mut self, context: &BrowserContextId) {
        if let Some(state) = &mut self.browser {
            state.release(context);
        }
    }
}
