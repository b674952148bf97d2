//! Reports blocked requests, and records why connections failed.

use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;

use super::recent_failures::RecentFailures;
use super::target::ProxyTarget;
use crate::metrics;
use crate::policy::{ConnectFailure, Denied, Host, normalise, redact_url};

/// A request that policy blocked, or would have blocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedRequest {
    /// Without user, password and query; for a tunnel only the host.
    pub url: String,
    pub denied: Denied,
    /// The request was let through, because policy is in report mode.
    pub let_through: bool,
}

/// Where the proxies of one client report blocked requests.
#[derive(Clone)]
pub struct BlockReporter {
    recent_failures: Arc<RecentFailures>,
    /// Must not block.
    on_blocked: Arc<dyn Fn(BlockedRequest) + Send + Sync>,
}

impl fmt::Debug for BlockReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockReporter").finish_non_exhaustive()
    }
}

impl BlockReporter {
    /// `on_blocked` is called from the proxy's tasks and must not block.
    pub fn new(
        recent_failures: Arc<RecentFailures>,
        on_blocked: impl Fn(BlockedRequest) + Send + Sync + 'static,
    ) -> Self {
        let on_blocked = Arc::new(on_blocked);
        Self {
            recent_failures,
            on_blocked,
        }
    }

    pub(super) fn denied(&self, target: &ProxyTarget, url: &str, denied: Denied) {
        self.record(target, ConnectFailure::Denied(denied.clone()));
        self.blocked(url, denied, false);
    }

    /// Report mode: policy would have blocked the request.
    pub(super) fn let_through(&self, url: &str, denied: Denied) {
        self.blocked(url, denied, true);
    }

    pub(super) fn failed(&self, target: &ProxyTarget, failure: ConnectFailure) {
        if let ConnectFailure::Proxy(failure) = &failure {
            metrics::upstream_proxy_failed(failure.fault.reason());
            tracing::debug!(%failure, "a connection through an upstream proxy failed");
        }
        self.record(target, failure);
    }

    fn record(&self, target: &ProxyTarget, failure: ConnectFailure) {
        let host = host_key(&target.host);
        self.recent_failures
            .record(&host, target.port, failure, Instant::now());
    }

    pub(super) fn reached(&self, target: &ProxyTarget) {
        self.recent_failures
            .clear(&host_key(&target.host), target.port);
    }

    fn blocked(&self, url: &str, denied: Denied, let_through: bool) {
        metrics::request_blocked(denied.reason());
        (self.on_blocked)(BlockedRequest {
            url: redact_url(url),
            denied,
            let_through,
        });
    }
}

/// The key under which failures of a host are recorded, the same for every spelling of it.
pub(super) fn host_key(host: &url::Host<String>) -> String {
    let normal: Option<Host> = normalise(host).ok();
    normal.as_ref().unwrap_or(host).to_string()
}

impl RecentFailures {
    /// `None` for URLs other than `http` and `https` too.
    pub fn for_url(&self, url: &str) -> Option<ConnectFailure> {
        let url = url::Url::parse(url).ok()?;
        let host = url.host()?.to_owned();
        self.get(
            &host_key(&host),
            url.port_or_known_default()?,
            Instant::now(),
        )
    }
}
