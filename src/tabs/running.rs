//! The one change that is at work on a tab.

use cdp_bridge_protocol::RequestKind;
use futures::future::BoxFuture;
use tokio::time::Instant;

use super::changes::{Goal, Place};
use super::commands::navigate::NavigationStart;
use super::page_actions::PageActionError;
use super::reply::AnswerKind;
use super::target::{OpenError, Target};
use crate::cdp::CallError;
use crate::cdp::ids::LoaderId;

/// A change at work.
pub struct Running {
    /// Its place in the order.
    pub place: Place,
    /// What it is for.
    pub goal: Goal,
    /// How far it is.
    pub phase: Phase,
    /// When it was started.
    pub since: Instant,
    /// When its time is over.
    pub deadline: Instant,
}

/// How far a change is.
pub enum Phase {
    /// A target is being opened.
    Opening(BoxFuture<'static, Result<Target, OpenError>>),
    /// Chromium was told to navigate.
    Navigating(BoxFuture<'static, Result<NavigationStart, CallError>>),
    /// The commit of this navigation is awaited; of a move within the document, if none.
    Committing(Option<LoaderId>),
    /// The tab goes some way: its next commit is awaited, or its next move within the document.
    Travelling,
    /// Something is being done to the page.
    Acting(BoxFuture<'static, Result<AnswerKind, PageActionError>>),
    /// The page is being brought to the front.
    Activating(BoxFuture<'static, Result<(), CallError>>),
}

/// What a change came to next.
pub enum Step {
    /// The target is there, or not.
    Opened(Result<Target, OpenError>),
    /// Chromium answered the navigation.
    Started(Result<NavigationStart, CallError>),
    /// It has been done to the page, or not.
    Acted(Box<Result<AnswerKind, PageActionError>>),
    /// The page is in front, or not.
    Activated(Result<(), CallError>),
}

impl Running {
    /// Waits for the next step. A commit comes as an event, so that phase never ends here.
    pub async fn step(&mut self) -> Step {
        match &mut self.phase {
            Phase::Opening(opening) => Step::Opened(opening.await),
            Phase::Navigating(navigating) => Step::Started(navigating.await),
            Phase::Activating(activating) => Step::Activated(activating.await),
            Phase::Acting(acting) => Step::Acted(Box::new(acting.await)),
            Phase::Committing(_) | Phase::Travelling => std::future::pending().await,
        }
    }

    /// Whether it gives the tab another target, so that captures of the old one make no sense.
    pub fn replaces_target(&self) -> bool {
        matches!(self.phase, Phase::Opening(_))
    }

    /// Since when the page owes an answer to it, if it does.
    pub fn owing(&self) -> Option<Instant> {
        let of_browser = matches!(self.phase, Phase::Opening(_) | Phase::Activating(_));
        (!of_browser).then_some(self.since)
    }

    /// Whether it is a client's navigation that has had no effect yet.
    pub fn may_begin_anew(&self) -> bool {
        matches!(self.goal, Goal::Navigate { .. })
            && matches!(self.phase, Phase::Navigating(_) | Phase::Committing(_))
    }

    /// The kind of request, for messages; a navigation if no request waits.
    pub fn kind(&self) -> RequestKind {
        self.goal
            .reply()
            .map_or(RequestKind::Navigate, |reply| reply.kind)
    }

    /// What it waits for, for messages.
    pub fn waiting_for(&self) -> &'static str {
        match self.phase {
            Phase::Opening(_) => "a new page",
            Phase::Navigating(_) => "Page.navigate",
            Phase::Committing(_) | Phase::Travelling => "Page.frameNavigated",
            Phase::Acting(_) => "the page's answer",
            Phase::Activating(_) => "Target.activateTarget",
        }
    }
}
