//! Recovers from a page that hangs, or that opens dialogs without end.

use std::time::Duration;

use cdp_bridge_protocol::event::RebuildReason;
use futures::FutureExt as _;
use tokio::time::Instant;

use super::closing::CLOSE_LIMIT;
use super::{Actor, End};
use crate::metrics;
use crate::policy::redact_url;
use crate::tabs::attached_target::AttachedTarget;
use crate::tabs::error::TabError;
use crate::tabs::watchdog::HangAction;

impl Actor {
    /// When the page must be checked for a hang.
    pub(super) fn next_page_check(&self) -> Option<Instant> {
        let awaits_server = |attached: &AttachedTarget| attached.page.awaits_server();
        // Behind a dialog it does not hang.
        let is_checked = self.is_usable()
            && self.dialogs.is_empty()
            && !self.attached.as_ref().is_some_and(awaits_server)
            && self.closing.is_none();
        let awaiting = self.work.awaiting_page_since();
        is_checked.then(|| self.recovery.watchdog.next_wake(awaiting))?
    }

    /// Probes the browser if the page has not answered for too long.
    pub(super) fn check_page(&mut self, now: Instant) -> Option<()> {
        if self.next_page_check()? > now {
            return None;
        }
        let awaiting = self.work.awaiting_page_since();
        if self.recovery.watchdog.take_due(awaiting, now) {
            let limit = self.ctx.settings.config.hang_timeout;
            self.attached.as_mut()?.probe_browser(Duration::ZERO, limit);
        }
        None
    }

    /// The browser probe has ended; acts on a page that hangs, or on a target that was detached.
    pub(super) fn on_browser_probe(&mut self, answers: bool) -> Option<End> {
        let limit = self.ctx.settings.config.hang_timeout;
        let attached = self.attached.as_mut()?;
        if attached.loss == Some(RebuildReason::Detached) {
            return self.on_detached(answers);
        }
        if !attached.is_usable() {
            return None;
        }
        if attached.page.awaits_server() {
            self.recovery.watchdog.answered(Instant::now());
            return None;
        }
        match self
            .recovery
            .watchdog
            .browser_probed(answers, Instant::now())?
        {
            // A late answer still counts until the page is replaced.
            HangAction::Probe => attached.probe_page(2 * limit),
            HangAction::Terminate => {
                let url = redact_url(&attached.page.url);
                tracing::warn!(client = %self.tab.scope.client, tab = %self.tab.id, url, "a page hangs; its script is terminated");
                metrics::page_terminated();
                attached.terminate();
            }
            HangAction::Replace => {
                let url = redact_url(&attached.page.url);
                tracing::warn!(client = %self.tab.scope.client, tab = %self.tab.id, url, "a page hangs for good; it is given up");
                return self.abandon_page("hung");
            }
        }
        None
    }

    /// Gives up a page that opens one dialog after the other. Its URL is not loaded again, because the
    /// page would do the same.
    pub(super) fn on_dialog_storm(&mut self) -> Option<End> {
        let attached = self.attached.as_mut()?;
        let url = redact_url(&attached.page.url);
        tracing::warn!(client = %self.tab.scope.client, tab = %self.tab.id, url, "a page opens dialog after dialog; it is given up");
        metrics::dropped("dialog", "storm");
        self.navigation.settle();
        let end = self.abandon_page("dialogs");
        if let Some(attached) = &mut self.attached {
            attached.page.set_blank();
        }
        self.update_view();
        end
    }

    /// Closes the page and recovers as if its renderer had died. A navigation that has not committed
    /// starts over in the next page. A hung page can be closed, and closing it
    /// frees its renderer, which the next page might share otherwise.
    fn abandon_page(&mut self, reason: &'static str) -> Option<End> {
        metrics::tab_crashed(reason);
        for reply in self.work.abandon_page() {
            reply.fail(self.failure(TabError::Crashed));
        }
        let closing = self.attached.as_ref()?.target.close(CLOSE_LIMIT);
        tokio::spawn(closing.map(drop));
        self.on_page_lost()
    }
}
