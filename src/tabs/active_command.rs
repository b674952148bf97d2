//! The command that a tab is carrying out.

use std::time::Duration;

use cdp_bridge_protocol::RequestKind;
use futures::future::BoxFuture;
use tokio::time::Instant;

use super::command_queue::{CommandKind, QueuePosition, TabCommand};
use super::commands::navigate::NavigationStart;
use super::fact::Navigation;
use super::identity::CallId;
use super::input_sent::InputState;
use super::message::Change;
use super::page_actions::{PageActionError, PageDriver};
use super::page_setup::{PageSetup, SetupError};
use super::reply::AnswerKind;
use super::target::{OpenError, Target};
use crate::cdp::CallError;
use crate::cdp::ids::LoaderId;

/// How long an action holds up the queries and captures that arrived after it, even if it has had no effect yet. Most
/// actions are done by then, so that what follows them sees their effect.
const PASSED_AFTER: Duration = Duration::from_millis(500);

pub struct ActiveCommand {
    pub position: QueuePosition,
    pub command: TabCommand,
    pub phase: Phase,
    pub since: Instant,
    pub deadline: Instant,
}

pub enum Phase {
    Opening(BoxFuture<'static, Result<Target, OpenError>>),
    Navigating(BoxFuture<'static, Result<NavigationStart, CallError>>),
    /// Waits for the commit of this navigation; if `None`, for a navigation within the document.
    Committing(Option<LoaderId>),
    /// A step through the history or a reload: waits for the next commit of any kind.
    Travelling,
    /// The navigation has committed, and its request waits until the document is as far as it wants.
    Loading {
        /// Ends with the title of the page, if it could be read.
        loading: BoxFuture<'static, Result<Option<String>, PageActionError>>,
        /// Where the tab is.
        navigation: Navigation,
    },
    /// An action on the page, with the driver that it uses.
    Acting(
        BoxFuture<'static, Result<AnswerKind, PageActionError>>,
        PageDriver,
    ),
    /// An action was cancelled while the page may have been acting; resolves to whether it has.
    GivingUp(BoxFuture<'static, bool>),
    Activating(BoxFuture<'static, Result<(), CallError>>),
    /// Dropped, it takes back what it has changed of the tab's set-up.
    SettingUp(BoxFuture<'static, Result<SetupDone, SetupError>>),
}

/// What a request about the tab's set-up has come to.
pub struct SetupDone {
    /// What the tab's documents start with from now on, if that has changed.
    pub setup: Option<PageSetup>,
    pub answer: AnswerKind,
}

pub enum Step {
    Opened(Result<Target, OpenError>),
    Started(Result<NavigationStart, CallError>),
    /// The document of a navigation is as far as wanted, or cannot be waited for.
    Loaded(Result<Option<String>, PageActionError>),
    Acted(Box<Result<AnswerKind, PageActionError>>),
    /// The active action has sent input, or its input has had no effect.
    InputStateChanged,
    GaveUp(bool),
    SetUp(Box<Result<SetupDone, SetupError>>),
    Activated(Result<(), CallError>),
}

impl ActiveCommand {
    pub fn new(
        position: QueuePosition,
        command: TabCommand,
        phase: Phase,
        deadline: Instant,
    ) -> Self {
        Self {
            position,
            command,
            phase,
            since: Instant::now(),
            deadline,
        }
    }

    /// Waits for the next step. A commit arrives as an event, so that its phase never ends here.
    pub async fn step(&mut self) -> Step {
        match &mut self.phase {
            Phase::Opening(opening) => Step::Opened(opening.await),
            Phase::Navigating(navigating) => Step::Started(navigating.await),
            Phase::Loading { loading, .. } => Step::Loaded(loading.await),
            Phase::Activating(activating) => Step::Activated(activating.await),
            Phase::Acting(acting, driver) => {
                let mut changes = driver.input_sent().changes();
                tokio::select! {
                    biased;
                    outcome = acting => Step::Acted(Box::new(outcome)),
                    // The driver has the sender.
                    _ = changes.changed() => Step::InputStateChanged,
                }
            }
            Phase::GivingUp(gave_up) => Step::GaveUp(gave_up.await),
            Phase::SettingUp(setting_up) => Step::SetUp(Box::new(setting_up.await)),
            Phase::Committing(_) | Phase::Travelling => std::future::pending().await,
        }
    }

    /// Whether it gives the tab another target, which makes captures of the old one pointless.
    pub fn replaces_target(&self) -> bool {
        matches!(self.phase, Phase::Opening(_))
    }

    /// Since when it has waited for the page, if it does.
    pub fn awaiting_page_since(&self) -> Option<Instant> {
        let of_browser = matches!(self.phase, Phase::Opening(_) | Phase::Activating(_));
        (!of_browser).then_some(self.since)
    }

    /// Whether it carries out this call.
    pub fn is_of(&self, call: CallId) -> bool {
        let reply = self.command.reply.as_ref();
        reply.is_some_and(|reply| reply.call == call)
    }

    /// When queries and captures may run ahead of it, unless it has had an effect by then. `None` if never.
    pub fn passable_at(&self) -> Option<Instant> {
        let waits = match &self.phase {
            Phase::Acting(_, driver) => driver.input_sent().state() != InputState::Sent,
            _ => false,
        };
        waits.then(|| self.since + PASSED_AFTER)
    }

    /// Whether it is a client's navigation that has not committed yet.
    pub fn can_restart(&self) -> bool {
        let kind = &self.command.kind;
        matches!(kind, CommandKind::Change(Change::Navigate { .. }))
            && matches!(self.phase, Phase::Navigating(_) | Phase::Committing(_))
    }

    /// Whether it is a step through the history or a reload.
    pub fn is_travel(&self) -> bool {
        matches!(self.phase, Phase::Travelling)
    }

    /// The kind of request for error messages; a navigation if there is no request.
    pub fn kind(&self) -> RequestKind {
        let reply = self.command.reply.as_ref();
        reply.map_or(RequestKind::Navigate, |reply| reply.kind)
    }

    /// For error messages.
    pub fn waiting_for(&self) -> &'static str {
        match self.phase {
            Phase::Opening(_) => "a new page",
            Phase::Navigating(_) => "Page.navigate",
            Phase::Committing(_) | Phase::Travelling => "Page.frameNavigated",
            Phase::Loading { .. } => "the document",
            Phase::Acting(..) | Phase::GivingUp(_) => "the page's answer",
            Phase::SettingUp(_) => "Chromium to set the tab up",
            Phase::Activating(_) => "Target.activateTarget",
        }
    }
}
