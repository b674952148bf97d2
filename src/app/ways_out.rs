//! The proxy's gates, as the tabs use them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cdp_bridge_protocol::TabId;
use tokio::sync::{mpsc, watch};

use super::blocked::Told;
use super::policies::Policies;
use crate::egress::{self, Egress, Gate, Recall, Reporter, Terms};
use crate::metrics;
use crate::policy::{Denied, EgressPolicy};
use crate::tabs::{ClientId, Obstacle, Outlet, Outlets, Scope};

/// Gives every browser context a gate of its own.
#[derive(Debug)]
pub(super) struct WaysOut {
    pub(super) egress: Egress,
    pub(super) policies: Arc<Policies>,
    pub(super) told: mpsc::Sender<Told>,
    /// Chromium runs on this machine, so that it reaches gates on the loopback.
    pub(super) is_local: bool,
}

impl WaysOut {
    /// A gate for what belongs to no context of the bridge's: closed, unless tabs of a client live
    /// there.
    pub(super) fn process_wide(&self, client: Option<&ClientId>) -> io::Result<Gate> {
        if let Some(client) = client {
            return self.gate(client, None, Arc::default());
        }
        let (_, policy) = watch::channel(Arc::new(EgressPolicy::closed()));
        let reporter = Reporter::new(Arc::<Recall>::default(), |blocked| {
            tracing::debug!(url = blocked.url, "Chromium's own request was stopped");
        });
        self.egress.open(Terms { policy, reporter })
    }

    fn gate(
        &self,
        client: &ClientId,
        tab: Option<TabId>,
        several: Arc<AtomicBool>,
    ) -> io::Result<Gate> {
        let policy = self.policies.of(client);
        let (told, client) = (self.told.clone(), client.clone());
        let reporter = Reporter::new(Arc::clone(&policy.recall), move |blocked| {
            let told_now = Told {
                client: client.clone(),
                tab: tab.filter(|_| !several.load(Ordering::Relaxed)),
                blocked,
            };
            if told.try_send(told_now).is_err() {
                metrics::dropped("requestBlocked", "full");
            }
        });
        self.egress.open(Terms {
            policy: policy.egress(),
            reporter,
        })
    }
}

impl Outlets for WaysOut {
    fn open(&self, scope: &Scope, tab: Option<TabId>) -> io::Result<Outlet> {
        if !self.is_local {
            return Ok(Outlet::new(None, Arc::default(), ()));
        }
        let several = Arc::<AtomicBool>::default();
        let gate = self.gate(&scope.client, tab, Arc::clone(&several))?;
        Ok(Outlet::new(Some(gate.url()), several, gate))
    }

    fn keeps_downloads(&self, scope: &Scope) -> bool {
        self.policies.of(&scope.client).keeps_downloads()
    }

    fn changes(&self, scope: &Scope) -> watch::Receiver<()> {
        self.policies.of(&scope.client).changes()
    }

    fn check(&self, scope: &Scope, url: &str) -> Result<(), Denied> {
        self.policies.of(&scope.client).check_committed(url)
    }

    fn obstacle(&self, scope: &Scope, url: &str) -> Option<Obstacle> {
        let obstacle = self.policies.of(&scope.client).recall.of_url(url)?;
        Some(match obstacle {
            egress::Obstacle::Denied(denied) => Obstacle::Denied(denied),
            egress::Obstacle::Failed(net) => Obstacle::Failed(net),
        })
    }
}
