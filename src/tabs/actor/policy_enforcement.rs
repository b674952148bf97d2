//! What a tab does where policy refuses what its main frame was led to: by a redirect, or by the
//! page itself; or refuses where it is, since policy is another one. What a client asks for outright
//! is refused before it reaches the tab.

use super::Actor;
use super::navigation::BLANK;
use crate::cdp::ids::LoaderId;
use crate::policy::{Denied, redact_url};
use crate::tabs::attached_target::AttachedTarget;
use crate::tabs::command_queue::TabCommand;
use crate::tabs::error::TabError;
use crate::tabs::fact::FactKind;

impl Actor {
    /// Why the document that has just been committed may not stay.
    pub(super) fn denial_of_commit(&self, status: Option<u16>) -> Option<Denied> {
        let url = &self.attached.as_ref()?.page.url;
        self.navigation.denial_of_commit(url, status)
    }

    /// Why the navigation to the page's present URL failed: policy, or the network.
    pub(super) fn failure_reason(&self, net: String) -> Result<Denied, String> {
        match &self.attached {
            Some(attached) => self.navigation.failure_reason(&attached.page.url, net),
            None => Err(net),
        }
    }

    /// Policy is another one: the page that the tab is on may be refused now. What the tab is on its
    /// way to is held against policy when it gets there.
    pub(super) fn on_policy_change(&mut self) {
        let Some(attached) = self.attached.as_ref().filter(|_| self.closing.is_none()) else {
            return;
        };
        if let Err(denied) = self.navigation.check(&attached.page.url) {
            self.record_policy_violation(&denied);
            self.publish_denial(denied);
        }
    }

    /// The main frame was led to where policy does not want it.
    pub(super) fn on_denied_document(&mut self, loader: &LoaderId, denied: Denied) {
        self.navigation.settle();
        self.record_policy_violation(&denied);
        if self.work.awaits_commit(Some(loader)) {
            self.on_navigation_failed(|_| TabError::NavDenied(denied));
        } else {
            self.publish_denial(denied);
        }
    }

    fn record_policy_violation(&mut self, denied: &Denied) {
        self.navigation.set_policy_violation();
        if let Some(attached) = &mut self.attached {
            let url = redact_url(&attached.page.url);
            tracing::warn!(tab = %self.tab.id, url, %denied, "a tab is where it may not be");
            // That is where it is sent, and nobody shall be told that it is elsewhere.
            attached.page.set_blank();
        }
        self.update_view();
    }

    fn publish_denial(&self, denied: Denied) {
        let failure = self.failure(TabError::NavDenied(denied));
        self.tab.publish(FactKind::NavigationFailed(failure));
    }

    /// Sends the tab away from where it may not be, before anything else that waits. A navigation
    /// that is at work takes it away by itself.
    pub(super) fn leave_denied_page(&mut self) {
        let usable = self
            .attached
            .as_ref()
            .is_some_and(AttachedTarget::is_usable);
        if usable && self.work.active().is_none() && self.navigation.take_policy_violation() {
            let url = BLANK.to_owned();
            self.work.push_first(TabCommand::Load { url });
        }
    }
}
