//! How many connections each peer has, so that one machine cannot take all the places of the
//! others. Only sockets with an address are counted: a unix socket's peers all are this user.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who has how many.
#[derive(Debug)]
pub(crate) struct PerIpLimit {
    limit: usize,
    counts: Mutex<HashMap<IpAddr, Count>>,
}

#[derive(Debug, Default)]
struct Count {
    open: usize,
    /// Whether a refusal has been told since the peer came.
    told: bool,
}

/// A connection's permit among those of its peer; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct IpPermit {
    peers: Arc<PerIpLimit>,
    peer: IpAddr,
}

/// The peer has as many connections as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LimitReached {
    /// Whether this is the first time that this peer is refused since it came, so that a log
    /// cannot be flooded by one that comes again and again.
    pub(crate) first: bool,
}

impl PerIpLimit {
    /// Lets each peer have this many.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            counts: Mutex::default(),
        })
    }

    /// A permit for one more connection of this peer.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<IpPermit, LimitReached> {
        let peer = network_of(address);
        let mut counts = self.counts();
        let count = counts.entry(peer).or_default();
        if count.open >= self.limit {
            let first = !std::mem::replace(&mut count.told, true);
            return Err(LimitReached { first });
        }
        count.open += 1;
        drop(counts);
        Ok(IpPermit {
            peers: Arc::clone(self),
            peer,
        })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Who has one address of IPv6 has the other 2^64 of its network too.
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
        let refused = |peers: &Arc<PerIpLimit>| peers.enter(ip("10.0.0.1")).unwrap_err().first;
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
