//! Whether local connections come from processes of a group, looked up for all that wait at once.
//!
//! Reading the descriptors of a Chromium that has hundreds of connections takes milliseconds. Done for each connection, pages that
//! connect again and again would take the processors from all clients.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddrV4;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::socket_owner::{Descriptors, find, group_of, members_of, take_held, uid_of};
use crate::lock::lock;

/// The pause after descriptors were read, as a multiple of the time that this took: they use at most a third of a processor.
const PAUSE: u32 = 2;

/// Looks up the processes of connections, in one task that lives as long as connections wait. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct PeerLookups(Arc<Mutex<Queue>>);

/// The waiting are bounded by the connections that the proxies accept.
#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Lookup>,
    has_task: bool,
    /// The process of the last connection: in Chromium it is always the same one.
    last_pid: Option<u32>,
}

#[derive(Debug)]
struct Lookup {
    peer: SocketAddrV4,
    proxy: SocketAddrV4,
    group: u32,
    answer: oneshot::Sender<bool>,
}

impl PeerLookups {
    /// Whether a process of this group, under the account of its leader, has the socket at `peer` of a connection to `proxy`.
    pub(super) async fn is_of_group(
        &self,
        peer: SocketAddrV4,
        proxy: SocketAddrV4,
        group: u32,
    ) -> bool {
        let (answer, answered) = oneshot::channel();
        self.push(Lookup {
            peer,
            proxy,
            group,
            answer,
        });
        answered.await.unwrap_or(false)
    }

    fn push(&self, lookup: Lookup) {
        let mut queue = lock(&self.0);
        queue.waiting.push(lookup);
        if !queue.has_task {
            queue.has_task = true;
            let serving = Serving {
                queue: Arc::clone(&self.0),
                is_done: false,
            };
            tokio::spawn(serving.run());
        }
    }
}

/// The task that serves a queue.
struct Serving {
    queue: Arc<Mutex<Queue>>,
    is_done: bool,
}

impl Serving {
    async fn run(mut self) {
        loop {
            let (waiting, last_pid) = {
                let mut queue = lock(&self.queue);
                if queue.waiting.is_empty() {
                    queue.has_task = false;
                    break;
                }
                (std::mem::take(&mut queue.waiting), queue.last_pid)
            };
            let started = Instant::now();
            // Reads /proc, which blocks.
            let answering = tokio::task::spawn_blocking(move || {
                let mut last_pid = last_pid;
                answer(waiting, &mut last_pid);
                last_pid
            });
            if let Ok(last_pid) = answering.await {
                lock(&self.queue).last_pid = last_pid;
            }
            sleep(started.elapsed() * PAUSE).await;
        }
        self.is_done = true;
    }
}

impl Drop for Serving {
    /// Where the runtime no longer runs it, those that wait are refused.
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let mut queue = lock(&self.queue);
        queue.has_task = false;
        queue.waiting.clear();
    }
}

fn answer(waiting: Vec<Lookup>, last_pid: &mut Option<u32>) {
    let mut of_groups: HashMap<u32, Vec<Lookup>> = HashMap::new();
    for lookup in waiting {
        of_groups.entry(lookup.group).or_default().push(lookup);
    }
    for (group, lookups) in of_groups {
        let uid = uid_of(group);
        let mut sockets = Vec::new();
        for lookup in lookups {
            match inode_of(&lookup, uid) {
                Some(inode) => sockets.push((inode, lookup.answer)),
                None => refuse(lookup.answer),
            }
        }
        let wanted = sockets.iter().map(|(inode, _)| *inode).collect();
        let foreign = not_held(wanted, group, last_pid);
        for (inode, answer) in sockets {
            // The receiver is gone where the connection has ended.
            let _ = answer.send(!foreign.contains(&inode));
        }
    }
}

fn refuse(answer: oneshot::Sender<bool>) {
    let _ = answer.send(false);
}

fn inode_of(lookup: &Lookup, uid: Option<u32>) -> Option<u32> {
    let socket = match find(lookup.peer, lookup.proxy) {
        Ok(socket) => socket?,
        Err(error) => {
            tracing::debug!(%error, "the process of a connection to the proxy could not be found");
            return None;
        }
    };
    (uid == Some(socket.uid)).then_some(socket.inode)
}

/// Those of the sockets that no process of the group has open.
fn not_held(mut sockets: HashSet<u32>, group: u32, last_pid: &mut Option<u32>) -> HashSet<u32> {
    // The pid may have been reused by another process since.
    if let Some(pid) = last_pid.filter(|pid| group_of(*pid) == Some(group)) {
        take_held(pid, &mut sockets);
    }
    if sockets.is_empty() {
        return sockets;
    }
    // Renderers in their sandbox are never readable, so that only the leader counts.
    if take_held(group, &mut sockets) == Descriptors::Unreadable {
        sockets.clear();
        return sockets;
    }
    for pid in members_of(group) {
        let before = sockets.len();
        if before == 0 {
            break;
        }
        take_held(pid, &mut sockets);
        if sockets.len() < before {
            *last_pid = Some(pid);
        }
    }
    sockets
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;
    use std::net::{SocketAddr, TcpListener, TcpStream};

    fn v4(address: SocketAddr) -> SocketAddrV4 {
        match address {
            SocketAddr::V4(address) => address,
            SocketAddr::V6(address) => panic!("{address}"),
        }
    }

    #[tokio::test]
    async fn connections_that_wait_together_get_an_answer_each() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = v4(listener.local_addr().unwrap());
        let open: Vec<TcpStream> = (0..20)
            .map(|_| TcpStream::connect(proxy).unwrap())
            .collect();
        let own = group_of(std::process::id()).unwrap();
        let lookups = PeerLookups::default();
        let of = |stream: &TcpStream, group| {
            let peer = v4(stream.local_addr().unwrap());
            let lookups = lookups.clone();
            async move { lookups.is_of_group(peer, proxy, group).await }
        };
        let members = join_all(open.iter().map(|stream| of(stream, own)));
        let others = join_all(open.iter().map(|stream| of(stream, u32::MAX)));
        let (members, others) = tokio::join!(members, others);
        assert!(members.into_iter().all(|is_of_group| is_of_group));
        assert!(others.into_iter().all(|is_of_group| !is_of_group));
        let closed = v4(open[0].local_addr().unwrap());
        drop(open);
        assert!(!lookups.is_of_group(closed, proxy, own).await);
    }
}
