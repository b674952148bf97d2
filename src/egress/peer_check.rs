//! Which processes may use the proxies: only those of the daemon's own Chromium.
//!
//! A proxy listens on loopback, which every process of the machine can reach. On Linux each
//! connection is traced to the process at its other end, which must be in Chromium's process group and
//! run under its account. No other process can join the group: Chromium leads a new session (setsid(2)). Where
//! Chromium's file descriptors cannot be read because it runs under another account than the daemon, its
//! account suffices. On other systems, and where the daemon connects to a Chromium that it did not start,
//! the processes are unknown, and every local process is allowed.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU32;
#[cfg(target_os = "linux")]
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use crate::lock::lock;
use crate::log_limit::LogLimit;

/// Which processes may use the proxies. Clones share the setting.
#[derive(Debug, Clone, Default)]
pub struct PeerCheck {
    allowed: Arc<Mutex<AllowedPeers>>,
    /// The process of the last connection, tried first: in Chromium it is always the same one.
    last_pid: Arc<AtomicU32>,
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
        let last = Arc::clone(&self.last_pid);
        // Reads /proc: fast, but blocking.
        let lookup = tokio::task::spawn_blocking(move || {
            let pid = owner(peer, proxy, group, last.load(Ordering::Relaxed))?;
            last.store(pid, Ordering::Relaxed);
            Some(())
        });
        lookup.await.ok().flatten().is_some()
    }
}

/// The process of the group that owns the connection's socket.
#[cfg(target_os = "linux")]
fn owner(
    peer: std::net::SocketAddrV4,
    proxy: std::net::SocketAddrV4,
    group: u32,
    last_pid: u32,
) -> Option<u32> {
    use super::socket_owner::{Holds, find, group_of, holds, members_of, uid_of};

    let socket = match find(peer, proxy) {
        Ok(socket) => socket?,
        Err(error) => {
            tracing::debug!(%error, "the process of a connection to the proxy could not be found");
            return None;
        }
    };
    if uid_of(group) != Some(socket.uid) {
        return None;
    }
    // The pid may have been reused by another process since.
    if last_pid != 0
        && group_of(last_pid) == Some(group)
        && holds(last_pid, socket.inode) == Holds::Yes
    {
        return Some(last_pid);
    }
    // Renderers in their sandbox are never readable, so that only the leader counts.
    if holds(group, socket.inode) == Holds::Unreadable {
        return Some(group);
    }
    let mut members = members_of(group).into_iter();
    members.find(|pid| holds(*pid, socket.inode) == Holds::Yes)
}
