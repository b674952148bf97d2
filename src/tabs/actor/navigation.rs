//! Where a tab is going, and whether policy allows it to stay where it is.

use std::sync::Arc;

use tokio::sync::watch;

use crate::policy::{ConnectFailure, Denied, ProxyFailure};
use crate::tabs::context_proxy::{ProxyProvider, is_of_proxy};
use crate::tabs::identity::Scope;

pub(super) const BLANK: &str = "about:blank";

/// The proxy's own answer to a plain request that it refuses.
const FORBIDDEN: u16 = 403;

/// Why a page that policy allows could not be loaded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LoadFailure {
    /// Chromium's name of the failure.
    Net(String),
    /// The session's upstream proxy failed.
    Proxy(ProxyFailure),
}

pub(super) struct NavigationState {
    scope: Scope,
    proxies: Arc<dyn ProxyProvider>,
    policy_changes: watch::Receiver<()>,
    /// The URL that the replacement target is navigating to; cleared on commit or failure.
    pending_url: Option<String>,
    /// Policy refuses the page that the tab is on, and the tab has not been sent away yet.
    pub(super) policy_violation: bool,
}

impl NavigationState {
    pub(super) fn new(scope: Scope, proxies: Arc<dyn ProxyProvider>) -> Self {
        Self {
            policy_changes: proxies.changes(&scope),
            scope,
            proxies,
            pending_url: None,
            policy_violation: false,
        }
    }

    /// Waits until policy may have changed. May be dropped at any time.
    pub(super) async fn policy_changed(&mut self) {
        if self.policy_changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn begin(&mut self, url: String) {
        self.pending_url = Some(url);
    }

    /// The pending navigation has committed or failed, or the client wants another.
    pub(super) fn settle(&mut self) {
        self.pending_url = None;
    }

    /// The URL that the replacement target is navigating to.
    pub(super) fn pending(&self) -> Option<&str> {
        self.pending_url.as_deref()
    }

    /// Where a new target of the tab goes: to the pending URL, or else to the present one, as far
    /// as it can be loaded again.
    pub(super) fn destination(&self, present: Option<&str>) -> String {
        reloadable(self.pending_url.as_deref().or(present).unwrap_or(BLANK))
    }

    pub(super) fn check(&self, url: &str) -> Result<(), Denied> {
        self.proxies.check(&self.scope, url)
    }

    /// Why the document that has just been committed may not stay.
    pub(super) fn denial_of_commit(&self, url: &str, status: Option<u16>) -> Option<Denied> {
        if let Err(denied) = self.check(url) {
            return Some(denied);
        }
        // A server may answer with this status too; then it was reached, and there is no obstacle.
        let obstacle = (status == Some(FORBIDDEN))
            .then(|| self.proxies.connect_failure(&self.scope, url))
            .flatten();
        match obstacle {
            Some(ConnectFailure::Denied(denied)) => Some(denied),
            _ => None,
        }
    }

    /// Why a navigation to this URL failed: `Ok` if policy denied it, or else the failure of the network.
    /// Where Chromium knows only that the proxy failed, the proxy knows the cause.
    pub(super) fn failure_reason(&self, url: &str, net: String) -> Result<Denied, LoadFailure> {
        if let Err(denied) = self.check(url) {
            return Ok(denied);
        }
        if !is_of_proxy(&net) {
            return Err(LoadFailure::Net(net));
        }
        match self.proxies.connect_failure(&self.scope, url) {
            Some(ConnectFailure::Denied(denied)) => Ok(denied),
            Some(ConnectFailure::Failed(net)) => Err(LoadFailure::Net(net.to_owned())),
            Some(ConnectFailure::Proxy(failure)) => Err(LoadFailure::Proxy(failure)),
            None => Err(LoadFailure::Net(net)),
        }
    }
}

/// Only pages of the network can be loaded again.
fn reloadable(url: &str) -> String {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    let url = if matches!(scheme, Some("http" | "https")) {
        url
    } else {
        BLANK
    };
    url.to_owned()
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::super::test_support::FakeOutlets;
    use super::*;

    const ALLOWED: &str = "http://allowed.test/";
    const DENIED: &str = "http://denied.test/";
    const TUNNEL: &str = "net::ERR_TUNNEL_CONNECTION_FAILED";

    fn navigation(obstacle: Option<ConnectFailure>) -> (NavigationState, watch::Sender<()>) {
        let (sender, changes) = watch::channel(());
        let proxies = FakeOutlets { changes, obstacle };
        let state = NavigationState::new("a".into(), Arc::new(proxies));
        (state, sender)
    }

    #[test]
    fn a_new_target_goes_where_the_tab_was_going() {
        let (mut navigation, _) = navigation(None);
        assert_eq!(navigation.destination(None), BLANK);
        assert_eq!(navigation.destination(Some(ALLOWED)), ALLOWED);
        assert_eq!(navigation.destination(Some("data:text/html,x")), BLANK);
        navigation.begin("http://next.test/".to_owned());
        assert_eq!(navigation.destination(Some(ALLOWED)), "http://next.test/");
        navigation.settle();
        assert_eq!(navigation.destination(Some(ALLOWED)), ALLOWED);
    }

    #[test]
    fn a_document_that_policy_denies_may_not_stay() {
        let (navigation, _) = navigation(None);
        assert!(navigation.denial_of_commit(ALLOWED, Some(200)).is_none());
        assert!(navigation.denial_of_commit(DENIED, Some(200)).is_some());
    }

    #[test]
    fn a_failure_of_the_proxy_has_the_cause_that_the_proxy_knows() {
        let refused = "net::ERR_CONNECTION_REFUSED";
        let (navigation, _) = navigation(Some(ConnectFailure::Failed(refused)));
        let reason = |url, net: &str| navigation.failure_reason(url, net.to_owned());
        let net = |net: &str| Err(LoadFailure::Net(net.to_owned()));
        assert_eq!(reason(ALLOWED, TUNNEL), net(refused));
        let aborted = "net::ERR_ABORTED";
        assert_eq!(reason(ALLOWED, aborted), net(aborted));
        assert!(reason(DENIED, TUNNEL).is_ok());
        // A server that answers 403 was reached.
        assert!(navigation.denial_of_commit(ALLOWED, Some(403)).is_none());
    }

    #[test]
    fn a_failure_of_the_upstream_proxy_is_told_from_one_of_the_network() {
        let failure = ProxyFailure {
            server: "http://proxy.test:80".to_owned(),
            fault: crate::policy::ProxyFault::Closed,
        };
        let (navigation, _) = navigation(Some(ConnectFailure::Proxy(failure.clone())));
        let reason = navigation.failure_reason(ALLOWED, TUNNEL.to_owned());
        assert_eq!(reason, Err(LoadFailure::Proxy(failure)));
        assert!(navigation.denial_of_commit(ALLOWED, Some(403)).is_none());
    }

    #[test]
    fn a_change_of_policy_is_noticed_once() {
        let (mut navigation, policy) = navigation(None);
        assert!(navigation.policy_changed().now_or_never().is_none());
        policy.send_replace(());
        assert!(navigation.policy_changed().now_or_never().is_some());
        assert!(navigation.policy_changed().now_or_never().is_none());
        drop(policy);
        assert!(navigation.policy_changed().now_or_never().is_none());
    }
}
