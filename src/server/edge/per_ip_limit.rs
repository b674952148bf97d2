//! Limits the connections of each peer address, so that one machine cannot exhaust the limit of all. Connections
//! without a token have a smaller limit of their own, at which the oldest of them is closed: a peer that holds
//! many does not keep clients out that come from the same address with a token. Unix sockets are not counted:
//! their peers have no address.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio_util::sync::CancellationToken;

use crate::lock::lock;

/// The open connections of each address.
#[derive(Debug)]
pub(crate) struct PerIpLimit {
    limit: usize,
    connections: Mutex<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    /// The position of the next connection in the order in which all were made.
    next: u64,
    addresses: HashMap<IpAddr, Address>,
    unauthenticated: BTreeMap<u64, Unauthenticated>,
}

#[derive(Debug, Default)]
struct Address {
    open: usize,
    unauthenticated: BTreeSet<u64>,
    /// Whether the limit was reported since the first of them.
    reported: bool,
}

#[derive(Debug)]
struct Unauthenticated {
    peer: IpAddr,
    displaced: CancellationToken,
}

/// Counts one connection of an address until it is dropped.
#[derive(Debug)]
pub(crate) struct IpPermit {
    peers: Arc<PerIpLimit>,
    peer: IpAddr,
    position: u64,
    is_authenticated: AtomicBool,
    displaced: CancellationToken,
}

/// A connection was admitted.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) permit: IpPermit,
    /// The oldest connection without a token of this address was closed for it.
    pub(crate) displaced: Option<LimitReached>,
}

/// The address has reached its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LimitReached {
    /// Whether this is the first time since the address connected: only that is logged, so that a peer cannot
    /// flood the log.
    pub(crate) is_first: bool,
}

impl PerIpLimit {
    /// Allows each address this many, half of them without a token.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            connections: Mutex::default(),
        })
    }

    /// Admits one more connection of this address, which has shown no token yet. Over a limit, the oldest
    /// connection without a token of this address is closed instead; where all have shown one, it is refused.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Entered, LimitReached> {
        let peer = network_of(address);
        let unauthenticated_limit = (self.limit / 2).max(1);
        let mut connections = self.connections();
        let known = connections.addresses.entry(peer).or_default();
        let mut displaced = None;
        if known.open >= self.limit || known.unauthenticated.len() >= unauthenticated_limit {
            let is_first = !std::mem::replace(&mut known.reported, true);
            let reached = LimitReached { is_first };
            let oldest = known.unauthenticated.first().copied().ok_or(reached)?;
            displaced = Some(reached);
            // The address may be forgotten with its last connection, so that it is looked up again below.
            connections.displace(oldest);
        }
        let position = connections.next;
        connections.next += 1;
        let known = connections.addresses.entry(peer).or_default();
        known.open += 1;
        known.reported |= displaced.is_some();
        known.unauthenticated.insert(position);
        let token = CancellationToken::new();
        let unauthenticated = Unauthenticated {
            peer,
            displaced: token.clone(),
        };
        connections
            .unauthenticated
            .insert(position, unauthenticated);
        drop(connections);
        let permit = IpPermit {
            peers: Arc::clone(self),
            peer,
            position,
            is_authenticated: AtomicBool::new(false),
            displaced: token,
        };
        Ok(Entered { permit, displaced })
    }

    /// Closes the oldest connection without a token, of whatever address. False if there is none.
    pub(crate) fn displace_oldest(&self) -> bool {
        let mut connections = self.connections();
        let oldest = connections.unauthenticated.keys().next().copied();
        oldest.is_some_and(|oldest| connections.displace(oldest))
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        lock(&self.connections)
    }
}

impl Connections {
    /// Closes a connection without a token, which no longer counts.
    fn displace(&mut self, position: u64) -> bool {
        let Some(oldest) = self.authenticate(position) else {
            return false;
        };
        oldest.displaced.cancel();
        self.leave(oldest.peer);
        true
    }

    /// The connection is none without a token any more.
    fn authenticate(&mut self, position: u64) -> Option<Unauthenticated> {
        let found = self.unauthenticated.remove(&position)?;
        if let Some(address) = self.addresses.get_mut(&found.peer) {
            address.unauthenticated.remove(&position);
        }
        Some(found)
    }

    fn leave(&mut self, peer: IpAddr) {
        if let Some(address) = self.addresses.get_mut(&peer) {
            address.open -= 1;
            if address.open == 0 {
                self.addresses.remove(&peer);
            }
        }
    }
}

impl IpPermit {
    /// The connection has shown a valid token: it is not closed for others any more.
    pub(crate) fn authenticated(&self) {
        if self
            .peers
            .connections()
            .authenticate(self.position)
            .is_some()
        {
            self.is_authenticated.store(true, Ordering::Relaxed);
        }
    }

    /// The address that the connection comes from.
    pub(crate) fn peer(&self) -> IpAddr {
        self.peer
    }

    /// Completes when the connection is to be closed, for a newer one.
    pub(crate) fn displaced(&self) -> CancellationToken {
        self.displaced.clone()
    }
}

impl Drop for IpPermit {
    fn drop(&mut self) {
        let mut connections = self.peers.connections();
        let was_unauthenticated = connections.authenticate(self.position).is_some();
        // One that was displaced no longer counts.
        if was_unauthenticated || *self.is_authenticated.get_mut() {
            connections.leave(self.peer);
        }
    }
}

/// An IPv6 host usually has a whole /64, which counts as one address.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
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

    /// A connection that has shown a token.
    fn client(peers: &Arc<PerIpLimit>, address: &str) -> Option<IpPermit> {
        let permit = stranger(peers, address)?;
        permit.authenticated();
        Some(permit)
    }

    /// One that has not.
    fn stranger(peers: &Arc<PerIpLimit>, address: &str) -> Option<IpPermit> {
        Some(peers.enter(ip(address)).ok()?.permit)
    }

    fn is_open(permit: &IpPermit) -> bool {
        !permit.displaced().is_cancelled()
    }

    #[test]
    fn each_peer_has_so_many_places_and_gets_one_back_when_a_connection_ends() {
        let peers = PerIpLimit::new(2);
        let first = client(&peers, "10.0.0.1");
        let _second = client(&peers, "10.0.0.1").unwrap();
        assert!(stranger(&peers, "10.0.0.1").is_none());
        let _other = client(&peers, "10.0.0.2").unwrap();
        drop(first);
        let _third = client(&peers, "10.0.0.1").unwrap();
        assert!(stranger(&peers, "10.0.0.1").is_none());
    }

    #[test]
    fn of_those_without_a_token_the_oldest_goes_and_none_with_a_token() {
        let peers = PerIpLimit::new(4);
        let clients = [(); 2].map(|()| client(&peers, "10.0.0.1").unwrap());
        let elsewhere = stranger(&peers, "10.0.0.2").unwrap();
        let mut strangers = Vec::new();
        for _ in 0..100 {
            strangers.push(stranger(&peers, "10.0.0.1").unwrap());
        }
        let open = strangers.iter().filter(|it| is_open(it)).count();
        assert_eq!(open, 2, "half of the limit");
        assert!(strangers[98..].iter().all(is_open));
        assert!(clients.iter().chain([&elsewhere]).all(is_open));
        let _third = client(&peers, "10.0.0.1").unwrap();
        drop(strangers);
        let _fourth = client(&peers, "10.0.0.1").unwrap();
        assert!(stranger(&peers, "10.0.0.1").is_none(), "all have a token");
    }

    #[test]
    fn one_that_was_closed_for_another_gives_its_place_back_once() {
        let peers = PerIpLimit::new(2);
        let old = stranger(&peers, "10.0.0.1").unwrap();
        let new = stranger(&peers, "10.0.0.1").unwrap();
        assert!(!is_open(&old));
        // Its token came too late.
        old.authenticated();
        drop(old);
        let address = |peers: &PerIpLimit| peers.connections().addresses[&ip("10.0.0.1")].open;
        assert_eq!(address(&peers), 1);
        drop(new);
        assert!(peers.connections().addresses.is_empty());
    }

    #[test]
    fn the_oldest_of_all_addresses_can_be_closed() {
        let peers = PerIpLimit::new(8);
        let _client = client(&peers, "10.0.0.1").unwrap();
        let old = stranger(&peers, "10.0.0.2").unwrap();
        let new = stranger(&peers, "10.0.0.3").unwrap();
        assert!(peers.displace_oldest());
        assert!(!is_open(&old) && is_open(&new));
        assert!(peers.displace_oldest());
        assert!(!peers.displace_oldest());
    }

    #[test]
    fn all_spellings_and_neighbours_of_an_address_are_one_peer() {
        let peers = PerIpLimit::new(1);
        let _v4 = client(&peers, "10.0.0.1").unwrap();
        assert!(stranger(&peers, "::ffff:10.0.0.1").is_none());
        let _v6 = client(&peers, "2001:db8:1:2::1").unwrap();
        assert!(stranger(&peers, "2001:db8:1:2:ffff::9").is_none());
        assert!(stranger(&peers, "2001:db8:1:3::1").is_some());
    }

    #[test]
    fn a_refusal_is_told_once_until_the_peer_has_gone() {
        let peers = PerIpLimit::new(1);
        let permit = client(&peers, "10.0.0.1").unwrap();
        let refused = |peers: &Arc<PerIpLimit>| peers.enter(ip("10.0.0.1")).unwrap_err().is_first;
        assert_eq!([refused(&peers), refused(&peers)], [true, false]);
        drop(permit);
        let _place = client(&peers, "10.0.0.1").unwrap();
        assert!(refused(&peers));
    }

    #[test]
    fn a_place_that_is_taken_from_another_is_reported_once() {
        let peers = PerIpLimit::new(1);
        let enter = || peers.enter(ip("10.0.0.1")).unwrap();
        let entered = [(); 3].map(|()| enter());
        let told = entered
            .each_ref()
            .map(|it| it.displaced.map(|it| it.is_first));
        assert_eq!(told, [None, Some(true), Some(false)]);
    }

    #[test]
    fn who_has_gone_leaves_nothing_behind() {
        let peers = PerIpLimit::new(1);
        drop(client(&peers, "10.0.0.1"));
        drop(stranger(&peers, "10.0.0.1"));
        let connections = peers.connections();
        assert!(connections.addresses.is_empty() && connections.unauthenticated.is_empty());
    }
}
