//! Where a connection leads, and whether policy still lets it.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::watch;

use super::target::ProxyTarget;
use crate::policy::{Denied, EgressPolicy, EgressVerdict, Host};

/// Where a connection leads.
#[derive(Debug, Clone)]
pub(super) struct CheckedRoute {
    /// What was asked for.
    pub(super) target: ProxyTarget,
    /// Its host in the form that was compared.
    pub(super) host: Host,
    /// The address that was connected to.
    pub(super) address: IpAddr,
    /// What was let through, because policy only reported it.
    pub(super) reported: Option<Denied>,
}

impl CheckedRoute {
    /// Whether a connection that leads there may be.
    pub(super) fn check(&self, policy: &EgressPolicy) -> Result<(), Denied> {
        if let EgressVerdict::Denied(denied) =
            policy.check_host(&self.target.host, self.target.port)
        {
            return Err(denied);
        }
        policy.permits(&self.host, self.address)?;
        match &self.reported {
            Some(denied) if !policy.only_reports(denied) => Err(denied.clone()),
            _ => Ok(()),
        }
    }
}

/// Waits until policy has changed and does not allow the route of that time any more, if there is one.
pub(super) async fn revoked(
    mut policies: watch::Receiver<Arc<EgressPolicy>>,
    route: impl Fn() -> Option<CheckedRoute>,
) {
    loop {
        if policies.changed().await.is_err() {
            // Whoever could change it is gone, so that it stays as it is.
            std::future::pending::<()>().await;
        }
        let policy = policies.borrow_and_update().clone();
        if route().is_some_and(|route| route.check(&policy).is_err()) {
            return;
        }
    }
}
