//! Re-checks open connections when policy changes.

use std::sync::Arc;

use tokio::sync::watch;

use super::dial::DialError;
use super::target::ProxyTarget;
use super::upstream_dial::failure;
use crate::policy::{
    Denied, Destination, EgressPolicy, EgressVerdict, Host, ProxyFault, UpstreamProxy,
};

/// The addresses that an open connection goes through.
#[derive(Debug, Clone)]
pub(super) struct ConnectionPath {
    /// The server; `None` where the upstream proxy resolves its name.
    pub(super) destination: Option<Destination>,
    pub(super) upstream: Option<UpstreamPath>,
}

/// The upstream proxy of a connection.
#[derive(Debug, Clone)]
pub(super) struct UpstreamPath {
    pub(super) proxy: Arc<UpstreamProxy>,
    pub(super) address: Destination,
}

impl ConnectionPath {
    /// Whether this policy permits it for a host.
    pub(super) fn check(&self, policy: &EgressPolicy, host: &Host) -> Result<(), DialError> {
        if let Some(destination) = self.destination {
            let permitted = policy.permits(host, destination);
            permitted.map_err(DialError::Denied)?;
        }
        if let Some(UpstreamPath { proxy, address }) = &self.upstream {
            let permitted = policy.permits_upstream(proxy, *address);
            permitted.map_err(|denied| failure(proxy, ProxyFault::NotAllowed(denied)))?;
        }
        Ok(())
    }
}

/// The destination of an open connection, as it was checked.
#[derive(Debug, Clone)]
pub(super) struct CheckedRoute {
    /// As it was requested.
    pub(super) target: ProxyTarget,
    /// The normalised host, which was compared with policy.
    pub(super) host: Host,
    pub(super) path: ConnectionPath,
    /// A violation that was let through in report mode.
    pub(super) reported: Option<Denied>,
}

impl CheckedRoute {
    /// Whether this policy still allows the connection.
    pub(super) fn check(&self, policy: &EgressPolicy) -> Result<(), DialError> {
        if let EgressVerdict::Denied(denied) =
            policy.check_host(&self.target.host, self.target.port)
        {
            return Err(DialError::Denied(denied));
        }
        self.path.check(policy, &self.host)?;
        match &self.reported {
            Some(denied) if !policy.only_reports(denied) => Err(DialError::Denied(denied.clone())),
            _ => Ok(()),
        }
    }
}

/// Waits until a change of policy forbids the current route.
pub(super) async fn revoked(
    mut policies: watch::Receiver<Arc<EgressPolicy>>,
    route: impl Fn() -> Option<CheckedRoute>,
) {
    loop {
        if policies.changed().await.is_err() {
            // The sender is gone: policy will not change any more.
            std::future::pending::<()>().await;
        }
        let policy = policies.borrow_and_update().clone();
        if route().is_some_and(|route| route.check(&policy).is_err()) {
            return;
        }
    }
}
