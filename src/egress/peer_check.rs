//! Which processes may use the proxies: only those of the daemon's own Chromium.
//!
//! A proxy listens on loopback, which every process of the machine can reach. On Linux each
//! connection is traced to the process at its other end, which must be in Chromium's process group and
//! run under its account. No other process can join the group: Chromium leads a new session (setsid(2)). Where
//! Chromium's file descriptors cannot be read because it runs under another account than the daemon, its
//! account suffices. On other systems, and where the daemon connects to a Chromium that it did not start,
//! the processes are unknown, and every local process is allowed.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

#[cfg(target_os = "linux")]
use super::peer_lookups::PeerLookups;
use crate::lock::lock;
use crate::log_limit::LogLimit;

/// Which processes may use the proxies. Clones share the setting.
#[derive(Debug, Clone, Default)]
pub struct PeerCheck {
    allowed: Arc<Mutex<AllowedPeers>>,
    #[cfg(target_os = "linux")]
    lookups: PeerLookups,
    log_limit: Arc<LogLimit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum AllowedPeers {
    #[default]
    None,
    Any,
    ProcessGroup(u32),
}

impl PeerCheck {
    /// Allows only the process group that this browser leads.
    pub fn allow_process_group(&self, leader: u32) {
        self.set(AllowedPeers::ProcessGroup(leader));
    }

    /// While no browser is running.
    pub fn deny_all(&self) {
        self.set(AllowedPeers::None);
    }

    /// Allows every process on this machine.
    pub fn allow_all(&self) {
        self.set(AllowedPeers::Any);
    }

    fn set(&self, allowed: AllowedPeers) {
        *lock(&self.allowed) = allowed;
    }

    /// Whether the connection from `peer` to the proxy at `proxy` comes from an allowed process.
    pub(super) async fn allows(&self, peer: SocketAddr, proxy: SocketAddr) -> bool {
        let allowed = *lock(&self.allowed);
        match allowed {
            AllowedPeers::None => false,
            AllowedPeers::Any => true,
            AllowedPeers::ProcessGroup(group) => {
                let is_member = self.is_of_group(peer, proxy, group).await;
                if !is_member && let Some(left_out) = self.log_limit.admit() {
                    tracing::warn!(%peer, left_out, "connection to the proxy rejected: the process is not our Chromium");
                }
                is_member
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unused_async, reason = "as on Linux")]
    async fn is_of_group(&self, _: SocketAddr, _: SocketAddr, _: u32) -> bool {
        true
    }

    #[cfg(target_os = "linux")]
    async fn is_of_group(&self, peer: SocketAddr, proxy: SocketAddr, group: u32) -> bool {
        let (SocketAddr::V4(peer), SocketAddr::V4(proxy)) = (peer, proxy) else {
            return false;
        };
        self.lookups.is_of_group(peer, proxy, group).await
    }
}
