//! Whether an address is one of this machine's own. A public address of the machine leads to its own services,
//! the bridge among them, also to those that a firewall keeps from others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Connecting a datagram socket sends nothing, but lets the kernel choose the address to send from: for an
/// address of this machine it is the same one. It is asked each time, since addresses come and go.
pub(super) fn is_own(address: IpAddr) -> bool {
    /// Any port will do.
    const PORT: u16 = 9;
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let source = || {
        let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
        socket.connect(SocketAddr::new(address, PORT))?;
        socket.local_addr()
    };
    // Without a route to it, it is not of this machine.
    source().is_ok_and(|source| source.ip() == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_addresses_are_told_from_others() {
        assert!(is_own(Ipv4Addr::LOCALHOST.into()));
        assert!(!is_own([192, 0, 2, 1].into()));
        assert!(!is_own([8, 8, 8, 8].into()));
        assert!(!is_own("2001:db8::1".parse().unwrap()));
        // The address with which this machine would go to another, if it has a network.
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        if socket.connect("8.8.8.8:9").is_ok() {
            assert!(is_own(socket.local_addr().unwrap().ip()));
        }
    }
}
