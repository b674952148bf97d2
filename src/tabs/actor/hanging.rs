//! What a tab does about a page that hangs, or that keeps it busy with dialogs.

use std::time::Duration;

use cdp_bridge_protocol::event::DialogKind;
use futures::FutureExt as _;
use tokio::time::Instant;

use super::closing::CLOSE_LIMIT;
use super::{Actor, End};
use crate::metrics;
use crate::policy::redact_url;
use crate::tabs::commands::close::close;
use crate::tabs::error::TabError;
use crate::tabs::fact::FactKind;
use crate::tabs::live::{Live, Loss};
use crate::tabs::running::Running;
use crate::tabs::watchdog::Rung;

/// How many dialogs a page may open within [`DIALOG_WINDOW`]. A person would have closed it long before.
pub(super) const DIALOGS: usize = 20;
pub(super) const DIALOG_WINDOW: Duration = Duration::from_secs(10);

impl Actor {
    /// Since when the page owes an answer, if it does.
    pub(super) fn owing(&self) -> Option<Instant> {
        let running = self.running.as_ref().and_then(Running::owing);
        [running, self.captures.owing()].into_iter().flatten().min()
    }

    /// When the page is to be looked after.
    pub(super) fn next_look(&self) -> Option<Instant> {
        let usable = self.live.as_ref().is_some_and(Live::is_usable) && self.closing.is_none();
        usable.then(|| self.watchdog.next_wake(self.owing()))?
    }

    /// Looks after a page that owes an answer.
    pub(super) fn look_after_page(&mut self, now: Instant) -> Option<()> {
        if self.next_look()? > now {
            return None;
        }
        if self.watchdog.due(self.owing(), now) {
            let limit = self.around.settings.hang_timeout;
            self.live.as_mut()?.ask_browser(Duration::ZERO, limit);
        }
        None
    }

    /// The browser answers, or does not: what that means for a page that does not.
    pub(super) fn on_witness(&mut self, answers: bool) -> Option<End> {
        let limit = self.around.settings.hang_timeout;
        let live = self.live.as_mut()?;
        if live.loss == Some(Loss::Detached) {
            return self.on_parting(answers);
        }
        if !live.is_usable() {
            return None;
        }
        match self.watchdog.witnessed(answers, Instant::now())? {
            // Its answer is of use until the last rung is reached.
            Rung::Probe => live.probe(2 * limit),
            Rung::Terminate => {
                let url = redact_url(&live.page.url);
                tracing::warn!(tab = %self.id, url, "a page hangs; its script is terminated");
                metrics::page_terminated();
                live.terminate();
            }
            Rung::Replace => {
                let url = redact_url(&live.page.url);
                tracing::warn!(tab = %self.id, url, "a page hangs for good; it is given up");
                return self.give_page_up("hung");
            }
        }
        None
    }

    /// A dialog is answered at once, and told.
    pub(super) fn on_dialog(&mut self, kind: DialogKind, message: String) -> Option<End> {
        if !self.dialogs.allow(Instant::now()) {
            return self.on_dialog_storm();
        }
        let accept = self.around.settings.accept_dialogs;
        let handled = self.live.as_ref()?.answer_dialog(kind, accept);
        self.publish(FactKind::DialogOpened {
            kind,
            message,
            handled,
        });
        None
    }

    /// A page opens one dialog after the other. Loaded again it would do the same.
    fn on_dialog_storm(&mut self) -> Option<End> {
        let live = self.live.as_mut()?;
        let url = redact_url(&live.page.url);
        tracing::warn!(tab = %self.id, url, "a page opens dialog after dialog; it is given up");
        metrics::dropped("dialog", "storm");
        self.heading = None;
        let end = self.give_page_up("dialogs");
        if let Some(live) = &mut self.live {
            live.page.blank();
        }
        self.update_view();
        end
    }

    /// Closes a page that is of no use, as if its renderer had died; what a client wants to leave it
    /// for, is gone to from the next one (protocol section 5: a navigation before its commit). Closing it needs no answer of its
    /// own, and lets the renderer go that the next page might get otherwise.
    fn give_page_up(&mut self, reason: &'static str) -> Option<End> {
        metrics::tab_crashed(reason);
        let at_work = self.captures.abandon().into_iter();
        for reply in at_work.chain(self.looks.abandon()) {
            reply.fail(self.failure(TabError::Crashed));
        }
        if let Some(running) = self.running.take_if(|running| running.may_begin_anew()) {
            self.changes.put_back(running.place, running.goal);
        }
        let target = &self.live.as_ref()?.target;
        let closing = close(target.browser.clone(), target.id.clone(), CLOSE_LIMIT);
        tokio::spawn(closing.map(drop));
        self.lose_page()
    }
}
