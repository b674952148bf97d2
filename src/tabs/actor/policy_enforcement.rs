//! Leaves pages that policy denies: the target of a redirect or of the page's own navigation, or the
//! present page after a change of policy. URLs in requests are checked before they reach the tab.

use super::Actor;
use super::navigation::{BLANK, LoadFailure};
use crate::cdp::ids::LoaderId;
use crate::policy::{Denied, redact_url};
use crate::tabs::command_queue::CommandKind;
use crate::tabs::error::TabError;
use crate::tabs::fact::FactKind;

impl Actor {
    /// Why the document that has just been committed may not stay.
    pub(super) fn denial_of_commit(&self, status: Option<u16>) -> Option<Denied> {
        self.navigation.denial_of_commit(self.page_url()?, status)
    }

    /// Why the navigation to the page's present URL failed: policy, or the network.
    pub(super) fn failure_reason(&self, net: String) -> Result<Denied, LoadFailure> {
        match self.page_url() {
            Some(url) => self.navigation.failure_reason(url, net),
            None => Err(LoadFailure::Net(net)),
        }
    }

    /// The present page may be denied now. A pending navigation is checked when it commits.
    pub(super) fn on_policy_change(&mut self) {
        if self.closing.is_none()
            && let Some(url) = self.page_url()
            && let Err(denied) = self.navigation.check(url)
        {
            self.record_policy_violation(&denied);
            if self.work.is_loading() {
                self.on_navigation_failed(|_| TabError::NavDenied(denied));
            } else {
                self.publish_denial(denied);
            }
        }
    }

    /// The main frame has committed, or failed to load, a document that policy denies.
    pub(super) fn on_denied_document(&mut self, loader: &LoaderId, denied: Denied) {
        self.navigation.settle();
        self.record_policy_violation(&denied);
        if self.work.awaits_commit(Some(loader)) || self.work.is_loading() {
            self.on_navigation_failed(|_| TabError::NavDenied(denied));
        } else {
            self.publish_denial(denied);
        }
    }

    fn record_policy_violation(&mut self, denied: &Denied) {
        self.navigation.policy_violation = true;
        if let Some(attached) = &mut self.attached {
            let url = redact_url(&attached.page.url);
            tracing::warn!(client = %self.tab.scope.client, tab = %self.tab.id, url, %denied, "a tab is where it may not be");
            // The tab is sent there, and the denied URL must not appear in its view.
            attached.page.set_blank();
            self.updates.new_document();
        }
        self.update_view();
    }

    fn publish_denial(&self, denied: Denied) {
        let failure = self.failure(TabError::NavDenied(denied));
        self.tab.publish(FactKind::NavigationFailed(failure));
    }

    /// Sends the tab away from a denied page, ahead of other commands. An active navigation leaves the
    /// page anyway.
    pub(super) fn leave_denied_page(&mut self) {
        let may_leave = self.is_usable() && self.work.active.is_none();
        if may_leave && std::mem::take(&mut self.navigation.policy_violation) {
            let url = BLANK.to_owned();
            self.work.push_first(CommandKind::load(url));
        }
    }
}
