//! What a tab does where policy refuses what its main frame was led to: by a redirect, or by the
//! page itself; or refuses where it is, since policy is another one. What a client asks for outright
//! is refused before it reaches the tab.

use super::Actor;
use super::navigation::BLANK;
use crate::cdp::ids::LoaderId;
use crate::policy::{Denied, redact_url};
use crate::tabs::changes::Goal;
use crate::tabs::error::TabError;
use crate::tabs::fact::FactKind;
use crate::tabs::live::Live;

impl Actor {
    /// Why the document that has just been committed may not stay.
    pub(super) fn refusal_of_commit(&self, status: Option<u16>) -> Option<Denied> {
        let url = &self.live.as_ref()?.page.url;
        self.navigation.denial_of_commit(url, status)
    }

    /// Why the navigation to the page's present URL failed: policy, or the network.
    pub(super) fn reason_of_failure(&self, net: String) -> Result<Denied, String> {
        match &self.live {
            Some(live) => self.navigation.failure_reason(&live.page.url, net),
            None => Err(net),
        }
    }

    /// Policy is another one: the page that the tab is on may be refused now. What the tab is on its
    /// way to is held against policy when it gets there.
    pub(super) fn on_other_policy(&mut self) {
        let Some(live) = self.live.as_ref().filter(|_| self.closing.is_none()) else {
            return;
        };
        if let Err(denied) = self.navigation.check(&live.page.url) {
            self.is_refused(&denied);
            self.tell_refusal(denied);
        }
    }

    /// The main frame was led to where policy does not want it.
    pub(super) fn turned_away(&mut self, loader: &LoaderId, denied: Denied) {
        self.navigation.settle();
        self.is_refused(&denied);
        if self.work.awaits_commit(Some(loader)) {
            self.not_arrived(|_| TabError::NavDenied(denied));
        } else {
            self.tell_refusal(denied);
        }
    }

    fn is_refused(&mut self, denied: &Denied) {
        self.navigation.set_policy_violation();
        if let Some(live) = &mut self.live {
            let url = redact_url(&live.page.url);
            tracing::warn!(tab = %self.tab.id, url, %denied, "a tab is where it may not be");
            // That is where it is sent, and nobody shall be told that it is elsewhere.
            live.page.blank();
        }
        self.update_view();
    }

    fn tell_refusal(&self, denied: Denied) {
        let failure = self.failure(TabError::NavDenied(denied));
        self.tab.publish(FactKind::NavigationFailed(failure));
    }

    /// Sends the tab away from where it may not be, before anything else that waits. A navigation
    /// that is at work takes it away by itself.
    pub(super) fn leave_if_refused(&mut self) {
        let usable = self.live.as_ref().is_some_and(Live::is_usable);
        if usable && self.work.active().is_none() && self.navigation.take_policy_violation() {
            let url = BLANK.to_owned();
            self.work.push_first(Goal::Follow { url });
        }
    }
}
