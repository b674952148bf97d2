//! What all gates share, and how one is opened.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::sync::watch;

use super::block_reporter::BlockReporter;
use super::limits::ProxyLimits;
use super::peer_check::PeerCheck;
use super::proxy_listener::ProxyListener;
use super::resolve::Resolve;
use crate::policy::EgressPolicy;

/// Opens gates. Cheap to clone.
#[derive(Clone)]
pub struct Egress {
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) limits: ProxyLimits,
    pub(super) peer_check: PeerCheck,
}

/// What one gate goes by.
#[derive(Debug, Clone)]
pub struct ProxyConfig {
    /// Policy, which may change while the gate is open: what is not allowed any more is cut.
    pub policy: watch::Receiver<Arc<EgressPolicy>>,
    /// Where it says what it refused.
    pub reporter: BlockReporter,
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").finish_non_exhaustive()
    }
}

impl Egress {
    /// Gates with this resolver and these limits, which nobody may use yet.
    pub fn new(resolver: Arc<dyn Resolve>, limits: ProxyLimits) -> Self {
        Self {
            resolver,
            limits,
            peer_check: PeerCheck::default(),
        }
    }

    /// Who may use the gates.
    pub fn peer_check(&self) -> &PeerCheck {
        &self.peer_check
    }

    /// Opens a gate on a free port of the loopback. It must be called inside a runtime.
    pub fn open(&self, config: ProxyConfig) -> io::Result<ProxyListener> {
        ProxyListener::open(self.clone(), config)
    }
}
