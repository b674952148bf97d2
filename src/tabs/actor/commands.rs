//! Starts the tab's commands and advances them step by step.

use std::time::Duration;

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
use crate::tabs::command_queue::{QueuePosition, TabCommand};
use crate::tabs::commands::activate::activate;
use crate::tabs::commands::close::close;
use crate::tabs::commands::navigate::navigate;
use crate::tabs::commands::set_up::metrics_of;
use crate::tabs::error::TabError;
use crate::tabs::fact::FactKind;
use crate::tabs::page_actions::Action;
use crate::tabs::target::{ContextChoice, OpenError, OpenRequest, Target};
use crate::timer::remaining;

/// The time limit of calls that no request waits for.
pub(super) const UNAWAITED_LIMIT: Duration = Duration::from_secs(5);

impl Actor {
    /// Starts a command, which may complete it at once.
    pub(super) fn start(&mut self, position: QueuePosition, command: TabCommand) -> Option<End> {
        let deadline = self.deadline_of(&command);
        let phase = match &command {
            TabCommand::Create { .. } => self.open(context_for(self.tab.is_logged_out()), deadline),
            TabCommand::Adopt { opener } => {
                self.announce_popup(*opener);
                return None;
            }
            TabCommand::Load { url } => {
                self.navigation.begin(url.clone());
                self.navigate(url.clone(), deadline)?
            }
            TabCommand::Navigate { url, .. } => {
                // Not pending: a failure is answered, and must not be repeated at a new target.
                self.navigation.settle();
                self.navigate(url.clone(), deadline)?
            }
            TabCommand::Travel { way, .. } => {
                self.navigation.settle();
                self.travel(*way, deadline)?
            }
            TabCommand::Act { action, .. } => self.act(Action::clone(action), deadline)?,
            TabCommand::Activate { .. } => self.activate(deadline)?,
            TabCommand::SetLoggedOut { enabled, .. } if *enabled == self.is_logged_out() => {
                self.answer_logged_out_mode(command);
                return None;
            }
            TabCommand::SetLoggedOut { enabled, .. } => self.open(context_for(*enabled), deadline),
            TabCommand::Rebuild { .. } => self.open(self.rebuild_context(), deadline),
        };
        self.work.activate(ActiveCommand {
            position,
            command,
            phase,
            since: Instant::now(),
            deadline,
        });
        self.update_view();
        None
    }

    fn deadline_of(&self, command: &TabCommand) -> Instant {
        let settings = &self.ctx.settings;
        match (command, command.reply()) {
            (_, Some(reply)) => reply.deadline,
            (TabCommand::Load { .. }, None) => Instant::now() + settings.navigate_timeout,
            (_, None) => Instant::now() + settings.open_timeout,
        }
    }

    pub(super) fn is_logged_out(&self) -> bool {
        self.attached
            .as_ref()
            .is_some_and(|attached| attached.target.own_context.is_some())
    }

    /// Requests a target, and sets the tab's viewport if it is not the default.
    fn open(&self, context: ContextChoice, deadline: Instant) -> Phase {
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
        let viewport = self.viewport;
        let usual = viewport == self.ctx.settings.viewport;
        let opening: BoxFuture<'static, Result<Target, OpenError>> = Box::pin(async move {
            supervisor.open(request).await;
            // The supervisor drops a request only when it loses the browser.
            let gone = || OpenError::BrowserDown("it went away while a page was opened".to_owned());
            let delivery = opened.await.unwrap_or_else(|_| Err(gone()))?;
            if let Some(session) = delivery.session().filter(|_| !usual) {
                let limit = remaining(deadline);
                session.call(metrics_of(viewport), limit).await?;
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
        let end = match step {
            Step::Opened(Ok(target)) => {
                self.on_opened(target);
                None
            }
            Step::Opened(Err(error)) => self.on_open_failed(error),
            Step::Started(outcome) => {
                self.on_navigation_started(outcome);
                None
            }
            Step::Activated(outcome) => {
                self.on_activated(outcome);
                None
            }
            Step::Acted(outcome) => {
                self.on_acted(*outcome);
                None
            }
        };
        self.update_view();
        end
    }

    fn on_opened(&mut self, target: Target) {
        let Some(ActiveCommand {
            position,
            command,
            deadline,
            ..
        }) = self.work.take_active()
        else {
            return;
        };
        let url = match &command {
            TabCommand::Create { url, .. } => url.clone(),
            // Credentials in the URL were meant for the other browser context.
            TabCommand::SetLoggedOut { .. } => without_credentials(&self.destination()),
            _ => self.destination(),
        };
        self.streams.move_to(&target);
        self.navigation.clear_policy_violation();
        self.recovery.target_replaced();
        self.updates.new_document();
        let loss = self.attached.as_ref().and_then(|attached| attached.loss);
        if let Some(old) = self.attached.replace(AttachedTarget::new(target)) {
            self.dispose_of(old, &command);
        }
        self.update_view();
        match command {
            TabCommand::Create { reply, .. } => {
                let created = FactKind::TabCreated {
                    url: url.clone(),
                    logged_out: self.is_logged_out(),
                    opener: None,
                };
                self.tab.publish_and_answer(reply, created);
                self.load(url);
            }
            TabCommand::Rebuild { .. } => {
                let reason = loss.map_or(RebuildReason::Crashed, RebuildReason::from);
                crate::metrics::tab_rebuilt(name_of(reason));
                let rebuilt = FactKind::TabRebuilt {
                    url: url.clone(),
                    reason,
                };
                self.tab.publish(rebuilt);
                if self.work.navigates_next() {
                    self.stay_blank();
                } else {
                    self.load(url);
                }
            }
            command @ TabCommand::SetLoggedOut { .. } if url == BLANK => {
                self.stay_blank();
                self.answer_logged_out_mode(command);
            }
            command => {
                self.navigation.begin(url.clone());
                let Some(phase) = self.navigate(url, deadline) else {
                    return;
                };
                self.work.activate(ActiveCommand {
                    position,
                    command,
                    phase,
                    since: Instant::now(),
                    deadline,
                });
            }
        }
    }

    /// The URL for a new target of this tab: the pending one, or else the present one.
    pub(super) fn destination(&self) -> String {
        let here = self
            .attached
            .as_ref()
            .map(|attached| attached.page.url.as_str());
        self.navigation.destination(here)
    }

    /// Loads a URL in a new target, ahead of the requests of clients.
    fn load(&mut self, url: String) {
        if url == BLANK {
            self.stay_blank();
        } else {
            self.work.push_first(TabCommand::Load { url });
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
    fn dispose_of(&self, old: AttachedTarget, command: &TabCommand) {
        if old.lost_browser() {
            return;
        }
        let supervisor = self.ctx.supervisor.clone();
        let keeps_context = matches!(command, TabCommand::Rebuild { .. });
        tokio::spawn(async move {
            let Target {
                browser,
                id,
                own_context,
                inbox,
                ..
            } = old.target;
            drop(inbox);
            if let Err(error) = close(browser, id, UNAWAITED_LIMIT).await {
                tracing::debug!(%error, "a target that was replaced could not be closed");
            }
            if let Some(context) = own_context.filter(|_| !keeps_context) {
                supervisor.release(context).await;
            }
        });
    }

    fn on_open_failed(&mut self, error: OpenError) -> Option<End> {
        let active = self.work.take_active()?;
        if matches!(active.command, TabCommand::Rebuild { .. }) {
            return self.on_rebuild_failed(&error);
        }
        let limit = active
            .command
            .reply()
            .map_or(Duration::ZERO, |reply| reply.deadline - reply.arrived);
        let error = error.into_tab_error(active.kind(), limit);
        match active.command {
            TabCommand::Create { reply, .. } => {
                reply.fail(error);
                Some(End::never_opened())
            }
            command => {
                if let Some(reply) = command.into_reply() {
                    reply.fail(self.failure(error));
                }
                self.recover()
            }
        }
    }

    fn on_activated(&mut self, outcome: Result<(), CallError>) {
        let Some(ActiveCommand {
            command: TabCommand::Activate { reply },
            ..
        }) = self.work.take_active()
        else {
            return;
        };
        match outcome {
            Ok(()) => {
                let turn = self.ctx.supervisor.next_activation();
                self.tab.activated(turn);
                self.tab.publish_and_answer(reply, FactKind::TabActivated);
            }
            Err(error) => {
                let error = match error {
                    CallError::Timeout { method, .. } => reply.timed_out(method),
                    error => TabError::of_ending(&error, reply.kind, Duration::ZERO)
                        .unwrap_or(TabError::Refused(error)),
                };
                reply.fail(self.failure(error));
            }
        }
    }

    /// The active command has timed out.
    pub(super) fn on_command_timeout(&mut self) -> Option<End> {
        let active = self.work.active()?;
        let waiting_for = active.waiting_for();
        match (&active.command, &active.phase) {
            (_, Phase::Navigating(_) | Phase::Committing(_) | Phase::Travelling) => {
                self.stop_loading();
                self.recovery.suspect_page(Instant::now());
                let kind = active.kind();
                let limit = match active.command.reply() {
                    Some(reply) => reply.deadline - reply.arrived,
                    None => self.ctx.settings.navigate_timeout,
                };
                self.on_navigation_failed(|_| TabError::TimedOut {
                    request: kind,
                    limit,
                    waiting_for: waiting_for.into(),
                });
                None
            }
            (TabCommand::Rebuild { .. }, _) => self.on_open_failed(OpenError::NotAttached),
            (command, _) => {
                let never_opened =
                    matches!(command, TabCommand::Create { .. }).then(End::never_opened);
                let reply = self
                    .work
                    .take_active()
                    .and_then(|active| active.command.into_reply());
                if let Some(reply) = reply {
                    let error = reply.timed_out(waiting_for);
                    reply.fail(self.failure(error));
                }
                never_opened.or_else(|| self.recover())
            }
        }
    }
}

/// The label value in metrics; the same text as on the wire.
fn name_of(reason: RebuildReason) -> &'static str {
    match reason {
        RebuildReason::Crashed => "crashed",
        RebuildReason::Detached => "detached",
        RebuildReason::BrowserExited => "browserExited",
    }
}

fn context_for(logged_out: bool) -> ContextChoice {
    if logged_out {
        ContextChoice::New
    } else {
        ContextChoice::Shared
    }
}
