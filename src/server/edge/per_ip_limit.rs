//! Limits the connections of each peer address, so that one machine cannot exhaust the limit of all. Unix
//! sockets are not counted: their peers have no address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::lock::lock;

/// The open connections of each address.
#[derive(Debug)]
pub(crate) struct PerIpLimit {
    limit: usize,
    counts: Mutex<HashMap<IpAddr, AddressCount>>,
}

#[derive(Debug, Default)]
struct AddressCount {
    open: usize,
    /// Whether a refusal was reported since the first of them.
    reported: bool,
}

/// Counts one connection of an address until it is dropped.
#[derive(Debug)]
pub(crate) struct IpPermit {
    peers: Arc<PerIpLimit>,
    peer: IpAddr,
}

/// The address has reached its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LimitReached {
    /// Whether this is the first refusal since the address connected: only that is logged, so that a peer cannot
    /// flood the log.
    pub(crate) is_first: bool,
}

impl PerIpLimit {
    /// Allows each address this many.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            counts: Mutex::default(),
        })
    }

    /// Admits one more connection of this address.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<IpPermit, LimitReached> {
        let peer = network_of(address);
        let mut counts = self.counts();
        let count = counts.entry(peer).or_default();
        if count.open >= self.limit {
            let is_first = !std::mem::replace(&mut count.reported, true);
            return Err(LimitReached { is_first });
        }
        count.open += 1;
        drop(counts);
        Ok(IpPermit {
            peers: Arc::clone(self),
            peer,
        })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, AddressCount>> {
        lock(&self.counts)
    }
}

impl Drop for IpPermit {
    fn drop(&mut self) {
        let mut counts = self.peers.counts();
        if let Some(count) = counts.get_mut(&self.peer) {
            count.open -= 1;
            if count.open == 0 {
                counts.remove(&self.peer);
            }
        }
    }
}

/// An IPv6 host usually has a whole /64, which counts as one address.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_peer_has_so_many_places_and_gets_one_back_when_a_connection_ends() {
        let peers = PerIpLimit::new(2);
        let first = peers.enter(ip("10.0.0.1")).unwrap();
        let _second = peers.enter(ip("10.0.0.1")).unwrap();
        assert!(peers.enter(ip("10.0.0.1")).is_err());
        let _other = peers.enter(ip("10.0.0.2")).unwrap();
        drop(first);
        let _third = peers.enter(ip("10.0.0.1")).unwrap();
        assert!(peers.enter(ip("10.0.0.1")).is_err());
    }

    #[test]
    fn all_spellings_and_neighbours_of_an_address_are_one_peer() {
        let peers = PerIpLimit::new(1);
        let _v4 = peers.enter(ip("10.0.0.1")).unwrap();
        assert!(peers.enter(ip("::ffff:10.0.0.1")).is_err());
        let _v6 = peers.enter(ip("2001:db8:1:2::1")).unwrap();
        assert!(peers.enter(ip("2001:db8:1:2:ffff::9")).is_err());
        assert!(peers.enter(ip("2001:db8:1:3::1")).is_ok());
    }

    #[test]
    fn a_refusal_is_told_once_until_the_peer_has_gone() {
        let peers = PerIpLimit::new(1);
        let permit = peers.enter(ip("10.0.0.1")).unwrap();
        let refused = |peers: &Arc<PerIpLimit>| peers.enter(ip("10.0.0.1")).unwrap_err().is_first;
        assert_eq!([refused(&peers), refused(&peers)], [true, false]);
        drop(permit);
        let _place = peers.enter(ip("10.0.0.1")).unwrap();
        assert!(refused(&peers));
    }

    #[test]
    fn who_has_gone_leaves_nothing_behind() {
        let peers = PerIpLimit::new(1);
        drop(peers.enter(ip("10.0.0.1")).unwrap());
        assert!(peers.counts().is_empty());
    }
}
