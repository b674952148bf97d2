//! Classifies addresses that are not on the public internet.
//!
//! Addresses that embed an IPv4 address (IPv4-mapped, NAT64, 6to4, Teredo) are classified by that
//! address, because gateways forward the packets to it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kinds of addresses that are not on the public internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Special {
    /// `0.0.0.0` and `::`, which connect to the local machine.
    Unspecified,
    /// The rest of `0.0.0.0/8`.
    ThisNetwork,
    /// `127.0.0.0/8` and `::1`.
    Loopback,
    /// `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16`.
    Private,
    /// `100.64.0.0/10`, carrier-grade NAT.
    Shared,
    /// `169.254.0.0/16` and `fe80::/10`.
    LinkLocal,
    /// Cloud metadata services, which hand out credentials.
    Metadata,
    /// `fc00::/7`.
    UniqueLocal,
    /// `fec0::/10`, deprecated but still routed in places.
    SiteLocal,
    /// `224.0.0.0/4` and `ff00::/8`.
    Multicast,
    /// `255.255.255.255`.
    Broadcast,
    /// `198.18.0.0/15` and `2001:2::/48`.
    Benchmarking,
    /// Networks reserved for documentation.
    Documentation,
    /// `64:ff9b:1::/48`: NAT64 of the local network, which may reach any address inside it.
    LocalNat64,
    /// Reserved, or not allocated as public unicast.
    Reserved,
    /// A public address of this machine. The address alone does not tell.
    ThisMachine,
}

impl fmt::Display for Special {
    /// The kind with its article.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "the unspecified address",
            Self::ThisNetwork => "a \"this network\" address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::Shared => "a shared (CGNAT) address",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "a cloud metadata address",
            Self::UniqueLocal => "a unique local address",
            Self::SiteLocal => "a site-local address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Benchmarking => "a benchmarking address",
            Self::Documentation => "a documentation address",
            Self::LocalNat64 => "a local NAT64 address",
            Self::Reserved => "a reserved address",
            Self::ThisMachine => "an address of this machine",
        })
    }
}

/// The kind of an address, or `None` for a public one.
pub fn special(address: IpAddr) -> Option<Special> {
    match address.to_canonical() {
        IpAddr::V4(v4) => special_v4(v4),
        IpAddr::V6(v6) => special_v6(v6),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<Special> {
    let kind = match address.octets() {
        // AWS, Azure, GCP and most others; Alibaba; Azure's host agent, which has a public address.
        [169, 254, 169, 254] | [100, 100, 100, 200] | [168, 63, 129, 16] => Special::Metadata,
        [0, 0, 0, 0] => Special::Unspecified,
        [0, ..] => Special::ThisNetwork,
        [127, ..] => Special::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Special::Private,
        [100, 64..=127, ..] => Special::Shared,
        [169, 254, ..] => Special::LinkLocal,
        [198, 18..=19, ..] => Special::Benchmarking,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Special::Documentation,
        [224..=239, ..] => Special::Multicast,
        [255, 255, 255, 255] => Special::Broadcast,
        // Protocol assignments, the withdrawn anycast address of 6to4 relays, and the last block.
        [192, 0, 0, _] | [192, 88, 99, _] | [240..=255, ..] => Special::Reserved,
        _ => return None,
    };
    Some(kind)
}

fn special_v6(address: Ipv6Addr) -> Option<Special> {
    let s = address.segments();
    let kind = match s {
        // AWS and GCP.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => {
            Special::Metadata
        }
        [0, 0, 0, 0, 0, 0, 0, 0] => Special::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => Special::Loopback,
        // The obsolete "IPv4-compatible" and "IPv4-translated" forms are never public.
        [0, 0, 0, 0, 0 | 0xffff, 0, high, low] => {
            special_v4(embedded(high, low)).unwrap_or(Special::Reserved)
        }
        // NAT64 embeds the destination, 6to4 the gateway.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            return special_v4(embedded(high, low));
        }
        [0x64, 0xff9b, 1, ..] => Special::LocalNat64,
        // Teredo embeds its server, and its client with all bits inverted.
        [0x2001, 0, server_high, server_low, _, _, high, low] => {
            return special_v4(embedded(!high, !low))
                .or_else(|| special_v4(embedded(server_high, server_low)));
        }
        [0x2001, 2, 0, ..] => Special::Benchmarking,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Special::Documentation,
        // ORCHID and ORCHIDv2 are identifiers, not routable addresses.
        [0x2001, 0x10..=0x2f, ..] => Special::Reserved,
        [0xfc00..=0xfdff, ..] => Special::UniqueLocal,
        [0xfe80..=0xfebf, ..] => Special::LinkLocal,
        [0xfec0..=0xfeff, ..] => Special::SiteLocal,
        [0xff00..=0xffff, ..] => Special::Multicast,
        // Public unicast is allocated from 2000::/3 only.
        [0x2000..=0x3fff, ..] => return None,
        _ => Special::Reserved,
    };
    Some(kind)
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Special as S;

    fn of(text: &str) -> Option<Special> {
        special(text.parse().unwrap())
    }

    #[test]
    fn ipv4_ranges_are_known_to_their_edges() {
        let table = [
            ("0.0.0.0", Some(S::Unspecified)),
            ("0.0.0.1", Some(S::ThisNetwork)),
            ("0.255.255.255", Some(S::ThisNetwork)),
            ("1.0.0.0", None),
            ("9.255.255.255", None),
            ("10.0.0.0", Some(S::Private)),
            ("10.255.255.255", Some(S::Private)),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some(S::Shared)),
            ("100.100.100.200", Some(S::Metadata)),
            ("100.127.255.255", Some(S::Shared)),
            ("100.128.0.0", None),
            ("126.255.255.255", None),
            ("127.0.0.0", Some(S::Loopback)),
            ("127.0.0.1", Some(S::Loopback)),
            ("127.255.255.255", Some(S::Loopback)),
            ("128.0.0.0", None),
            ("168.63.129.16", Some(S::Metadata)),
            ("168.63.129.17", None),
            ("169.253.255.255", None),
            ("169.254.0.0", Some(S::LinkLocal)),
            ("169.254.169.254", Some(S::Metadata)),
            ("169.254.255.255", Some(S::LinkLocal)),
            ("169.255.0.0", None),
            ("172.15.255.255", None),
            ("172.16.0.0", Some(S::Private)),
            ("172.31.255.255", Some(S::Private)),
            ("172.32.0.0", None),
            ("192.0.0.0", Some(S::Reserved)),
            ("192.0.0.192", Some(S::Reserved)),
            ("192.0.1.0", None),
            ("192.0.2.1", Some(S::Documentation)),
            ("192.0.3.0", None),
            ("192.88.99.1", Some(S::Reserved)),
            ("192.167.255.255", None),
            ("192.168.0.0", Some(S::Private)),
            ("192.168.255.255", Some(S::Private)),
            ("192.169.0.0", None),
            ("198.17.255.255", None),
            ("198.18.0.0", Some(S::Benchmarking)),
            ("198.19.255.255", Some(S::Benchmarking)),
            ("198.20.0.0", None),
            ("198.51.100.7", Some(S::Documentation)),
            ("203.0.113.255", Some(S::Documentation)),
            ("203.0.114.0", None),
            ("223.255.255.255", None),
            ("224.0.0.0", Some(S::Multicast)),
            ("239.255.255.255", Some(S::Multicast)),
            ("240.0.0.0", Some(S::Reserved)),
            ("255.255.255.254", Some(S::Reserved)),
            ("255.255.255.255", Some(S::Broadcast)),
            ("8.8.8.8", None),
            ("93.184.215.14", None),
        ];
        for (text, expected) in table {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn ipv6_ranges_are_known_to_their_edges() {
        let table = [
            ("::", Some(S::Unspecified)),
            ("::1", Some(S::Loopback)),
            ("::2", Some(S::ThisNetwork)),
            ("100::1", Some(S::Reserved)),
            ("1fff:ffff::", Some(S::Reserved)),
            ("2000::", None),
            ("2001:2::1", Some(S::Benchmarking)),
            ("2001:2:1::1", None),
            ("2001:f::1", None),
            ("2001:10::1", Some(S::Reserved)),
            ("2001:2f:ffff::1", Some(S::Reserved)),
            ("2001:30::1", None),
            ("2001:db7:ffff::", None),
            ("2001:db8::1", Some(S::Documentation)),
            ("2001:db9::", None),
            ("2001:4860:4860::8888", None),
            ("2606:4700::1111", None),
            ("3ffe::1", None),
            ("3fff::1", Some(S::Documentation)),
            ("3fff:fff:ffff::", Some(S::Documentation)),
            ("3fff:1000::", None),
            ("4000::", Some(S::Reserved)),
            ("5f00::1", Some(S::Reserved)),
            ("fbff:ffff::", Some(S::Reserved)),
            ("fc00::", Some(S::UniqueLocal)),
            ("fd00:ec2::253", Some(S::UniqueLocal)),
            ("fd00:ec2::254", Some(S::Metadata)),
            ("fd20:ce::254", Some(S::Metadata)),
            ("fdff:ffff::", Some(S::UniqueLocal)),
            ("fe00::", Some(S::Reserved)),
            ("fe80::1", Some(S::LinkLocal)),
            ("febf::1", Some(S::LinkLocal)),
            ("fec0::1", Some(S::SiteLocal)),
            ("feff::1", Some(S::SiteLocal)),
            ("ff00::", Some(S::Multicast)),
            ("ff02::1", Some(S::Multicast)),
        ];
        for (text, expected) in table {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn an_ipv4_address_inside_another_one_is_judged_by_itself() {
        let table = [
            ("::ffff:127.0.0.1", Some(S::Loopback)),
            ("::ffff:169.254.169.254", Some(S::Metadata)),
            ("::ffff:8.8.8.8", None),
            ("::127.0.0.1", Some(S::Loopback)),
            ("::8.8.8.8", Some(S::Reserved)),
            ("::ffff:0:10.0.0.1", Some(S::Private)),
            ("::ffff:0:8.8.8.8", Some(S::Reserved)),
            ("64:ff9b::127.0.0.1", Some(S::Loopback)),
            ("64:ff9b::169.254.169.254", Some(S::Metadata)),
            ("64:ff9b::8.8.8.8", None),
            ("64:ff9b::1:8.8.8.8", Some(S::Reserved)),
            ("64:ff9b:1::8.8.8.8", Some(S::LocalNat64)),
            ("64:ff9b:1:ffff::1", Some(S::LocalNat64)),
            ("64:ff9b:2::1", Some(S::Reserved)),
            ("2002:7f00:1::1", Some(S::Loopback)),
            ("2002:a00:1::1", Some(S::Private)),
            ("2002:808:808::1", None),
            // Teredo: server 8.8.8.8, client 127.0.0.1 with its bits turned over.
            ("2001:0:808:808:0:0:80ff:fffe", Some(S::Loopback)),
            ("2001:0:a00:1:0:0:f7f7:f7f7", Some(S::Private)),
            ("2001:0:808:808:0:0:f7f7:f7f7", None),
        ];
        for (text, expected) in table {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn names_read_as_part_of_a_sentence() {
        assert_eq!(
            format!("::1 is {}", S::Loopback),
            "::1 is a loopback address"
        );
    }
}
