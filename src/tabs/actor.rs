//! The actor of one tab. Its task owns the tab's state, and the active command is only one arm of its
//! `select!`, so that events, a close and a crash are handled while a command runs.

mod answers;
mod cancel;
mod closing;
mod commands;
mod dialogs;
mod events;
mod hang_recovery;
mod http_auth;
mod navigation;
mod navigation_result;
mod navigation_wait;
mod page_actions;
mod page_limits;
mod page_setup;
mod policy_enforcement;
mod publisher;
mod recovery;
mod streams;
mod tab_updates;
mod target_recovery;
#[cfg(test)]
mod test_support;
mod work;

use std::sync::{Arc, OnceLock};

use cdp_bridge_protocol::event::{CloseReason, RebuildReason};
use cdp_bridge_protocol::request::Viewport;
use futures::FutureExt as _;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use self::closing::{CLOSE_LIMIT, Closing, End, closing};
use self::dialogs::Dialogs;
use self::http_auth::HttpAuth;
use self::navigation::NavigationState;
use self::page_limits::PageLimits;
use self::page_setup::TabSetup;
use self::publisher::TabPublisher;
use self::recovery::Recovery;
use self::streams::Streams;
use self::tab_updates::TabUpdates;
use self::work::Work;
use super::active_command::{ActiveCommand, Step};
use super::attached_target::{AttachedTarget, TargetSignal};
use super::capture_permits::CapturePermits;
use super::captures::{CaptureContext, FinishedCapture};
use super::clipboard::{Clipboards, ScopeClipboard};
use super::command_queue::{CommandKind, TabCommand};
use super::context_proxy::ProxyProvider;
use super::error::{Failure, TabError};
use super::fact::{FactKind, FactSink};
use super::identity::{ClientId, ClientSessionId, Scope};
use super::message::TabMessage;
use super::page_setup::PageSetup;
use super::permission_grants::SharedGrants;
use super::settings::TabSettings;
use super::supervisor::SupervisorHandle;
use super::target::Target;
use super::view::TabView;
use crate::cdp::SessionEvent;
use crate::fair_permits::FairPermits;
use crate::timer::sleep_until_opt;

/// The services and settings that all tabs share.
pub struct TabsContext {
    pub settings: TabSettings,
    pub facts: Arc<dyn FactSink>,
    pub proxies: Arc<dyn ProxyProvider>,
    pub supervisor: SupervisorHandle,
    pub(super) clipboards: Clipboards,
    pub(super) shared_grants: SharedGrants,
    pub(super) capture_permits: CapturePermits,
    /// Limits the downloads that are in memory at a time.
    pub(super) download_permits: FairPermits<ClientId>,
    /// Whose tabs the next process opens again, once the bridge stops.
    pub(super) comebacks: OnceLock<Comebacks>,
}

/// Whose tabs the next process opens again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comebacks {
    /// Those of implicit sessions, too.
    pub implicit: bool,
}

impl TabsContext {
    fn comes_back(&self, scope: &Scope) -> bool {
        let comebacks = self.comebacks.get();
        comebacks.is_some_and(|it| it.implicit || scope.session != ClientSessionId::DEFAULT)
    }
}

/// How a tab begins.
pub(super) enum TabStart {
    /// With this command; a popup has its target already.
    New(TabCommand, Option<Box<AttachedTarget>>),
    /// An earlier process has kept it: it waits for a target, which goes to this URL.
    Restored {
        url: String,
        last_used: Instant,
        /// No client is there that could answer a dialog.
        is_unattended: bool,
    },
}

/// A tab's task: the event loop, and the coordination between the parts.
pub struct Actor {
    /// Clients know of it, although it may not have a target yet.
    is_restored: bool,
    tab: TabPublisher,
    ctx: Arc<TabsContext>,
    setup: TabSetup,
    clipboard: Arc<ScopeClipboard>,
    attached: Option<AttachedTarget>,
    work: Work,
    navigation: NavigationState,
    recovery: Recovery,
    streams: Streams,
    limits: PageLimits,
    /// No client could answer a dialog, or release what it holds.
    is_unattended: bool,
    dialogs: Dialogs,
    auth: HttpAuth,
    updates: TabUpdates,
    mailbox: mpsc::Receiver<TabMessage>,
    closing: Option<Closing>,
    last_used: Instant,
}

impl Actor {
    pub(super) fn new(
        ctx: Arc<TabsContext>,
        view: watch::Sender<TabView>,
        setup: PageSetup,
        mailbox: mpsc::Receiver<TabMessage>,
        start: TabStart,
    ) -> Self {
        let (settings, facts) = (&ctx.settings, &ctx.facts);
        let tab = TabPublisher::new(view, Arc::clone(facts));
        let (id, scope, supervisor) = (tab.id, tab.scope.clone(), &ctx.supervisor);
        let mut navigation = NavigationState::new(scope.clone(), Arc::clone(&ctx.proxies));
        let (mut is_unattended, mut last_used) = (false, Instant::now());
        let (first, attached, is_restored) = match start {
            TabStart::New(first, attached) => (Some(first), attached.map(|it| *it), false),
            TabStart::Restored {
                url,
                last_used: used,
                is_unattended: nobody,
            } => {
                navigation.begin(url);
                (is_unattended, last_used) = (nobody, used);
                (None, None, true)
            }
        };
        Self {
            is_restored,
            clipboard: ctx.clipboards.of(&scope),
            setup: TabSetup::new(setup, ctx.shared_grants.of(&scope)),
            attached,
            work: Work::new(settings, ctx.capture_permits.of(&scope.client), first),
            navigation,
            recovery: Recovery::new(settings.config.hang_timeout),
            streams: Streams::new(id, scope, supervisor, Arc::clone(facts)),
            limits: PageLimits::default(),
            is_unattended,
            dialogs: Dialogs::new('g'),
            auth: HttpAuth::default(),
            updates: TabUpdates::default(),
            mailbox,
            closing: None,
            last_used,
            tab,
            ctx,
        }
    }

    /// Runs until the tab ends. However it ends, every pending request is answered and the supervisor
    /// is notified.
    pub async fn run(mut self) {
        if self.is_restored {
            self.wait_for_turn();
        }
        let end = self.run_inner().await;
        // A tab that never had a target was not announced; one that comes back is not gone.
        let comes_back =
            end.reason == CloseReason::Shutdown && self.ctx.comes_back(&self.tab.scope);
        let announced = (self.attached.is_some() || self.is_restored) && !comes_back;
        let error = End::error(end.reason);
        self.fail_all(&error);
        if end.reason == CloseReason::Crashed
            && let Some(attached) = &self.attached
        {
            tokio::spawn(attached.target.close(CLOSE_LIMIT).map(drop));
        }
        let context = self.attached.take().and_then(|it| it.target.own_context);
        // Removed from the registry first: a client that has received `tabClosed` must not find it.
        self.ctx.supervisor.ended(self.tab.key(), context).await;
        self.mailbox.close();
        while let Ok(message) = self.mailbox.try_recv() {
            message.fail(error.clone());
        }
        let reason = end.reason;
        let closed = FactKind::TabClosed { reason };
        self.tab.answer(end.replies, closed, announced);
    }

    async fn run_inner(&mut self) -> End {
        loop {
            self.advance();
            let timer = sleep_until_opt(self.next_wake());
            let end = tokio::select! {
                // Signals of the target come first: a crash or a detach decides what the rest
                // means. Requests come before the work that they may cancel.
                biased;
                signal = next_signal(&mut self.attached) => self.on_signal(signal),
                () = self.navigation.policy_changed() => {
                    self.on_policy_change();
                    None
                }
                message = self.mailbox.recv() => match message {
                    Some(TabMessage::Cancel(call, report)) => self.cancel(call, report),
                    Some(TabMessage::Attended) => {
                        self.is_unattended = false;
                        None
                    }
                    Some(TabMessage::Unattended) => {
                        self.on_unattended();
                        None
                    }
                    Some(message) => {
                        self.on_message(message);
                        None
                    }
                    // The registry and the supervisor are gone: the bridge is stopping.
                    None => Some(End::of(CloseReason::Shutdown)),
                },
                closed = closing(&mut self.closing) => self.on_closed(closed),
                (dialog, outcome) = self.dialogs.answered() => {
                    self.on_dialog_answered(dialog, outcome);
                    None
                }
                (auth, outcome) = self.auth.pending.answered() => {
                    self.on_auth_answered(auth, outcome);
                    None
                }
                turn = self.recovery.turn() => self.on_turn(turn),
                step = next_step(&mut self.work.active) => self.on_step(step),
                done = self.work.captures.next_done() => {
                    self.on_captured(done);
                    None
                }
                result = self.work.queries.next_done() => {
                    let awaited_answer = self.awaited_answer();
                    let session = self.session();
                    result.answer(self.tab.id, awaited_answer.as_deref(), session.as_ref());
                    None
                }
                () = timer => self.on_tick(),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    fn on_signal(&mut self, signal: TargetSignal) -> Option<End> {
        match signal {
            TargetSignal::Event(Some(SessionEvent::Raw(event))) => {
                let step = self.work.navigation_answer();
                let end = step.and_then(|step| self.on_step(step));
                return end.or_else(|| self.on_event(&event));
            }
            TargetSignal::Event(Some(SessionEvent::Attached(frame))) => {
                if let Some(attached) = &self.attached {
                    attached.frame_attached(*frame);
                }
            }
            TargetSignal::Event(None) => return self.target_gone(),
            TargetSignal::FrameEvent(session, event) => self.on_frame_event(&session, &event),
            TargetSignal::Title(title) => self.on_title(title),
            TargetSignal::TitleChanged => self.attached.as_mut()?.title_changed(),
            TargetSignal::PageProbed(true) => self.recovery.watchdog.answered(Instant::now()),
            TargetSignal::PageProbed(false) => {}
            TargetSignal::BrowserProbed(answers) => return self.on_browser_probe(answers),
        }
        None
    }

    fn on_captured(&mut self, done: FinishedCapture) {
        let awaited_answer = self.awaited_answer();
        if let Some(attached) = &self.attached {
            let context = context(attached, self.setup.page.viewport());
            let captures = &mut self.work.captures;
            captures.settle(done, self.tab.id, &context, awaited_answer.as_deref());
        }
    }

    /// Starts every command, capture and query that can run now.
    fn advance(&mut self) {
        let loss = self.attached.as_ref().and_then(|attached| attached.loss);
        let is_detached = loss == Some(RebuildReason::Detached);
        if self.closing.is_some() || self.recovery.is_waiting() || is_detached {
            return;
        }
        if self.navigation.policy_violation {
            // The page is to be left at once, and not after its dialog.
            self.abandon_answers();
        }
        if !self.dialogs.is_empty() {
            return self.start_behind_dialog();
        }
        self.leave_denied_page();
        while let Some((position, command)) = self.work.pop() {
            self.start(position, command);
        }
        if let Some(attached) = self.attached.as_ref().filter(|it| it.is_usable()) {
            let context = context(attached, self.setup.page.viewport());
            self.work.start_due(&context, Instant::now());
        }
    }

    fn on_message(&mut self, message: TabMessage) {
        let now = Instant::now();
        self.last_used = now;
        self.tab.used(now);
        let tab = self.tab.id;
        match message {
            TabMessage::Close(reason, reply) => self.close(reason, reply),
            message if self.closing.is_some() => message.fail(TabError::Closed),
            TabMessage::Unwatch(reply) => self.streams.screencasts.unwatch(tab, reply),
            TabMessage::Unsubscribe(reply) => {
                self.streams.console.unsubscribe_from_console(tab, reply);
            }
            // Sent through the tab, so that it counts as a use of the tab and fails once the tab closes.
            TabMessage::Download(id, reply) => {
                self.ctx.supervisor.download(self.tab.key(), id, reply);
            }
            message if let Some(error) = self.refusal_without_target() => message.fail(error),
            TabMessage::Watch(spec, watcher, reply) => {
                let target = usable_target(self.attached.as_ref());
                self.streams
                    .screencasts
                    .subscribe(spec, watcher, reply, target);
            }
            TabMessage::Subscribe(subscriber, reply) => {
                let target = usable_target(self.attached.as_ref());
                self.streams
                    .console
                    .subscribe((), subscriber, reply, target);
            }
            TabMessage::AnswerDialog(answer, reply) => self.answer_dialog(answer, reply),
            TabMessage::AnswerAuth(answer, reply) => self.answer_auth(answer, reply),
            TabMessage::SetCredentials(credentials, reply) => {
                self.set_credentials(credentials, reply);
            }
            TabMessage::Change(change, reply) => self.work.push(CommandKind::Change(change), reply),
            TabMessage::Act(operation, reply) => {
                self.work.push(CommandKind::Act(Some(operation)), reply);
            }
            TabMessage::Capture(capture, reply) => self.work.push_capture(capture, reply, now),
            TabMessage::Query(query, reply) => self.work.push_query(query, reply),
            TabMessage::Cancel(..) | TabMessage::Attended | TabMessage::Unattended => {}
        }
    }

    /// When something is due or times out.
    fn next_wake(&self) -> Option<Instant> {
        let now = Instant::now();
        let idle = self.last_used + self.ctx.settings.config.idle_timeout;
        let wakes = [
            Some(idle),
            self.work.next_wake(now),
            self.streams.next_deadline(),
            self.next_answer_deadline(),
            self.closing.as_ref().and_then(Closing::next_deadline),
            self.attached.as_ref().and_then(AttachedTarget::next_wake),
            self.next_page_check(),
            self.updates.next_due(now),
        ];
        wakes.into_iter().flatten().min()
    }

    fn on_tick(&mut self) -> Option<End> {
        let now = Instant::now();
        let session = self.session();
        let awaited_answer = self.awaited_answer();
        let is_page_late = self
            .work
            .expire(now, session.as_deref(), awaited_answer.as_deref());
        // Behind a dialog it is not.
        if is_page_late && self.dialogs.is_empty() {
            self.recovery.watchdog.suspect(now);
        }
        self.streams.expire(now);
        self.expire_answers(now);
        self.publish_update();
        if let Some(attached) = &mut self.attached {
            attached.disable_network_if_slow(now);
        }
        if now >= self.last_used + self.ctx.settings.config.idle_timeout {
            self.last_used = now;
            self.close(CloseReason::Idle, None);
        }
        if self.closing.is_some() {
            return self.on_close_timeout(now);
        }
        let end = if self.work.is_active_overdue(now) {
            self.on_command_timeout()
        } else {
            None
        };
        self.check_page(now);
        end
    }

    /// Ends all streams, and fails everything that is active or pending.
    fn fail_all(&mut self, error: &TabError) {
        self.streams.end();
        self.fail_pending(error);
    }

    /// Fails everything that is active or pending. Confirmed subscriptions continue.
    fn fail_pending(&mut self, error: &TabError) {
        self.prompts_gone();
        let mut replies = self.work.drain();
        replies.extend(self.streams.take_pending());
        for reply in replies {
            reply.fail(self.failure(error.clone()));
        }
    }

    /// An error with the CDP session it happened in.
    fn failure(&self, error: TabError) -> Failure {
        let session = self.session();
        Failure { error, session }
    }

    /// Where the page is.
    fn page_url(&self) -> Option<&str> {
        self.attached.as_ref().map(|it| it.page.url.as_str())
    }

    fn is_usable(&self) -> bool {
        self.attached
            .as_ref()
            .is_some_and(AttachedTarget::is_usable)
    }

    fn session(&self) -> Option<String> {
        let attached = self.attached.as_ref()?;
        Some(attached.target.session.id().to_string())
    }

    fn update_view(&mut self) {
        let (is_rebuilding, going_to) = (self.work.is_rebuilding(), self.navigation.pending());
        self.tab
            .update_view(self.attached.as_ref(), going_to, is_rebuilding);
        if let Some(attached) = &self.attached {
            let page = &attached.page;
            self.updates.observe(&page.url, &page.title);
        }
    }
}

/// The next signal of the target. Never ends while there is none.
async fn next_signal(attached: &mut Option<AttachedTarget>) -> TargetSignal {
    match attached {
        Some(attached) => attached.next_signal().await,
        None => std::future::pending().await,
    }
}

/// The next step of the active command. Never ends while there is none.
async fn next_step(active: &mut Option<ActiveCommand>) -> Step {
    match active {
        Some(active) => active.step().await,
        None => std::future::pending().await,
    }
}

fn usable_target(attached: Option<&AttachedTarget>) -> Option<&Target> {
    let usable = attached.filter(|attached| attached.is_usable());
    usable.map(|attached| &attached.target)
}

fn context(attached: &AttachedTarget, viewport: Viewport) -> CaptureContext<'_> {
    CaptureContext {
        url: &attached.page.url,
        loader: attached.page.loader.as_ref(),
        session: &attached.target.session,
        driver: attached.driver(),
        viewport,
    }
}
