//! How a tab gets over the loss of its target: it waits for its turn, and gets another.

use std::time::Duration;

use cdp_bridge_protocol::event::CloseReason;
use tokio::time::Instant;

use super::recovery::{Verdict, browser_down};
use super::{Actor, End};
use crate::tabs::changes::Goal;
use crate::tabs::error::TabError;
use crate::tabs::live::{Live, Loss};
use crate::tabs::supervisor::Turn;
use crate::tabs::target::{OpenError, Place};

/// How long a browser that ends in good order goes on answering after it has closed its pages.
const PARTING_PAUSE: Duration = Duration::from_millis(500);
/// Longer than a browser may be silent before it counts as hung, which ends it.
const PARTING_LIMIT: Duration = Duration::from_mins(1);

impl Actor {
    /// The target's session is over, and nobody here ended it.
    pub(super) fn target_gone(&mut self) -> Option<End> {
        if let Some(end) = self.closed_by_itself() {
            return Some(end);
        }
        let live = self.live.as_mut()?;
        live.is_over = true;
        if live.target.browser.has_ended() {
            return self.on_parting(false);
        }
        // One that was given up has been closed by the tab itself. Otherwise it was closed; but a
        // browser that ends in good order closes its pages too, before it hangs up.
        if live.is_usable() {
            live.loss = Some(Loss::Detached);
            live.ask_browser(PARTING_PAUSE, PARTING_LIMIT);
            self.refuse_everything(&TabError::Detached);
            self.update_view();
        }
        None
    }

    /// The target is gone, alone or with its browser.
    pub(super) fn on_parting(&mut self, browser_answers: bool) -> Option<End> {
        if let Some(end) = self.closed_by_itself() {
            return Some(end);
        }
        if browser_answers {
            return Some(End::of(CloseReason::Page));
        }
        self.live.as_mut()?.loss = Some(Loss::BrowserExited);
        self.refuse_everything(&browser_down());
        self.heal()
    }

    /// The error for requests that arrive while the target is lost and no other is being opened.
    pub(super) fn refusal_without_target(&self) -> Option<TabError> {
        self.recovery.refusal(self.live.as_ref()?.loss?)
    }

    /// Lets a tab without a usable target wait for another, unless it has crashed too often.
    pub(super) fn heal(&mut self) -> Option<End> {
        let loss = self.live.as_ref()?.loss?;
        let verdict = self.recovery.on_loss(loss, Instant::now())?;
        self.follow_verdict(verdict)
    }

    fn follow_verdict(&mut self, verdict: Verdict) -> Option<End> {
        match verdict {
            Verdict::Rebuild => {
                self.wait_for_turn();
                None
            }
            Verdict::End(reason) => Some(End::of(reason)),
        }
    }

    fn wait_for_turn(&mut self) {
        let (supervisor, last_used) = (self.around.supervisor.clone(), self.last_used);
        self.recovery
            .wait_for(async move { supervisor.turn(last_used).await });
        self.update_view();
    }

    /// It is the tab's turn.
    pub(super) fn on_turn(&mut self, turn: Option<Turn>) -> Option<End> {
        let Some(turn) = turn else {
            return Some(End::of(CloseReason::Shutdown));
        };
        self.work.push_first(Goal::Rebuild { turn });
        None
    }

    /// Where the new target is opened: in the tab's own context, as long as that exists.
    pub(super) fn place_to_rebuild(&self) -> Place {
        let Some(Live { target, .. }) = &self.live else {
            return Place::Shared;
        };
        match &target.own_context {
            None => Place::Shared,
            Some(_) if target.browser.has_ended() => Place::Fresh,
            Some(context) => Place::Existing(context.clone()),
        }
    }

    /// The new target could not be opened.
    pub(super) fn not_rebuilt(&mut self, error: &OpenError) -> Option<End> {
        tracing::warn!(tab = %self.tab.id, %error, "a tab could not be rebuilt");
        let verdict = self.recovery.on_failed_rebuild(error, Instant::now());
        self.follow_verdict(verdict)
    }
}
