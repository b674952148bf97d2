//! What is told of what was refused or failed.

use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;

use super::recent_failures::{ConnectFailure, RecentFailures};
use super::target::ProxyTarget;
use crate::metrics;
use crate::policy::{Denied, Host, redact_url};

/// A request of a page that policy stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedRequest {
    /// What was asked for, without user, password and query; of a tunnel only the host.
    pub url: String,
    /// Why.
    pub denied: Denied,
    /// It was let through all the same, because policy only reports.
    pub let_through: bool,
}

/// Where the gates of one client say what they refused.
#[derive(Clone)]
pub struct BlockReporter {
    recent_failures: Arc<RecentFailures>,
    /// It must not wait.
    tell: Arc<dyn Fn(BlockedRequest) + Send + Sync>,
}

impl fmt::Debug for BlockReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockReporter").finish_non_exhaustive()
    }
}

impl BlockReporter {
    /// A reporter that tells a function, which must not wait.
    pub fn new(
        recent_failures: Arc<RecentFailures>,
        tell: impl Fn(BlockedRequest) + Send + Sync + 'static,
    ) -> Self {
        let tell = Arc::new(tell);
        Self {
            recent_failures,
            tell,
        }
    }

    /// Policy stopped a request.
    pub(super) fn denied(&self, target: &ProxyTarget, url: &str, denied: Denied) {
        let obstacle = ConnectFailure::Denied(denied.clone());
        let host = name_of(&target.host);
        self.recent_failures
            .keep(&host, target.port, obstacle, Instant::now());
        self.blocked(url, denied, false);
    }

    /// Policy would have stopped a request.
    pub(super) fn let_through(&self, url: &str, denied: Denied) {
        self.blocked(url, denied, true);
    }

    /// The network did not do what it was asked for.
    pub(super) fn failed(&self, target: &ProxyTarget, net: &'static str) {
        let obstacle = ConnectFailure::Failed(net);
        let host = name_of(&target.host);
        self.recent_failures
            .keep(&host, target.port, obstacle, Instant::now());
    }

    /// A connection was made.
    pub(super) fn reached(&self, target: &ProxyTarget) {
        self.recent_failures
            .forget(&name_of(&target.host), target.port);
    }

    fn blocked(&self, url: &str, denied: Denied, let_through: bool) {
        metrics::request_blocked(denied.reason());
        (self.tell)(BlockedRequest {
            url: redact_url(url),
            denied,
            let_through,
        });
    }
}

/// The name under which a host is remembered, the same for every way to write it.
pub(super) fn name_of(host: &url::Host<String>) -> String {
    let normal: Option<Host> = crate::policy::host::normalise(host).ok();
    normal.as_ref().unwrap_or(host).to_string()
}

impl RecentFailures {
    /// The same by URL: only `http` and `https` ones lead anywhere.
    pub fn for_url(&self, url: &str) -> Option<ConnectFailure> {
        let url = url::Url::parse(url).ok()?;
        let host = url.host()?.to_owned();
        self.of(
            &name_of(&host),
            url.port_or_known_default()?,
            Instant::now(),
        )
    }
}
