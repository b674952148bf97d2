//! A proxy listener for each browser context, as the tabs use them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cdp_bridge_protocol::TabId;
use tokio::sync::{mpsc, watch};

use super::blocked_requests::BlockedReport;
use super::policies::Policies;
use crate::egress::{self, Egress, Gate, Recall, Reporter, Terms};
use crate::metrics;
use crate::policy::{Denied, EgressPolicy};
use crate::tabs::{ClientId, Obstacle, Outlet, Outlets};

/// Opens the proxy listeners of browser contexts.
#[derive(Debug)]
pub(super) struct ContextProxies {
    pub(super) egress: Egress,
    pub(super) policies: Arc<Policies>,
    pub(super) reports: mpsc::Sender<BlockedReport>,
    /// Whether Chromium runs on this machine, and so reaches listeners on the loopback address.
    pub(super) is_local: bool,
}

impl ContextProxies {
    /// The listener for traffic outside the bridge's browser contexts. It denies everything, unless a
    /// client's tabs run in the default context.
    pub(super) fn process_wide(&self, client: Option<&ClientId>) -> io::Result<Gate> {
        if let Some(client) = client {
            return self.gate(client, None, Arc::default());
        }
        let (_, policy) = watch::channel(Arc::new(EgressPolicy::closed()));
        let reporter = Reporter::new(Arc::<Recall>::default(), |blocked| {
            tracing::debug!(url = blocked.url, "blocked a request of Chromium itself");
        });
        self.egress.open(Terms { policy, reporter })
    }

    fn gate(
        &self,
        client: &ClientId,
        tab: Option<TabId>,
        is_shared: Arc<AtomicBool>,
    ) -> io::Result<Gate> {
        let policy = self.policies.of(client);
        let (reports, client) = (self.reports.clone(), client.clone());
        let reporter = Reporter::new(Arc::clone(&policy.recall), move |blocked| {
            let report = BlockedReport {
                client: client.clone(),
                tab: tab.filter(|_| !is_shared.load(Ordering::Relaxed)),
                blocked,
            };
            if reports.try_send(report).is_err() {
                metrics::dropped("requestBlocked", "full");
            }
        });
        self.egress.open(Terms {
            policy: policy.egress(),
            reporter,
        })
    }
}

impl Outlets for ContextProxies {
    fn open(&self, client: &ClientId, tab: Option<TabId>) -> io::Result<Outlet> {
        if !self.is_local {
            return Ok(Outlet::new(None, Arc::default(), ()));
        }
        let is_shared = Arc::<AtomicBool>::default();
        let gate = self.gate(client, tab, Arc::clone(&is_shared))?;
        Ok(Outlet::new(Some(gate.url()), is_shared, gate))
    }

    fn keeps_downloads(&self, client: &ClientId) -> bool {
        self.policies.of(client).keeps_downloads()
    }

    fn changes(&self, client: &ClientId) -> watch::Receiver<()> {
        self.policies.of(client).changes()
    }

    fn check(&self, client: &ClientId, url: &str) -> Result<(), Denied> {
        self.policies.of(client).check_committed(url)
    }

    fn obstacle(&self, client: &ClientId, url: &str) -> Option<Obstacle> {
        let obstacle = self.policies.of(client).recall.of_url(url)?;
        Some(match obstacle {
            egress::Obstacle::Denied(denied) => Obstacle::Denied(denied),
            egress::Obstacle::Failed(net) => Obstacle::Failed(net),
        })
    }
}
