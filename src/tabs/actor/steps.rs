//! How a tab's changes go on, step by step.

use std::time::Duration;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::RebuildReason;
use futures::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Actor, End};
use crate::cdp::CallError;
use crate::policy::without_credentials;
use crate::tabs::changes::{Goal, Place as Turn};
use crate::tabs::commands::activate::activate;
use crate::tabs::commands::close::close;
use crate::tabs::commands::navigate::navigate;
use crate::tabs::commands::set_up::metrics_of;
use crate::tabs::error::TabError;
use crate::tabs::fact::{Fact, FactKind, Navigation};
use crate::tabs::hands::Action;
use crate::tabs::live::Live;
use crate::tabs::reply::{AnswerKind, Reply};
use crate::tabs::running::{Phase, Running, Step};
use crate::tabs::target::{ContextChoice, OpenError, OpenRequest, Target};
use crate::tabs::watchdog::Watchdog;
use crate::timer::remaining;

/// Where a tab is that was sent nowhere.
pub(super) const BLANK: &str = "about:blank";

/// How long Chromium may take for what nobody waits for.
pub(super) const ASIDE_LIMIT: Duration = Duration::from_secs(5);

impl Actor {
    /// Starts a change. It may be done at once, and it may end the tab.
    pub(super) fn start(&mut self, place: Turn, goal: Goal) -> Option<End> {
        let deadline = self.deadline_of(&goal);
        let phase = match &goal {
            Goal::Create { .. } => self.open(wanted_place(self.view.borrow().logged_out), deadline),
            Goal::Adopt { opener } => {
                self.announce_popup(*opener);
                return None;
            }
            Goal::Follow { url } => {
                self.heading = Some(url.clone());
                self.navigate(url.clone(), deadline)?
            }
            Goal::Navigate { url, .. } => {
                // If this fails it is answered, and nobody wants it to be tried again.
                self.heading = None;
                self.navigate(url.clone(), deadline)?
            }
            Goal::Travel { way, .. } => {
                self.heading = None;
                self.travel(*way, deadline)?
            }
            Goal::Act { action, .. } => self.act(Action::clone(action), deadline)?,
            Goal::Activate { .. } => self.activate(deadline)?,
            Goal::Switch { enabled, .. } if *enabled == self.is_logged_out() => {
                self.answer_switch(goal);
                return None;
            }
            Goal::Switch { enabled, .. } => self.open(wanted_place(*enabled), deadline),
            Goal::Rebuild { .. } => self.open(self.place_to_rebuild(), deadline),
        };
        self.running = Some(Running {
            place,
            goal,
            phase,
            since: Instant::now(),
            deadline,
        });
        self.update_view();
        None
    }

    fn deadline_of(&self, goal: &Goal) -> Instant {
        let settings = &self.around.settings;
        match (goal, goal.reply()) {
            (_, Some(reply)) => reply.deadline,
            (Goal::Follow { .. }, None) => Instant::now() + settings.navigate_timeout,
            (_, None) => Instant::now() + settings.open_timeout,
        }
    }

    pub(super) fn is_logged_out(&self) -> bool {
        self.live
            .as_ref()
            .is_some_and(|live| live.target.own_context.is_some())
    }

    /// Asks for a target, and gives it the tab's viewport if that is not the usual one.
    fn open(&self, place: ContextChoice, deadline: Instant) -> Phase {
        let (reply, opened) = oneshot::channel();
        let scope = self.scope.clone();
        let request = OpenRequest {
            tab: self.id,
            scope,
            context: place,
            deadline,
            reply,
            permit: None,
        };
        let supervisor = self.around.supervisor.clone();
        let viewport = self.viewport;
        let usual = viewport == self.around.settings.viewport;
        let opening: BoxFuture<'static, Result<Target, OpenError>> = Box::pin(async move {
            supervisor.open(request).await;
            // Whoever opens targets forgets the request only together with the browser.
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

    /// Every tab that runs has a target; without one there is nothing to navigate.
    fn navigate(&mut self, url: String, deadline: Instant) -> Option<Phase> {
        let live = self.live.as_mut()?;
        live.listen();
        let session = live.target.session.clone();
        // The actor's own deadline comes first, because it also stops the navigation.
        let limit = remaining(deadline) + ASIDE_LIMIT;
        Some(Phase::Navigating(Box::pin(navigate(session, url, limit))))
    }

    fn activate(&self, deadline: Instant) -> Option<Phase> {
        let target = &self.live.as_ref()?.target;
        let limit = remaining(deadline);
        let work = activate(target.browser.clone(), target.id.clone(), limit);
        Some(Phase::Activating(Box::pin(work)))
    }

    /// Goes on after a step of the change at work.
    pub(super) fn on_step(&mut self, step: Step) -> Option<End> {
        let end = match step {
            Step::Opened(Ok(target)) => {
                self.opened(target);
                None
            }
            Step::Opened(Err(error)) => self.not_opened(error),
            Step::Started(outcome) => {
                self.started(outcome);
                None
            }
            Step::Activated(outcome) => {
                self.activated(outcome);
                None
            }
            Step::Acted(outcome) => {
                self.acted(*outcome);
                None
            }
        };
        self.update_view();
        end
    }

    fn opened(&mut self, target: Target) {
        let Some(Running {
            place,
            goal,
            deadline,
            ..
        }) = self.running.take()
        else {
            return;
        };
        let url = match &goal {
            Goal::Create { url, .. } => url.clone(),
            // A password that was given for the one context is nothing for the other.
            Goal::Switch { .. } => without_credentials(&self.destination()),
            _ => self.destination(),
        };
        self.casts.moved(&target);
        self.console.moved(&target);
        self.must_leave = false;
        self.watchdog = Watchdog::new(self.around.settings.config.hang_timeout);
        let loss = self.live.as_ref().and_then(|live| live.loss);
        if let Some(old) = self.live.replace(Live::new(target)) {
            self.retire(old, &goal);
        }
        self.update_view();
        match goal {
            Goal::Create { reply, .. } => {
                let created = FactKind::TabCreated {
                    url: url.clone(),
                    logged_out: self.is_logged_out(),
                    opener: None,
                };
                self.publish_and_answer(reply, created);
                self.follow(url);
            }
            Goal::Rebuild { .. } => {
                let reason = loss.map_or(RebuildReason::Crashed, RebuildReason::from);
                crate::metrics::tab_rebuilt(name_of(reason));
                let rebuilt = FactKind::TabRebuilt {
                    url: url.clone(),
                    reason,
                };
                self.publish(rebuilt);
                if self.changes.leads_elsewhere() {
                    self.publish_blank();
                } else {
                    self.follow(url);
                }
            }
            goal @ Goal::Switch { .. } if url == BLANK => {
                self.publish_blank();
                self.answer_switch(goal);
            }
            goal => {
                self.heading = Some(url.clone());
                let phase = self.navigate(url, deadline);
                self.running = phase.map(|phase| Running {
                    place,
                    goal,
                    phase,
                    since: Instant::now(),
                    deadline,
                });
            }
        }
    }

    /// Where a new target of the same tab goes: where the tab was heading, or where it is.
    pub(super) fn destination(&self) -> String {
        let here = self.live.as_ref().map(|live| live.page.url.as_str());
        reloadable(self.heading.as_deref().or(here).unwrap_or(BLANK))
    }

    /// Sends a new target on its way, before anything that clients asked for.
    fn follow(&mut self, url: String) {
        if url == BLANK {
            self.publish_blank();
        } else {
            self.changes.push_first(Goal::Follow { url });
        }
    }

    /// A new target is at `about:blank`, but Chromium does not report that as a commit.
    fn publish_blank(&self) {
        self.publish(FactKind::Navigated(Navigation {
            url: BLANK.to_owned(),
            status: None,
            same_document: false,
        }));
    }

    fn announce_popup(&self, opener: Option<TabId>) {
        self.update_view();
        let url = self.view.borrow().url.clone();
        self.publish(FactKind::TabCreated {
            url,
            logged_out: self.is_logged_out(),
            opener,
        });
    }

    /// Lets go of a target that was replaced, and of its context unless it is used further.
    fn retire(&self, old: Live, goal: &Goal) {
        if old.is_without_browser() {
            return;
        }
        let supervisor = self.around.supervisor.clone();
        let keeps_context = matches!(goal, Goal::Rebuild { .. });
        tokio::spawn(async move {
            let Target {
                browser,
                id,
                own_context,
                inbox,
                ..
            } = old.target;
            drop(inbox);
            if let Err(error) = close(browser, id, ASIDE_LIMIT).await {
                tracing::debug!(%error, "a target that was replaced could not be closed");
            }
            if let Some(context) = own_context.filter(|_| !keeps_context) {
                supervisor.release(context).await;
            }
        });
    }

    fn not_opened(&mut self, error: OpenError) -> Option<End> {
        let running = self.running.take()?;
        if matches!(running.goal, Goal::Rebuild { .. }) {
            return self.not_rebuilt(&error);
        }
        let limit = running
            .goal
            .reply()
            .map_or(Duration::ZERO, |reply| reply.deadline - reply.arrived);
        let error = error.into_tab_error(running.kind(), limit);
        match running.goal {
            Goal::Create { reply, .. } => {
                reply.fail(error);
                Some(End::unborn())
            }
            goal => {
                if let Some(reply) = goal.into_reply() {
                    reply.fail(self.failure(error));
                }
                self.heal()
            }
        }
    }

    fn activated(&mut self, outcome: Result<(), CallError>) {
        let Some(Running {
            goal: Goal::Activate { reply },
            ..
        }) = self.running.take()
        else {
            return;
        };
        match outcome {
            Ok(()) => {
                let turn = self.around.supervisor.next_activation();
                self.view.send_modify(|view| view.activated = turn);
                self.publish_and_answer(reply, FactKind::TabActivated);
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

    /// Publishes a fact that no call caused.
    pub(super) fn publish(&self, kind: FactKind) {
        let fact = Fact::of_tab(&self.scope, self.id, kind);
        self.around.facts.publish(fact);
    }

    /// Publishes the fact that a call caused, and answers the call with it.
    pub(super) fn publish_and_answer(&self, reply: Reply, kind: FactKind) {
        let fact = Fact::of_tab(&self.scope, self.id, kind).caused_by(reply.call);
        self.around.facts.publish(fact.clone());
        reply.answer(self.id, AnswerKind::Fact(fact));
    }

    /// The change at work has no time left.
    pub(super) fn out_of_time(&mut self) -> Option<End> {
        let running = self.running.as_ref()?;
        let waiting_for = running.waiting_for();
        match (&running.goal, &running.phase) {
            (_, Phase::Navigating(_) | Phase::Committing(_) | Phase::Travelling) => {
                self.stop_loading();
                self.watchdog.doubt(Instant::now());
                let kind = running.kind();
                let limit = match running.goal.reply() {
                    Some(reply) => reply.deadline - reply.arrived,
                    None => self.around.settings.navigate_timeout,
                };
                self.not_arrived(|_| TabError::TimedOut {
                    request: kind,
                    limit,
                    waiting_for: waiting_for.into(),
                });
                None
            }
            (Goal::Rebuild { .. }, _) => self.not_opened(OpenError::NotAttached),
            (goal, _) => {
                let unborn = matches!(goal, Goal::Create { .. }).then(End::unborn);
                let reply = self
                    .running
                    .take()
                    .and_then(|running| running.goal.into_reply());
                if let Some(reply) = reply {
                    let error = reply.timed_out(waiting_for);
                    reply.fail(self.failure(error));
                }
                unborn.or_else(|| self.heal())
            }
        }
    }
}

/// The name of a reason in metrics, as on the wire.
fn name_of(reason: RebuildReason) -> &'static str {
    match reason {
        RebuildReason::Crashed => "crashed",
        RebuildReason::Detached => "detached",
        RebuildReason::BrowserExited => "browserExited",
    }
}

fn wanted_place(logged_out: bool) -> ContextChoice {
    if logged_out {
        ContextChoice::New
    } else {
        ContextChoice::Shared
    }
}

/// What can be loaded again is loaded again.
fn reloadable(url: &str) -> String {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    let url = if matches!(scheme, Some("http" | "https")) {
        url
    } else {
        BLANK
    };
    url.to_owned()
}
