//! What a tab does about a page that hangs, or that keeps it busy with dialogs.

use std::time::Duration;

use cdp_bridge_protocol::event::DialogKind;
use futures::FutureExt as _;
use tokio::time::Instant;

use super::closing::CLOSE_LIMIT;
use super::{Actor, End};
use crate::metrics;
use crate::policy::{DialogPolicy, redact_url};
use crate::tabs::attached_target::{AttachedTarget, LossReason};
use crate::tabs::commands::close::close;
use crate::tabs::error::TabError;
use crate::tabs::fact::FactKind;
use crate::tabs::watchdog::HangAction;

impl Actor {
    /// When the page is to be looked after.
    pub(super) fn next_page_check(&self) -> Option<Instant> {
        let usable = self
            .attached
            .as_ref()
            .is_some_and(AttachedTarget::is_usable)
            && self.closing.is_none();
        usable.then(|| self.recovery.next_check(self.work.awaiting_page_since()))?
    }

    /// Looks after a page that owes an answer.
    pub(super) fn check_page(&mut self, now: Instant) -> Option<()> {
        if self.next_page_check()? > now {
            return None;
        }
        let awaiting = self.work.awaiting_page_since();
        if self.recovery.needs_browser_probe(awaiting, now) {
            let limit = self.ctx.settings.config.hang_timeout;
            self.attached.as_mut()?.probe_browser(Duration::ZERO, limit);
        }
        None
    }

    /// The browser answers, or does not: what that means for a page that does not.
    pub(super) fn on_browser_probe(&mut self, answers: bool) -> Option<End> {
        let limit = self.ctx.settings.config.hang_timeout;
        let attached = self.attached.as_mut()?;
        if attached.loss == Some(LossReason::Detached) {
            return self.on_detached(answers);
        }
        if !attached.is_usable() {
            return None;
        }
        match self.recovery.browser_probed(answers, Instant::now())? {
            // Its answer is of use until the last rung is reached.
            HangAction::Probe => attached.probe_page(2 * limit),
            HangAction::Terminate => {
                let url = redact_url(&attached.page.url);
                tracing::warn!(tab = %self.tab.id, url, "a page hangs; its script is terminated");
                metrics::page_terminated();
                attached.terminate();
            }
            HangAction::Replace => {
                let url = redact_url(&attached.page.url);
                tracing::warn!(tab = %self.tab.id, url, "a page hangs for good; it is given up");
                return self.abandon_page("hung");
            }
        }
        None
    }

    /// A dialog is answered at once, and told.
    pub(super) fn on_dialog(&mut self, kind: DialogKind, message: String) -> Option<End> {
        if !self.limits.allow_dialog(Instant::now()) {
            return self.on_dialog_storm();
        }
        let accept = self.ctx.settings.dialogs == DialogPolicy::Accept;
        let handled = self.attached.as_ref()?.answer_dialog(kind, accept);
        self.tab.publish(FactKind::DialogOpened {
            kind,
            message,
            handled,
        });
        None
    }

    /// A page opens one dialog after the other. Loaded again it would do the same.
    fn on_dialog_storm(&mut self) -> Option<End> {
        let attached = self.attached.as_mut()?;
        let url = redact_url(&attached.page.url);
        tracing::warn!(tab = %self.tab.id, url, "a page opens dialog after dialog; it is given up");
        metrics::dropped("dialog", "storm");
        self.navigation.settle();
        let end = self.abandon_page("dialogs");
        if let Some(attached) = &mut self.attached {
            attached.page.set_blank();
        }
        self.update_view();
        end
    }

    /// Closes a page that is of no use, as if its renderer had died; what a client wants to leave it
    /// for, is gone to from the next one (protocol section 5: a navigation before its commit). Closing it needs no answer of its
    /// own, and lets the renderer go that the next page might get otherwise.
    fn abandon_page(&mut self, reason: &'static str) -> Option<End> {
        metrics::tab_crashed(reason);
        for reply in self.work.abandon_page() {
            reply.fail(self.failure(TabError::Crashed));
        }
        let target = &self.attached.as_ref()?.target;
        let closing = close(target.browser.clone(), target.id.clone(), CLOSE_LIMIT);
        tokio::spawn(closing.map(drop));
        self.on_page_lost()
    }
}
