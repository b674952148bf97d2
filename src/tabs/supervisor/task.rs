//! The supervisor's task.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::{CloseReason, TabState};
use cdp_bridge_protocol::request::Viewport;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::downloads::BrowserDownloads;
use super::jobs::{self, ContextFor, Done};
use super::opens::Opens;
use super::running::{News, Running, news, refuse};
use super::turns::Turns;
use super::{Ask, NewTab};
use crate::cdp::{Attachment, BrowserContextId, SessionEvent};
use crate::metrics;
use crate::policy::PopupPolicy;
use crate::tabs::actor::{Actor, TabsContext};
use crate::tabs::attached_target::AttachedTarget;
use crate::tabs::command_queue::TabCommand;
use crate::tabs::downloads::DownloadTracker;
use crate::tabs::error::TabError;
use crate::tabs::handle::{MAILBOX, TabHandle};
use crate::tabs::identity::{ClientId, Scope};
use crate::tabs::message::TabMessage;
use crate::tabs::registry::Registry;
use crate::tabs::reply::Reply;
use crate::tabs::settings::WhenFull;
use crate::tabs::target::{OpenError, OpenRequest};
use crate::tabs::view::TabView;

/// The supervisor.
pub(super) struct Supervisor {
    pub(super) around: Arc<TabsContext>,
    pub(super) registry: Registry,
    asks: mpsc::Receiver<Ask>,
    next_tab: u64,
    /// The most tabs of single clients.
    max_tabs_of: HashMap<ClientId, usize>,
    /// Tabs that were closed to make room for others; they count no more.
    leaving: HashSet<TabId>,
    /// The tabs' tasks. A tab is off the list before its task has told its end.
    actors: JoinSet<()>,
    pub(super) browser: Option<Running>,
    /// What pages hand out as files.
    pub(super) downloads: DownloadTracker,
    /// Which tab opened each popup.
    pub(super) openers: HashMap<TabId, TabId>,
    /// The tabs that wait for a new target.
    turns: Turns,
    /// Why there is no browser.
    pub(super) down: String,
    /// The bridge is stopping: no tab is opened any more.
    stopping: bool,
    /// Whoever waits for the last tab to be gone.
    stopped: Option<oneshot::Sender<()>>,
}

impl Supervisor {
    pub(super) fn new(
        around: Arc<TabsContext>,
        registry: Registry,
        asks: mpsc::Receiver<Ask>,
    ) -> Self {
        let down = "it has not been started yet".to_owned();
        Self {
            max_tabs_of: around.settings.max_tabs_of.clone(),
            downloads: DownloadTracker::new(around.settings.download_limits()),
            openers: HashMap::new(),
            around,
            registry,
            asks,
            next_tab: 1,
            leaving: HashSet::new(),
            actors: JoinSet::new(),
            browser: None,
            turns: Turns::default(),
            down,
            stopping: false,
            stopped: None,
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            tokio::select! {
                // What Chromium says comes first: a page stands still until it is looked after,
                // and its opener with it.
                biased;
                news = news(&mut self.browser) => match news {
                    News::Event(Some(SessionEvent::Attached(attachment))) => self.attached(*attachment),
                    News::Event(Some(SessionEvent::Raw(event))) => self.on_browser_event(&event),
                    News::Event(None) => self.lose_browser(),
                    News::Done(done) => self.job_done(*done),
                    News::Hangs => self.browser_hangs(),
                },
                Some(_) = self.actors.join_next() => {}
                ask = self.asks.recv() => match ask {
                    Some(ask) => self.ask(ask),
                    None => return,
                },
                // After all who ask now, so that they come in the right order.
                turn = self.turns.free(), if self.browser.is_some() => self.turns.give(turn),
            }
            self.open_next();
            self.settle_downloads();
            if self.actors.is_empty()
                && let Some(done) = self.stopped.take_if(|_| self.asks.is_empty())
            {
                let _ = done.send(());
            }
        }
    }

    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Create(tab, reply) => self.create(tab, reply),
            Ask::Open(request) => self.open(request),
            Ask::Attach(request) => {
                // Without a browser the request is dropped, which answers it.
                if let Some(running) = &mut self.browser {
                    running
                        .jobs
                        .push(jobs::attach(running.browser.clone(), request));
                }
            }
            Ask::Turn(request) => self.turns.push(request),
            Ask::Release(context) => self.release(&context),
            Ask::Unwanted(target, context) => {
                tracing::debug!(%target, "a page came too late for its tab");
                if let Some(running) = &mut self.browser {
                    running.unwanted(target, context.as_ref());
                }
            }
            Ask::Ended(tab, own_context, done) => {
                self.registry.remove(tab);
                self.leaving.remove(&tab);
                self.openers.remove(&tab);
                let effects = self.downloads.tab_ended(tab);
                self.apply(effects);
                let _ = done.send(());
                metrics::tabs(self.registry.len());
                if let Some(running) = &mut self.browser {
                    running.tabs.retain(|_, owner| *owner != tab);
                }
                if let Some(context) = own_context {
                    self.release(&context);
                }
            }
            Ask::BrowserUp(browser, inbox, version, files) => {
                self.lose_browser();
                // Only a whole browser has to be told what to do with prompts for passwords.
                let cancel_auth = !version.is_headless_shell();
                let downloads = BrowserDownloads::new(files);
                self.browser = Some(Running::new(browser, cancel_auth, inbox, downloads));
            }
            Ask::BrowserDown(reason) => {
                self.lose_browser();
                self.down = reason;
            }
            Ask::Claim(guid, tab) => self.claim_download(&guid, tab),
            Ask::Download(tab, id, reply) => self.serve_download(tab, id, reply),
            Ask::PolicyChanged => self.renew_downloads(),
            Ask::GivenUp(reason) => {
                self.down = reason;
                self.close_all(CloseReason::BrowserExited);
            }
            Ask::AllowTabs(max_tabs_of) => self.max_tabs_of = max_tabs_of,
            Ask::Shutdown(done) => {
                self.close_all(CloseReason::Shutdown);
                self.stopping = true;
                self.stopped = Some(done);
            }
        }
    }

    /// Its connection is ended, so that whoever looks after the browser starts another one.
    fn browser_hangs(&mut self) {
        if let Some(running) = self.browser.take() {
            self.down = Opens::verdict();
            tracing::error!(reason = self.down, "Chromium hangs");
            running.browser.hang_up(self.down.as_str());
            self.lose_browser();
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
        if let Some(error) = self.lacks_room_for(&tab.scope)
            && !self.makes_room_for(&tab.scope)
        {
            return reply.fail(error);
        }
        let NewTab {
            scope,
            url,
            logged_out,
            viewport,
        } = tab;
        let viewport = viewport.unwrap_or(self.around.settings.viewport);
        let goal = TabCommand::Create {
            url: url.clone(),
            reply,
        };
        self.spawn(scope, url, logged_out, viewport, goal, None);
    }

    /// Closes the tab that this client used least recently, if the configuration says so. False: it
    /// has none that could be closed.
    fn makes_room_for(&mut self, scope: &Scope) -> bool {
        if self.around.settings.config.when_full != WhenFull::CloseLru {
            return false;
        }
        let own = self.registry.of(scope).into_iter();
        let least_recent = own
            .filter(|tab| !self.leaving.contains(&tab.id))
            .min_by_key(|tab| (tab.view().last_used, tab.id));
        let Some(tab) = least_recent else {
            return false;
        };
        self.leaving.insert(tab.id);
        tab.send(TabMessage::Close(CloseReason::Idle, None));
        true
    }

    /// Why a client gets no further tab.
    fn lacks_room_for(&self, scope: &Scope) -> Option<TabError> {
        let limit = self.around.settings.config.max;
        if self.registry.len().saturating_sub(self.leaving.len()) >= limit {
            return Some(TabError::TooManyTabs { limit });
        }
        // The limit is the client's, over all of its sessions.
        let limit = *self.max_tabs_of.get(&scope.client)?;
        let own = self.registry.all().into_iter();
        let own = own.filter(|tab| tab.scope.client == scope.client);
        if own.filter(|tab| !self.leaving.contains(&tab.id)).count() < limit {
            return None;
        }
        metrics::client_limit("tabs");
        Some(TabError::TooManyOwnTabs { limit })
    }

    /// Starts the actor of a new tab.
    fn spawn(
        &mut self,
        scope: Scope,
        url: String,
        logged_out: bool,
        viewport: Viewport,
        first: TabCommand,
        live: Option<AttachedTarget>,
    ) -> TabId {
        let id = TabId::new(self.next_tab);
        self.next_tab += 1;
        let activated = self.around.supervisor.next_activation();
        let (state, title) = (TabState::Creating, String::new());
        let view = TabView {
            id,
            scope,
            url,
            title,
            logged_out,
            state,
            activated,
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
            Some(running) => running.gate.push(request),
            None => refuse(request, OpenError::BrowserDown(self.down.clone())),
        }
    }

    /// Opens what has waited until others were open.
    fn open_next(&mut self) {
        while let Some(running) = &mut self.browser
            && let Some(request) = running.gate.next()
        {
            let outlets = &self.around.outlets;
            let in_default = self.around.settings.use_default_context;
            running.open(request, in_default, outlets);
            if in_default {
                self.renew_downloads();
            }
        }
    }

    fn job_done(&mut self, done: Done) {
        let Some(running) = &mut self.browser else {
            return;
        };
        match &done {
            Done::Context(_, outcome) => {
                running.open_ended(outcome.as_ref().map_err(OpenError::call));
            }
            Done::Target(_, outcome) => running.open_ended(outcome.as_ref().map_err(Some)),
            _ => {}
        }
        match done {
            Done::Context(ContextFor::Client(scope), made) => {
                let made = made.map(|made| running.keep_outlet(made));
                for request in running.contexts.shared_made(&scope, made.as_ref().ok()) {
                    match &made {
                        Ok(context) => {
                            running.create_target(Some(context.clone()), request, None);
                        }
                        Err(error) => refuse(request, error.clone()),
                    }
                }
                self.renew_downloads();
            }
            Done::Context(ContextFor::Tab(request), Ok(made)) => {
                let context = running.keep_outlet(made);
                running.contexts.own_made(&request.scope, &context);
                running.create_target(Some(context.clone()), request, Some(context));
                self.renew_downloads();
            }
            Done::Context(ContextFor::Tab(request), Err(error)) => refuse(request, error),
            Done::Target(opening, Ok(target)) => {
                running.unnamed -= 1;
                if let Some(attachment) = running.take_unclaimed(&target) {
                    running.hand_over(opening, attachment, &self.around.supervisor);
                } else {
                    // Even if nobody waits any more: it must be known for what it is when
                    // it is ready, or it would be taken for a popup.
                    running.jobs.push(jobs::overdue(target.clone()));
                    running.expected.insert(target, opening);
                }
                self.adopt_unclaimed();
            }
            Done::Target(opening, Err(error)) => {
                running.unnamed -= 1;
                running.let_context_go(&opening);
                refuse(opening.request, error);
                self.adopt_unclaimed();
            }
            Done::SetUp(attachment, Ok(())) => {
                if let Some(opening) = running.expected.remove(&attachment.info.target_id) {
                    running.hand_over(opening, attachment, &self.around.supervisor);
                } else {
                    running.unclaimed.push(attachment);
                    self.adopt_unclaimed();
                }
            }
            Done::SetUp(attachment, Err(error)) => {
                let target = attachment.info.target_id;
                let opening = running.expected.remove(&target);
                running
                    .jobs
                    .push(jobs::discard(running.browser.clone(), target));
                if let Some(opening) = opening {
                    running.let_context_go(&opening);
                    refuse(opening.request, error);
                }
            }
            Done::Attached(request, session) => running.further_named(request, session),
            Done::Overdue(target) => {
                if let Some(opening) = running.expected.remove(&target) {
                    let discard = jobs::discard(running.browser.clone(), target);
                    running.jobs.push(discard);
                    running.let_context_go(&opening);
                    let _ = opening.request.reply.send(Err(OpenError::NotAttached));
                }
            }
            Done::Left(outlet) => running.keep_left(outlet),
            Done::Page(guid, info) => self.page_found(guid, info),
            Done::Unclaimed(guid) => self.give_download_up(&guid),
            Done::Nothing => {}
        }
    }

    /// A target was attached: one of the tabs', a popup, or somebody else's page.
    fn attached(&mut self, attachment: Attachment) {
        let viewport = self.around.settings.viewport;
        let default_context = self.around.settings.use_default_context;
        let Some(running) = &mut self.browser else {
            return;
        };
        if running.tabs.contains_key(&attachment.info.target_id) {
            // One more session to a tab's page, which somebody asked for.
            running.further_attached(attachment);
            return;
        }
        if let Some(opener) = attachment.info.opener_id.clone() {
            let popup = attachment.info.target_id.clone();
            running.downloads.popup(popup, opener);
        }
        let context = attachment.info.browser_context_id.as_ref();
        let ours = default_context
            || context.is_some_and(|context| running.contexts.owner(context).is_some());
        let job = if ours && attachment.info.r#type == "page" {
            jobs::make_ready(attachment, viewport, running.cancel_auth)
        } else {
            jobs::let_go(running.browser.clone(), attachment)
        };
        running.jobs.push(job);
    }

    /// Gives the pages a tab that pages opened.
    fn adopt_unclaimed(&mut self) {
        let Some(running) = &mut self.browser else {
            return;
        };
        let unnamed = running.unnamed;
        let popups: Vec<_> = running
            .unclaimed
            .extract_if(.., |attachment| {
                attachment.info.opener_id.is_some() || unnamed == 0
            })
            .collect();
        for attachment in popups {
            self.adopt(attachment);
        }
    }

    fn adopt(&mut self, attachment: Attachment) {
        let Some(running) = &self.browser else {
            return;
        };
        let info = &attachment.info;
        let opener = info
            .opener_id
            .as_ref()
            .and_then(|opener| running.tabs.get(opener))
            .copied();
        let context = info.browser_context_id.as_ref();
        let owner = context
            .and_then(|context| running.contexts.owner(context))
            .cloned();
        let scope = owner.as_ref().map(|owner| owner.scope.clone()).or_else(|| {
            self.registry
                .all()
                .into_iter()
                .find(|tab| Some(tab.id) == opener)
                .map(|tab| tab.scope)
        });
        let settings = &self.around.settings;
        let refusal = match &scope {
            _ if settings.popups == PopupPolicy::Block => Some("policy"),
            _ if self.stopping => Some("shutdown"),
            None => Some("unknownOwner"),
            Some(scope) => self.lacks_room_for(scope).map(|_| "tabsMax"),
        };
        let Some(running) = &mut self.browser else {
            return;
        };
        let (Some(scope), None) = (scope, refusal) else {
            metrics::dropped("popup", refusal.unwrap_or_default());
            let discard = jobs::discard(running.browser.clone(), info.target_id.clone());
            running.jobs.push(discard);
            return;
        };
        let own_context = context
            .filter(|_| owner.is_some_and(|owner| owner.is_own()))
            .cloned();
        if let Some(context) = &own_context {
            running.join(context);
        }
        let target_id = info.target_id.clone();
        let logged_out = own_context.is_some();
        let target = running.target(attachment, own_context);
        let (url, viewport) = (target.url.clone(), settings.viewport);
        let live = Some(AttachedTarget::new(target));
        let id = self.spawn(
            scope,
            url,
            logged_out,
            viewport,
            TabCommand::Adopt { opener },
            live,
        );
        self.openers.extend(opener.map(|opener| (id, opener)));
        if let Some(running) = &mut self.browser {
            running.tabs.insert(target_id, id);
        }
    }

    fn release(&mut self, context: &BrowserContextId) {
        if let Some(running) = &mut self.browser {
            running.release(context);
        }
    }
}
