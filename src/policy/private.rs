//! Whether addresses outside the public internet may be reached.

mod text_form;

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use super::address::{Special, special};
use super::denied::Denied;

/// `policy.private_networks`: which addresses outside the public internet may be reached. Public
/// addresses are always permitted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PrivateNetworks {
    #[default]
    Deny,
    Allow,
    /// Only addresses in one of these ranges.
    Only(Vec<IpNet>),
}

impl PrivateNetworks {
    /// Checks an address. An IPv4-mapped address is checked as IPv4.
    pub fn permits(&self, address: IpAddr) -> Result<(), Denied> {
        match special(address) {
            Some(special) => self.permits_special(address, special),
            None => Ok(()),
        }
    }

    /// The same for an address of this machine, which is denied like a private one even if it is public.
    pub fn permits_own(&self, address: IpAddr) -> Result<(), Denied> {
        let special = special(address).unwrap_or(Special::ThisMachine);
        self.permits_special(address, special)
    }

    fn permits_special(&self, address: IpAddr, special: Special) -> Result<(), Denied> {
        let address = address.to_canonical();
        let permitted = match self {
            Self::Deny => false,
            Self::Allow => true,
            Self::Only(ranges) => ranges
                .iter()
                .any(|range| canonical(*range).contains(&address)),
        };
        if permitted {
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

/// The range without host bits; a range of IPv4-mapped addresses as IPv4.
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

/// The addresses of `localhost` and its subdomains, which are never looked up in DNS.
pub(super) const LOCALHOST: [IpAddr; 2] = [
    IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn only(ranges: &[&str]) -> PrivateNetworks {
        PrivateNetworks::Only(ranges.iter().map(|range| range.parse().unwrap()).collect())
    }

    fn permits(networks: &PrivateNetworks, address: &str) -> bool {
        networks.permits(address.parse().unwrap()).is_ok()
    }

    #[test]
    fn deny_is_the_default_and_permits_public_addresses() {
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
    fn an_own_address_is_denied_like_a_private_one() {
        let own = IpAddr::from([8, 8, 8, 8]);
        let denied = PrivateNetworks::Deny.permits_own(own).unwrap_err();
        assert!(denied.to_string().contains("an address of this machine"));
        assert!(only(&["127.0.0.0/8"]).permits_own(own).is_err());
        assert_eq!(only(&["8.8.8.8/32"]).permits_own(own), Ok(()));
        assert_eq!(PrivateNetworks::Allow.permits_own(own), Ok(()));
    }

    #[test]
    fn allow_permits_everything() {
        assert!(permits(&PrivateNetworks::Allow, "169.254.169.254"));
    }

    #[test]
    fn a_list_permits_only_its_ranges() {
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
    fn ranges_of_mapped_addresses_and_ranges_with_host_bits_are_normalised() {
        assert!(permits(&only(&["::ffff:10.0.0.0/104"]), "10.200.0.1"));
        assert!(permits(&only(&["10.1.2.3/8"]), "10.200.0.1"));
        assert!(
            !permits(&only(&["::/0"]), "10.0.0.1"),
            "a range of IPv6 holds no IPv4"
        );
    }

    #[test]
    fn the_denial_contains_the_kind_of_the_address() {
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
