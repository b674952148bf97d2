//! What waits for answers of clients ends: by their time, without clients, or with the page.

use cdp_bridge_protocol::event::ClosedBy;
use tokio::time::Instant;

use super::Actor;
use crate::tabs::attached_target::AttachedTarget;

impl Actor {
    pub(super) fn next_answer_deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.dialogs.next_deadline(),
            self.auth.pending.next_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Answers what has waited for too long.
    pub(super) fn expire_answers(&mut self, now: Instant) {
        for dialog in self.dialogs.due(now) {
            self.close_dialog(&dialog, ClosedBy::Timeout);
        }
        for auth in self.auth.pending.due(now) {
            self.cancel_auth(&auth, ClosedBy::Timeout);
        }
    }

    /// No client is left.
    pub(super) fn on_unattended(&mut self) {
        self.is_unattended = true;
        self.abandon_answers();
        self.release_unattended_input();
    }

    /// Without a client, what an action holds down is released: also that of an action that ends only now.
    pub(super) fn release_unattended_input(&self) {
        if !self.is_unattended {
            return;
        }
        if let Some(attached) = self.attached.as_ref().filter(|it| it.is_usable()) {
            AttachedTarget::driver(attached).release_input();
        }
    }

    /// Answers everything without a client.
    pub(super) fn abandon_answers(&mut self) {
        for dialog in self.dialogs.waiting_ids() {
            self.close_dialog(&dialog, ClosedBy::Abandoned);
        }
        for auth in self.auth.pending.waiting_ids() {
            self.cancel_auth(&auth, ClosedBy::Abandoned);
        }
    }

    /// The page is gone, and with it everything that it has asked.
    pub(super) fn prompts_gone(&mut self) {
        self.dialogs_gone(true);
        self.auths_gone(true);
    }
}
