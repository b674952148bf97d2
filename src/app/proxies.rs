//! A proxy listener for each browser context, as the tabs use them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cdp_bridge_protocol::TabId;
use tokio::sync::{mpsc, watch};

use super::blocked_requests::BlockedReport;
use super::policies::Policies;
use super::scope_proxies::ScopeProxies;
use crate::egress::{BlockReporter, Egress, ProxyConfig, ProxyListener, RecentFailures};
use crate::metrics;
use crate::operations::sessions::SessionTraffic;
use crate::policy::{ConnectFailure, Denied, EgressPolicy};
use crate::tabs::{ClientId, ContextProxy, ProxyProvider, Scope};

/// Opens the proxy listeners of browser contexts.
#[derive(Debug)]
pub(super) struct ContextProxies {
    pub(super) egress: Egress,
    pub(super) policies: Arc<Policies>,
    pub(super) upstreams: Arc<ScopeProxies>,
    pub(super) reports: mpsc::Sender<BlockedReport>,
    pub(super) traffic: SessionTraffic,
    /// Whether Chromium runs on this machine, and so reaches listeners on the loopback address.
    pub(super) is_local: bool,
}

impl ContextProxies {
    /// The listener for traffic outside the bridge's browser contexts. It denies everything, unless a
    /// client's tabs run in the default context.
    pub(super) fn process_wide(&self, client: Option<&ClientId>) -> io::Result<ProxyListener> {
        if let Some(client) = client {
            let scope = Scope::default_of(client.clone());
            return self.listener(&scope, None, Arc::default());
        }
        let (_, policy) = watch::channel(Arc::new(EgressPolicy::closed()));
        let reporter = BlockReporter::new(Arc::<RecentFailures>::default(), |blocked| {
            tracing::debug!(url = blocked.url, "blocked a request of Chromium itself");
        });
        self.egress.open(ProxyConfig {
            client: "".into(),
            policy,
            reporter,
            upstream: None,
            traffic: Arc::default(),
        })
    }

    fn listener(
        &self,
        scope: &Scope,
        tab: Option<TabId>,
        is_shared: Arc<AtomicBool>,
    ) -> io::Result<ProxyListener> {
        let (policy, upstream) = (self.policies.of(scope), self.upstreams.of(scope));
        let lookups_of = scope.client.as_str().into();
        let recent_failures = self.recent_failures(scope);
        let traffic = self.traffic.counter(scope);
        let (reports, scope) = (self.reports.clone(), scope.clone());
        let reporter = BlockReporter::new(recent_failures, move |blocked| {
            let report = BlockedReport {
                scope: scope.clone(),
                tab: tab.filter(|_| !is_shared.load(Ordering::Relaxed)),
                blocked,
            };
            if reports.try_send(report).is_err() {
                metrics::dropped("requestBlocked", "full");
            }
        });
        self.egress.open(ProxyConfig {
            client: lookups_of,
            policy: policy.egress(),
            reporter,
            upstream: upstream.map(|session| Arc::clone(&session.proxy)),
            traffic,
        })
    }

    /// The failures of a session with an upstream proxy are its own: another session reaches the same servers in
    /// another way.
    fn recent_failures(&self, scope: &Scope) -> Arc<RecentFailures> {
        match self.upstreams.of(scope) {
            Some(upstream) => Arc::clone(&upstream.recent_failures),
            None => Arc::clone(&self.policies.of(scope).recent_failures),
        }
    }
}

impl ProxyProvider for ContextProxies {
    fn open(&self, scope: &Scope, tab: Option<TabId>) -> io::Result<ContextProxy> {
        if !self.is_local {
            return Ok(ContextProxy::new(None, Arc::default(), ()));
        }
        let is_shared = Arc::<AtomicBool>::default();
        let listener = self.listener(scope, tab, Arc::clone(&is_shared))?;
        Ok(ContextProxy::new(Some(listener.url()), is_shared, listener))
    }

    fn keeps_downloads(&self, scope: &Scope) -> bool {
        self.policies.of(scope).keeps_downloads()
    }

    fn changes(&self, scope: &Scope) -> watch::Receiver<()> {
        self.policies.of(scope).changes()
    }

    fn check(&self, scope: &Scope, url: &str) -> Result<(), Denied> {
        self.policies.of(scope).check_committed(url)
    }

    fn connect_failure(&self, scope: &Scope, url: &str) -> Option<ConnectFailure> {
        self.recent_failures(scope).for_url(url)
    }
}
