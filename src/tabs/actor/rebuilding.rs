//! How a tab gets over the loss of its target: it waits for its turn, and gets another.

use std::time::Duration;

use cdp_bridge_protocol::event::CloseReason;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::Instant;

use super::{Actor, End};
use crate::tabs::changes::Goal;
use crate::tabs::error::TabError;
use crate::tabs::live::{Live, Loss};
use crate::tabs::supervisor::RebuildPermit;
use crate::tabs::target::{ContextChoice, OpenError};

/// How long a browser that ends in good order goes on answering after it has closed its pages.
const PARTING_PAUSE: Duration = Duration::from_millis(500);
/// Longer than a browser may be silent before it counts as hung, which ends it.
const PARTING_LIMIT: Duration = Duration::from_mins(1);

/// A tab that waits for its turn to get a new target.
pub(super) type Waiting = BoxFuture<'static, Option<RebuildPermit>>;

/// Waits until it is the tab's turn. Never ends for a tab that wants none.
pub(super) async fn turn(waiting: &mut Option<Waiting>) -> Option<RebuildPermit> {
    match waiting {
        Some(waiting) => waiting.await,
        None => std::future::pending().await,
    }
}

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

    /// What to say to a request while the target is gone and no other is being opened; none otherwise.
    pub(super) fn refusal_without_target(&self) -> Option<TabError> {
        match self.live.as_ref()?.loss? {
            Loss::Detached => Some(TabError::Detached),
            Loss::BrowserExited if self.turn.is_some() => Some(browser_down()),
            Loss::BrowserExited | Loss::Crashed => None,
        }
    }

    /// Sees to it that a tab without a usable target gets another, unless its renderers die too
    /// often.
    pub(super) fn heal(&mut self) -> Option<End> {
        let loss = self.live.as_ref()?.loss?;
        if self.turn.is_some() {
            return None;
        }
        if loss == Loss::Crashed && !self.crashes.allow(Instant::now()) {
            return Some(End::of(CloseReason::Crashed));
        }
        self.wait_for_turn();
        None
    }

    fn wait_for_turn(&mut self) {
        let (supervisor, last_used) = (self.around.supervisor.clone(), self.last_used);
        self.turn = Some(async move { supervisor.rebuild_permit(last_used).await }.boxed());
        self.update_view();
    }

    /// It is the tab's turn.
    pub(super) fn on_turn(&mut self, turn: Option<RebuildPermit>) -> Option<End> {
        self.turn = None;
        let Some(turn) = turn else {
            return Some(End::of(CloseReason::Shutdown));
        };
        self.changes.push_first(Goal::Rebuild { turn });
        None
    }

    /// Where the new target is opened: in the tab's own context, as long as that exists.
    pub(super) fn place_to_rebuild(&self) -> ContextChoice {
        let Some(Live { target, .. }) = &self.live else {
            return ContextChoice::Shared;
        };
        match &target.own_context {
            None => ContextChoice::Shared,
            Some(_) if target.browser.has_ended() => ContextChoice::New,
            Some(context) => ContextChoice::Existing(context.clone()),
        }
    }

    /// The new target could not be opened. What kills one renderer often kills others, and the new
    /// one may be among them.
    pub(super) fn not_rebuilt(&mut self, error: &OpenError) -> Option<End> {
        tracing::warn!(tab = %self.id, %error, "a tab could not be rebuilt");
        match error {
            OpenError::ShuttingDown => Some(End::of(CloseReason::Shutdown)),
            // There are no turns before there is another browser.
            error if error.is_of_browser() => {
                self.wait_for_turn();
                None
            }
            _ if self.crashes.allow(Instant::now()) => {
                self.wait_for_turn();
                None
            }
            _ => Some(End::of(CloseReason::Crashed)),
        }
    }
}

fn browser_down() -> TabError {
    TabError::BrowserDown {
        reason: "it ended and is being started again".to_owned(),
    }
}
