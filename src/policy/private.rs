//! Whether addresses outside the public internet are let in.

mod text_form;

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use super::address::special;
use super::denied::Denied;

/// `policy.private_networks`: which addresses outside the public internet may be reached.
/// Public addresses are not its business and always pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PrivateNetworks {
    /// None.
    #[default]
    Deny,
    /// All of them.
    Allow,
    /// Those inside one of these ranges.
    Only(Vec<IpNet>),
}

impl PrivateNetworks {
    /// Whether this address may be reached. An IPv4-mapped address is judged as the IPv4 address
    /// it stands for.
    pub fn permits(&self, address: IpAddr) -> Result<(), Denied> {
        let address = address.to_canonical();
        let Some(special) = special(address) else {
            return Ok(());
        };
        let let_in = match self {
            Self::Deny => false,
            Self::Allow => true,
            Self::Only(ranges) => ranges
                .iter()
                .any(|range| canonical(*range).contains(&address)),
        };
        if let_in {
            Ok(())
        } else {
            Err(Denied::Address {
                host: address.to_string(),
                address,
                special,
            })
        }
    }
}

/// A range of IPv4-mapped addresses as the IPv4 range it stands for, without host bits.
pub(super) fn canonical(range: IpNet) -> IpNet {
    let IpNet::V6(v6) = range.trunc() else {
        return range.trunc();
    };
    let inside = v6.prefix_len().checked_sub(96);
    match (inside, v6.network().to_ipv4_mapped()) {
        (Some(length), Some(network)) => {
            Ipv4Net::new(network, length).map_or(IpNet::V6(v6), IpNet::V4)
        }
        _ => IpNet::V6(v6),
    }
}

/// The addresses that `localhost` and names below it lead to, without asking anybody.
pub(super) const LOCALHOST: [IpAddr; 2] = [
    IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::address::Special;

    fn only(ranges: &[&str]) -> PrivateNetworks {
        PrivateNetworks::Only(ranges.iter().map(|range| range.parse().unwrap()).collect())
    }

    fn permits(networks: &PrivateNetworks, address: &str) -> bool {
        networks.permits(address.parse().unwrap()).is_ok()
    }

    #[test]
    fn deny_is_the_default_and_lets_public_addresses_pass() {
        let networks = PrivateNetworks::default();
        assert!(permits(&networks, "8.8.8.8"));
        assert!(permits(&networks, "2606:4700::1111"));
        for address in [
            "127.0.0.1",
            "::1",
            "::ffff:10.0.0.1",
            "169.254.169.254",
            "0.0.0.0",
        ] {
            assert!(!permits(&networks, address), "{address}");
        }
    }

    #[test]
    fn allow_lets_everything_in() {
        assert!(permits(&PrivateNetworks::Allow, "169.254.169.254"));
    }

    #[test]
    fn a_list_lets_in_what_it_holds_and_nothing_beside_it() {
        let networks = only(&["127.0.0.1/32", "fd12::/16"]);
        assert!(permits(&networks, "127.0.0.1"));
        assert!(permits(&networks, "::ffff:127.0.0.1"));
        assert!(permits(&networks, "fd12::9"));
        assert!(permits(&networks, "1.1.1.1"));
        assert!(!permits(&networks, "127.0.0.2"));
        assert!(!permits(&networks, "fd13::9"));
        assert!(!permits(&networks, "::1"));
    }

    #[test]
    fn ranges_of_mapped_addresses_and_ranges_with_host_bits_mean_what_they_stand_for() {
        assert!(permits(&only(&["::ffff:10.0.0.0/104"]), "10.200.0.1"));
        assert!(permits(&only(&["10.1.2.3/8"]), "10.200.0.1"));
        assert!(
            !permits(&only(&["::/0"]), "10.0.0.1"),
            "a range of IPv6 holds no IPv4"
        );
    }

    #[test]
    fn the_refusal_says_what_the_address_is() {
        let denied = PrivateNetworks::Deny.permits("::ffff:10.0.0.1".parse().unwrap());
        assert_eq!(
            denied,
            Err(Denied::Address {
                host: "10.0.0.1".into(),
                address: [10, 0, 0, 1].into(),
                special: Special::Private
            })
        );
    }
}
