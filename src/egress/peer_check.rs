//! Who may use the gates: the processes of the bridge's own Chromium and nobody else.
//!
//! A gate listens on loopback, where every process of the machine can reach it. On Linux each
//! connection is traced to the process that holds its other end, which must belong to Chromium's
//! process group. Where Chromium's descriptors may not be looked at, because it runs under
//! another account, that account is what counts. Elsewhere, and where the bridge only connects
//! to a Chromium that somebody else started, nothing is known of its processes, and anyone on
//! this machine is let in.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU32;
#[cfg(target_os = "linux")]
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use crate::lock::lock;

/// Who may use the gates. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct PeerCheck {
    users: Arc<Mutex<AllowedPeers>>,
    /// The process that held the last connection: in Chromium it is always the same one.
    last: Arc<AtomicU32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum AllowedPeers {
    #[default]
    Nobody,
    Anyone,
    /// The processes of this group.
    Group(u32),
}

impl PeerCheck {
    /// Lets in the processes of a browser that leads a process group of its own, and nobody else.
    pub fn allow_process_group(&self, leader: u32) {
        self.set(AllowedPeers::Group(leader));
    }

    /// Lets nobody in: there is no browser.
    pub fn deny_all(&self) {
        self.set(AllowedPeers::Nobody);
    }

    /// Lets in anyone on this machine.
    pub fn allow_all(&self) {
        self.set(AllowedPeers::Anyone);
    }

    fn set(&self, users: AllowedPeers) {
        *lock(&self.users) = users;
    }

    /// Whether a connection from this address to a gate's is one of a user's.
    pub(super) async fn allows(&self, peer: SocketAddr, gate: SocketAddr) -> bool {
        let users = *lock(&self.users);
        match users {
            AllowedPeers::Nobody => false,
            AllowedPeers::Anyone => true,
            AllowedPeers::Group(group) => {
                let admitted = self.is_of_group(peer, gate, group).await;
                if !admitted {
                    tracing::warn!(%peer, "somebody who is not our Chromium tried to use its proxy");
                }
                admitted
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unused_async, reason = "as on Linux")]
    async fn is_of_group(&self, _: SocketAddr, _: SocketAddr, _: u32) -> bool {
        true
    }

    #[cfg(target_os = "linux")]
    async fn is_of_group(&self, peer: SocketAddr, gate: SocketAddr, group: u32) -> bool {
        let (SocketAddr::V4(peer), SocketAddr::V4(gate)) = (peer, gate) else {
            return false;
        };
        let last = Arc::clone(&self.last);
        // It reads files of the kernel's, which is quick, but not for the runtime to wait for.
        let looking = tokio::task::spawn_blocking(move || {
            let holder = holder(peer, gate, group, last.load(Ordering::Relaxed))?;
            last.store(holder, Ordering::Relaxed);
            Some(())
        });
        looking.await.ok().flatten().is_some()
    }
}

/// The process of the group that holds a connection.
#[cfg(target_os = "linux")]
fn holder(
    peer: std::net::SocketAddrV4,
    gate: std::net::SocketAddrV4,
    group: u32,
    last: u32,
) -> Option<u32> {
    use super::socket_owner::{Holds, find, group_of, holds, members_of, uid_of};

    let socket = match find(peer, gate) {
        Ok(socket) => socket?,
        Err(error) => {
            tracing::warn!(%error, "a connection to the proxy cannot be traced to its process");
            return None;
        }
    };
    // Its number may have been given to somebody else since.
    if last != 0 && group_of(last) == Some(group) && holds(last, socket.inode) == Holds::Yes {
        return Some(last);
    }
    let mut unreadable = false;
    for pid in members_of(group) {
        match holds(pid, socket.inode) {
            Holds::Yes => return Some(pid),
            Holds::Unreadable => unreadable = true,
            Holds::No => {}
        }
    }
    (unreadable && uid_of(group) == Some(socket.uid)).then_some(group)
}
