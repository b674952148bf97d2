//! Opens proxies; what they share.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::watch;

use super::block_reporter::BlockReporter;
use super::limits::ProxyLimits;
use super::lookups::Lookups;
use super::own_address;
use super::peer_check::PeerCheck;
use super::proxy_listener::ProxyListener;
use super::proxy_tls::ProxyTls;
use super::resolve::Resolve;
use crate::fair_permits::FairPermits;
use crate::policy::{EgressPolicy, UpstreamProxy};

/// Opens proxies. Cheap to clone.
#[derive(Clone)]
pub struct Egress {
    pub(super) lookups: Lookups,
    pub(super) connections: FairPermits<Arc<str>>,
    pub(super) limits: ProxyLimits,
    pub(super) peer_check: PeerCheck,
    pub(super) proxy_tls: ProxyTls,
    /// Tests replace it, since few machines have a public address.
    pub(super) is_own_address: fn(IpAddr) -> bool,
}

/// The policy and the reporter of one proxy.
#[derive(Debug, Clone)]
pub struct ProxyConfig {
    /// The client that the look-ups of names count for.
    pub client: Arc<str>,
    /// May change while the proxy runs: connections that it no longer allows are closed.
    pub policy: watch::Receiver<Arc<EgressPolicy>>,
    pub reporter: BlockReporter,
    /// The proxy that connections go through.
    pub upstream: Option<Arc<UpstreamProxy>>,
    /// Counts the bytes between Chromium and the proxy, in both directions.
    pub traffic: Arc<AtomicU64>,
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").finish_non_exhaustive()
    }
}

impl Egress {
    /// All peers are rejected until [`PeerCheck`] allows some.
    pub fn new(resolver: Arc<dyn Resolve>, limits: ProxyLimits) -> Self {
        Self {
            lookups: Lookups::new(resolver),
            connections: FairPermits::new(
                limits.max_connections_of_all,
                limits.max_connections_of_all / 4 * 3,
            ),
            limits,
            peer_check: PeerCheck::default(),
            proxy_tls: ProxyTls::default(),
            is_own_address: own_address::is_own,
        }
    }

    pub fn peer_check(&self) -> &PeerCheck {
        &self.peer_check
    }

    /// Opens a proxy on a free loopback port. Must be called inside a runtime.
    pub fn open(&self, config: ProxyConfig) -> io::Result<ProxyListener> {
        ProxyListener::open(self.clone(), config)
    }
}
