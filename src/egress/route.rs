//! Re-checks open connections when policy changes.

use std::sync::Arc;

use tokio::sync::watch;

use super::target::ProxyTarget;
use crate::policy::{Denied, Destination, EgressPolicy, EgressVerdict, Host};

/// The destination of an open connection, as it was checked.
#[derive(Debug, Clone)]
pub(super) struct CheckedRoute {
    /// As it was requested.
    pub(super) target: ProxyTarget,
    /// The normalised host, which was compared with policy.
    pub(super) host: Host,
    pub(super) destination: Destination,
    /// A violation that was let through in report mode.
    pub(super) reported: Option<Denied>,
}

impl CheckedRoute {
    /// Whether this policy still allows the connection.
    pub(super) fn check(&self, policy: &EgressPolicy) -> Result<(), Denied> {
        if let EgressVerdict::Denied(denied) =
            policy.check_host(&self.target.host, self.target.port)
        {
            return Err(denied);
        }
        policy.permits(&self.host, self.destination)?;
        match &self.reported {
            Some(denied) if !policy.only_reports(denied) => Err(denied.clone()),
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
