//! Starts the tab's commands and advances them step by step.

use std::borrow::Cow;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::RebuildReason;
use futures::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::navigation::BLANK;
use super::{Actor, End};
use crate::cdp::CallError;
use crate::policy::without_credentials;
use crate::tabs::active_command::{ActiveCommand, Phase, Step};
use crate::tabs::attached_target::AttachedTarget;
use crate::tabs::command_queue::{CommandKind, QueuePosition, TabCommand};
use crate::tabs::commands::navigate::navigate;
use crate::tabs::commands::target::activate;
use crate::tabs::error::TabError;
use crate::tabs::fact::FactKind;
use crate::tabs::message::Change;
use crate::tabs::reply::Reply;
use crate::tabs::target::{ContextChoice, OpenError, OpenRequest, Target};
use crate::tabs::unawaited::UNAWAITED_LIMIT;
use crate::timer::remaining;

impl Actor {
    /// Starts a command, which may complete it at once.
    pub(super) fn start(&mut self, position: QueuePosition, mut command: TabCommand) {
        let deadline = self.deadline_of(&command);
        if let Some(phase) = self.first_phase(&mut command, deadline) {
            let active = ActiveCommand::new(position, command, phase, deadline);
            self.work.active = Some(active);
            self.update_view();
        }
    }

    /// `None` if the command is complete.
    fn first_phase(&mut self, command: &mut TabCommand, deadline: Instant) -> Option<Phase> {
        match &mut command.kind {
            CommandKind::Create { .. } => {
                Some(self.open(context_for(self.tab.is_logged_out()), true, deadline))
            }
            CommandKind::Adopt { opener } => {
                self.announce_popup(*opener);
                None
            }
            CommandKind::Load { url, .. } => {
                self.navigation.begin(url.clone());
                self.navigate(url.clone(), deadline)
            }
            CommandKind::Change(Change::Navigate { url, .. }) => {
                // Not pending: a failure is answered, and must not be repeated at a new target.
                self.navigation.settle();
                self.navigate(url.clone(), deadline)
            }
            CommandKind::Change(Change::Travel(way, _)) => {
                self.navigation.settle();
                self.travel(*way, deadline)
            }
            CommandKind::Act(operation) => {
                let input_sent = command.reply.as_ref().map(|reply| reply.input_sent.clone());
                self.act(operation.take()?, input_sent.unwrap_or_default(), deadline)
            }
            CommandKind::Change(Change::Activate) => self.activate(deadline),
            CommandKind::Change(Change::SetLoggedOut { enabled }) => {
                if *enabled == self.is_logged_out() {
                    self.answer_logged_out_mode(command.reply.take());
                    return None;
                }
                if *enabled {
                    self.setup.forget_own_grants();
                }
                Some(self.open(context_for(*enabled), false, deadline))
            }
            CommandKind::Change(Change::SetUp(request)) => {
                self.begin_setup(*request.clone(), deadline)
            }
            CommandKind::Rebuild { .. } => Some(self.open(self.rebuild_context(), false, deadline)),
        }
    }

    fn deadline_of(&self, command: &TabCommand) -> Instant {
        let settings = &self.ctx.settings;
        match (&command.kind, &command.reply) {
            (_, Some(reply)) => reply.deadline,
            (CommandKind::Load { .. }, None) => Instant::now() + settings.navigate_timeout,
            (_, None) => Instant::now() + settings.open_timeout,
        }
    }

    pub(super) fn is_logged_out(&self) -> bool {
        self.attached
            .as_ref()
            .is_some_and(|attached| attached.target.own_context.is_some())
    }

    /// Requests a target, and sets it up as the tab's documents are to start.
    fn open(&mut self, context: ContextChoice, is_first: bool, deadline: Instant) -> Phase {
        let (reply, opened) = oneshot::channel();
        let scope = self.tab.scope.clone();
        let request = OpenRequest {
            tab: self.tab.id,
            scope,
            context,
            deadline,
            reply,
            permit: None,
        };
        let supervisor = self.ctx.supervisor.clone();
        let setup = self.setup.of_new_target(&request.context, is_first);
        let opening: BoxFuture<'static, Result<Target, OpenError>> = Box::pin(async move {
            supervisor.open(request).await;
            // The supervisor drops a request only when it loses the browser.
            let gone = || OpenError::BrowserDown("it went away while a page was opened".to_owned());
            let delivery = opened.await.unwrap_or_else(|_| Err(gone()))?;
            if let Some(target) = delivery.target() {
                setup.carry_out(target, deadline).await?;
            }
            delivery.accept().ok_or(OpenError::NotAttached)
        });
        Phase::Opening(opening)
    }

    /// `None` without a target, which every tab has after its first command.
    fn navigate(&mut self, url: String, deadline: Instant) -> Option<Phase> {
        let attached = self.attached.as_mut()?;
        attached.enable_network();
        let session = attached.target.session.clone();
        let from = attached.just_committed(Instant::now());
        // The actor's own deadline comes first, because it also stops the navigation.
        let limit = remaining(deadline) + UNAWAITED_LIMIT;
        Some(Phase::Navigating(Box::pin(navigate(
            session, url, from, limit,
        ))))
    }

    fn activate(&self, deadline: Instant) -> Option<Phase> {
        let target = &self.attached.as_ref()?.target;
        let limit = remaining(deadline);
        let work = activate(target.browser.clone(), target.id.clone(), limit);
        Some(Phase::Activating(Box::pin(work)))
    }

    /// Advances the active command after one of its steps has ended.
    pub(super) fn on_step(&mut self, step: Step) -> Option<End> {
        let mut end = None;
        match step {
            Step::Opened(Ok(target)) => self.on_opened(target),
            Step::Opened(Err(error)) => end = self.on_open_failed(error),
            Step::Started(outcome) => self.on_navigation_started(outcome),
            Step::Loaded(outcome) => self.on_loaded(outcome),
            Step::Activated(outcome) => self.on_activated(outcome),
            Step::Acted(outcome) => self.on_acted(*outcome),
            Step::GaveUp(acted) => self.on_gave_up(acted),
            Step::SetUp(outcome) => self.on_set_up(*outcome),
            // What waits behind the action may start now.
            Step::InputStateChanged => {}
        }
        self.update_view();
        end
    }

    fn on_opened(&mut self, target: Target) {
        let Some(ActiveCommand {
            position,
            command,
            deadline,
            ..
        }) = self.work.active.take()
        else {
            return;
        };
        let url = match &command.kind {
            CommandKind::Create { url, .. } => url.clone(),
            // Credentials in the URL were meant for the other browser context.
            CommandKind::Change(_) => without_credentials(&self.destination()),
            _ => self.destination(),
        };
        self.streams.move_to(&target);
        self.navigation.policy_violation = false;
        self.recovery.target_replaced();
        self.updates.new_document();
        self.prompts_gone();
        if command.kind.is_set_logged_out() {
            self.forget_credentials();
        }
        // A tab without an earlier target is from an earlier process.
        let reason = self
            .attached
            .as_ref()
            .map_or(RebuildReason::Restarted, |attached| {
                attached.loss.unwrap_or(RebuildReason::Crashed)
            });
        let is_rebuild = matches!(command.kind, CommandKind::Rebuild { .. });
        if let Some(old) = self.attached.replace(AttachedTarget::new(target)) {
            // A rebuilt tab keeps its own browser context.
            self.dispose_of(old, is_rebuild);
        }
        self.restore_credentials();
        self.update_view();
        match command.kind {
            CommandKind::Create { until, .. } => self.on_created(url, until, command.reply),
            CommandKind::Rebuild { .. } => {
                crate::metrics::tab_rebuilt(name_of(reason));
                let rebuilt = FactKind::TabRebuilt {
                    url: url.clone(),
                    reason,
                };
                self.tab.publish(rebuilt);
                if self.work.queue.navigates_next() {
                    self.stay_blank();
                } else {
                    self.load(url);
                }
            }
            _ if url == BLANK => {
                self.stay_blank();
                self.answer_logged_out_mode(command.reply);
            }
            _ => {
                self.navigation.begin(url.clone());
                if let Some(phase) = self.navigate(url, deadline) {
                    let active = ActiveCommand::new(position, command, phase, deadline);
                    self.work.active = Some(active);
                }
            }
        }
    }

    /// The URL for a new target of this tab: the pending one, or else the present one.
    pub(super) fn destination(&self) -> String {
        self.navigation.destination(self.page_url())
    }

    /// Loads a URL in a new target, ahead of the requests of clients.
    pub(super) fn load(&mut self, url: String) {
        if url == BLANK {
            self.stay_blank();
        } else {
            self.work.push_first(CommandKind::load(url));
        }
    }

    /// Nothing is loaded in a new target.
    fn stay_blank(&mut self) {
        self.tab.publish_blank();
        self.read_title();
    }

    fn announce_popup(&mut self, opener: Option<TabId>) {
        self.update_view();
        let url = self.tab.url();
        self.tab.publish(FactKind::TabCreated {
            url,
            logged_out: self.is_logged_out(),
            opener,
        });
    }

    /// Closes a target that was replaced, and releases its context unless the new target is in it.
    fn dispose_of(&self, old: AttachedTarget, keeps_context: bool) {
        if old.lost_browser() {
            return;
        }
        let supervisor = self.ctx.supervisor.clone();
        tokio::spawn(async move {
            let (closing, own_context) =
                (old.target.close(UNAWAITED_LIMIT), old.target.own_context);
            drop(old.target.inbox);
            if let Err(error) = closing.await {
                tracing::debug!(%error, "a target that was replaced could not be closed");
            }
            if let Some(context) = own_context.filter(|_| !keeps_context) {
                supervisor.release(context).await;
            }
        });
    }

    fn on_open_failed(&mut self, error: OpenError) -> Option<End> {
        let active = self.work.active.as_ref()?;
        if matches!(active.command.kind, CommandKind::Rebuild { .. }) {
            self.work.active = None;
            return self.on_rebuild_failed(&error);
        }
        self.fail_active(|reply| error.into_tab_error(reply.kind, reply.limit()))
    }

    /// Fails the active command, if there is one. The tab recovers if its target is lost, and ends if it never had one.
    pub(super) fn fail_active(&mut self, error: impl FnOnce(&Reply) -> TabError) -> Option<End> {
        if let Some(ActiveCommand { command, .. }) = self.work.active.take() {
            if let Some(reply) = command.reply {
                let error = error(&reply);
                reply.fail(self.failure(error));
            }
            if matches!(command.kind, CommandKind::Create { .. }) {
                return Some(End::never_opened());
            }
        }
        self.recover()
    }

    fn on_activated(&mut self, outcome: Result<(), CallError>) {
        let Some(reply) = self.work.active.take().and_then(|it| it.command.reply) else {
            return;
        };
        match outcome {
            Ok(()) => {
                let turn = self.ctx.supervisor.next_activation();
                self.tab.activated(turn);
                self.tab
                    .publish_and_answer(Some(reply), FactKind::TabActivated);
            }
            Err(error) => {
                let error = TabError::of_call(error, reply.kind, reply.limit());
                reply.fail(self.failure(error));
            }
        }
    }

    /// The active command has timed out.
    pub(super) fn on_command_timeout(&mut self) -> Option<End> {
        let awaited = self.awaited_answer();
        let active = self.work.active.as_ref()?;
        let waiting_for = awaited.map_or_else(|| active.waiting_for().into(), Cow::Owned);
        match &active.phase {
            Phase::Navigating(_) | Phase::Committing(_) | Phase::Travelling => {
                if let Some(attached) = &self.attached {
                    attached.stop_loading();
                }
                self.recovery.watchdog.suspect(Instant::now());
                let request = active.kind();
                let reply = active.command.reply.as_ref();
                let limit = reply.map_or(self.ctx.settings.navigate_timeout, Reply::limit);
                self.on_navigation_failed(|_| TabError::TimedOut {
                    request,
                    limit,
                    waiting_for,
                });
                // Their requests were stopped.
                self.auths_gone(false);
                None
            }
            Phase::Loading { .. } => {
                self.on_load_timeout();
                None
            }
            Phase::Opening(_) if matches!(active.command.kind, CommandKind::Rebuild { .. }) => {
                self.on_open_failed(OpenError::NotAttached)
            }
            _ => self.fail_active(|reply| reply.timed_out(waiting_for)),
        }
    }
}

/// The label value in metrics; the same text as on the wire.
fn name_of(reason: RebuildReason) -> &'static str {
    match reason {
        RebuildReason::Crashed => "crashed",
        RebuildReason::Detached => "detached",
        RebuildReason::BrowserExited => "browserExited",
        RebuildReason::Restarted => "restarted",
    }
}

pub(super) fn context_for(logged_out: bool) -> ContextChoice {
    if logged_out {
        ContextChoice::New
    } else {
        ContextChoice::Shared
    }
}
