//! Replaces a lost target: the tab waits for its turn, and opens another.

use std::time::Duration;

use cdp_bridge_protocol::event::{CloseReason, RebuildReason};
use tokio::time::Instant;

use super::commands::context_for;
use super::recovery::{Verdict, browser_down};
use super::{Actor, End};
use crate::tabs::attached_target::AttachedTarget;
use crate::tabs::command_queue::CommandKind;
use crate::tabs::error::TabError;
use crate::tabs::supervisor::RebuildPermit;
use crate::tabs::target::{ContextChoice, OpenError};

/// How long a browser that shuts down cleanly still answers after it has closed its pages.
const BROWSER_EXIT_GRACE: Duration = Duration::from_millis(500);
/// Longer than a browser may be silent before it counts as hung, which ends it.
const BROWSER_PROBE_LIMIT: Duration = Duration::from_mins(1);

impl Actor {
    /// The target's session has ended, and not because the tab closed it.
    pub(super) fn target_gone(&mut self) -> Option<End> {
        if let Some(end) = self.finish_close() {
            return Some(end);
        }
        let attached = self.attached.as_mut()?;
        attached.is_over = true;
        if attached.target.browser.has_ended() {
            return self.on_detached(false);
        }
        // An unusable target was closed by the tab itself. Any other was closed by the page or user,
        // or by a browser that is shutting down cleanly; the probe tells which.
        if attached.is_usable() {
            attached.loss = Some(RebuildReason::Detached);
            attached.probe_browser(BROWSER_EXIT_GRACE, BROWSER_PROBE_LIMIT);
            self.fail_pending(&TabError::Detached);
            self.update_view();
        }
        None
    }

    /// It is known now whether the target has gone alone or with its browser.
    pub(super) fn on_detached(&mut self, browser_answers: bool) -> Option<End> {
        if let Some(end) = self.finish_close() {
            return Some(end);
        }
        if browser_answers {
            return Some(End::of(CloseReason::Page));
        }
        self.attached.as_mut()?.loss = Some(RebuildReason::BrowserExited);
        self.fail_pending(&browser_down());
        self.recover()
    }

    /// The error for requests that arrive while the target is lost and no other is being opened.
    pub(super) fn refusal_without_target(&self) -> Option<TabError> {
        self.recovery.refusal(self.attached.as_ref()?.loss?)
    }

    /// Lets a tab without a usable target wait for another, unless it has crashed too often.
    pub(super) fn recover(&mut self) -> Option<End> {
        let loss = self.attached.as_ref()?.loss?;
        let verdict = self.recovery.on_loss(loss, Instant::now())?;
        self.apply(verdict)
    }

    fn apply(&mut self, verdict: Verdict) -> Option<End> {
        match verdict {
            Verdict::Rebuild => {
                self.wait_for_turn();
                None
            }
            Verdict::End(reason) => Some(End::of(reason)),
        }
    }

    pub(super) fn wait_for_turn(&mut self) {
        let (supervisor, last_used) = (self.ctx.supervisor.clone(), self.last_used);
        let client = self.tab.scope.client.clone();
        let permit = async move { supervisor.rebuild_permit(client, last_used).await };
        self.recovery.wait_for(permit);
        self.update_view();
    }

    pub(super) fn on_turn(&mut self, turn: Option<RebuildPermit>) -> Option<End> {
        let Some(turn) = turn else {
            return Some(End::of(CloseReason::Shutdown));
        };
        self.work.push_first(CommandKind::Rebuild { turn });
        None
    }

    /// The browser context for the new target: the tab's own one, as long as it exists.
    pub(super) fn rebuild_context(&self) -> ContextChoice {
        let Some(AttachedTarget { target, .. }) = &self.attached else {
            return context_for(self.tab.is_logged_out());
        };
        match &target.own_context {
            None => ContextChoice::Shared,
            Some(_) if target.browser.has_ended() => ContextChoice::New,
            Some(context) => ContextChoice::Existing(context.clone()),
        }
    }

    pub(super) fn on_rebuild_failed(&mut self, error: &OpenError) -> Option<End> {
        tracing::warn!(client = %self.tab.scope.client, tab = %self.tab.id, %error, "a tab could not be rebuilt");
        let verdict = self.recovery.on_failed_rebuild(error, Instant::now());
        self.apply(verdict)
    }
}
