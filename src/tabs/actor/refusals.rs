//! What a tab does where policy refuses what its main frame was led to: by a redirect, or by the
//! page itself; or refuses where it is, since policy is another one. What a client asks for outright
//! is refused before it reaches the tab.

use super::Actor;
use crate::cdp::ids::LoaderId;
use crate::policy::ConnectFailure;
use crate::policy::{Denied, redact_url};
use crate::tabs::changes::Goal;
use crate::tabs::context_proxy::is_of_proxy;
use crate::tabs::error::TabError;
use crate::tabs::fact::FactKind;
use crate::tabs::live::Live;

/// The proxy's own answer to a plain request that it refuses.
const FORBIDDEN: u16 = 403;

impl Actor {
    /// Why the document that has just been committed may not stay.
    pub(super) fn refusal_of_commit(&self, status: Option<u16>) -> Option<Denied> {
        let url = &self.live.as_ref()?.page.url;
        if let Err(denied) = self.around.outlets.check(&self.scope, url) {
            return Some(denied);
        }
        // The server may say so, too; but then it has been reached, and there was no obstacle.
        let obstacle = (status == Some(FORBIDDEN))
            .then(|| self.around.outlets.connect_failure(&self.scope, url))
            .flatten();
        match obstacle {
            Some(ConnectFailure::Denied(denied)) => Some(denied),
            _ => None,
        }
    }

    /// Why a navigation failed whose URL the page has now: policy, or what the network did, where
    /// Chromium knows only that the proxy failed it.
    pub(super) fn reason_of_failure(&self, net: String) -> Result<Denied, String> {
        let Some(live) = &self.live else {
            return Err(net);
        };
        let url = &live.page.url;
        if let Err(denied) = self.around.outlets.check(&self.scope, url) {
            return Ok(denied);
        }
        if !is_of_proxy(&net) {
            return Err(net);
        }
        match self.around.outlets.connect_failure(&self.scope, url) {
            Some(ConnectFailure::Denied(denied)) => Ok(denied),
            Some(ConnectFailure::Failed(net)) => Err(net.to_owned()),
            None => Err(net),
        }
    }

    /// Policy is another one: the page that the tab is on may be refused now. What the tab is on its
    /// way to is held against policy when it gets there.
    pub(super) fn on_other_policy(&mut self) {
        let Some(live) = self.live.as_ref().filter(|_| self.closing.is_none()) else {
            return;
        };
        let checked = self.around.outlets.check(&self.scope, &live.page.url);
        if let Err(denied) = checked {
            self.is_refused(&denied);
            self.tell_refusal(denied);
        }
    }

    /// The main frame was led to where policy does not want it.
    pub(super) fn turned_away(&mut self, loader: &LoaderId, denied: Denied) {
        self.heading = None;
        self.is_refused(&denied);
        if self.awaits(Some(loader)) {
            self.not_arrived(|_| TabError::NavDenied(denied));
        } else {
            self.tell_refusal(denied);
        }
    }

    fn is_refused(&mut self, denied: &Denied) {
        self.must_leave = true;
        if let Some(live) = &mut self.live {
            let url = redact_url(&live.page.url);
            tracing::warn!(tab = %self.id, url, %denied, "a tab is where it may not be");
            // That is where it is sent, and nobody shall be told that it is elsewhere.
            live.page.blank();
        }
        self.update_view();
    }

    fn tell_refusal(&self, denied: Denied) {
        let failure = self.failure(TabError::NavDenied(denied));
        self.publish(FactKind::NavigationFailed(failure));
    }

    /// Sends the tab away from where it may not be, before anything else that waits. A navigation
    /// that is at work takes it away by itself.
    pub(super) fn leave_if_refused(&mut self) {
        let usable = self.live.as_ref().is_some_and(Live::is_usable);
        if self.must_leave && self.running.is_none() && usable {
            self.must_leave = false;
            let url = "about:blank".to_owned();
            self.changes.push_first(Goal::Follow { url });
        }
    }
}
