//! Which upstream proxies clients may name.

use cdp_bridge_protocol::request::NameResolution;
use thiserror::Error;

use std::net::IpAddr;

use super::address::{Special, special};
use super::egress::Destination;
use super::host::Host;
use super::pattern::HostPattern;
use super::pattern_error::PatternError;
use super::upstream_proxy::UpstreamProxy;

/// `policy.upstream_proxies` and `policy.upstream_resolve`.
///
/// A proxy outside the public internet needs an entry with its address, or a range that contains it:
/// otherwise a client could reach services of this machine and its network by naming them as its proxy,
/// also through a name that resolves to them.
#[derive(Debug, Clone, Default)]
pub struct UpstreamRules {
    servers: Vec<HostPattern>,
    resolution: NameResolution,
}

/// Why an upstream proxy may not be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UpstreamDenied {
    #[error("policy.upstream_proxies does not allow it")]
    NotListed,
    #[error("policy.upstream_resolve does not allow resolve \"remote\"")]
    RemoteResolution,
    #[error(
        "its address {address} is {special}, and policy.upstream_proxies has no entry with that address"
    )]
    Address { address: IpAddr, special: Special },
}

impl UpstreamRules {
    /// Parses the entries, which are written like those of the allowlist.
    pub fn new(entries: &[String], resolution: NameResolution) -> Result<Self, PatternError> {
        let servers = entries.iter().map(|entry| HostPattern::parse(entry));
        Ok(Self {
            servers: servers.collect::<Result<_, _>>()?,
            resolution,
        })
    }

    /// Checks a proxy before its name is resolved.
    pub fn check(&self, proxy: &UpstreamProxy) -> Result<(), UpstreamDenied> {
        if !self.lists(proxy.host(), proxy.port()) {
            return Err(UpstreamDenied::NotListed);
        }
        match (proxy.resolution(), self.resolution) {
            (NameResolution::Remote, NameResolution::Local) => {
                Err(UpstreamDenied::RemoteResolution)
            }
            _ => Ok(()),
        }
    }

    /// Checks an address of the proxy.
    pub fn permits(
        &self,
        proxy: &UpstreamProxy,
        destination: Destination,
    ) -> Result<(), UpstreamDenied> {
        let Destination { address, is_own } = destination;
        let kind = special(address).or(is_own.then_some(Special::ThisMachine));
        let Some(special) = kind else {
            return Ok(());
        };
        let address = address.to_canonical();
        let host = match address {
            IpAddr::V4(address) => Host::Ipv4(address),
            IpAddr::V6(address) => Host::Ipv6(address),
        };
        if self.lists(&host, proxy.port()) {
            Ok(())
        } else {
            Err(UpstreamDenied::Address { address, special })
        }
    }

    fn lists(&self, host: &Host, port: u16) -> bool {
        self.servers.iter().any(|entry| entry.matches(host, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(entries: &[&str], resolution: NameResolution) -> UpstreamRules {
        let entries: Vec<_> = entries.iter().map(ToString::to_string).collect();
        UpstreamRules::new(&entries, resolution).unwrap()
    }

    fn proxy(server: &str) -> UpstreamProxy {
        UpstreamProxy::parse(server).unwrap()
    }

    fn to(address: &str) -> Destination {
        Destination {
            address: address.parse().unwrap(),
            is_own: false,
        }
    }

    #[test]
    fn none_is_allowed_by_default() {
        let rules = UpstreamRules::default();
        for server in ["http://proxy.test", "http://127.0.0.1:9333"] {
            assert_eq!(rules.check(&proxy(server)), Err(UpstreamDenied::NotListed));
        }
    }

    #[test]
    fn entries_match_as_in_the_allowlist() {
        let rules = rules(&["proxies.test:3128", "10.0.0.0/8"], NameResolution::Local);
        for server in ["http://eu.proxies.test:3128", "socks5://10.1.1.1:1"] {
            assert_eq!(rules.check(&proxy(server)), Ok(()), "{server}");
        }
        for server in [
            "http://proxies.test:9333",
            "http://evilproxies.test:3128",
            "http://127.0.0.1:3128",
            "http://localhost:3128",
            "http://11.0.0.1:3128",
        ] {
            assert!(rules.check(&proxy(server)).is_err(), "{server}");
        }
    }

    #[test]
    fn a_name_does_not_lead_to_an_address_that_is_not_public() {
        let rules = rules(&["proxies.test", "127.0.0.1:3128"], NameResolution::Local);
        let proxy = proxy("http://proxies.test:3128");
        assert_eq!(rules.permits(&proxy, to("8.8.8.8")), Ok(()));
        assert_eq!(rules.permits(&proxy, to("::ffff:127.0.0.1")), Ok(()));
        for address in ["127.0.0.2", "10.0.0.1", "::1", "169.254.169.254"] {
            assert!(rules.permits(&proxy, to(address)).is_err(), "{address}");
        }
        let other_port = self::proxy("http://proxies.test:9333");
        assert!(rules.permits(&other_port, to("127.0.0.1")).is_err());
        let own = Destination {
            is_own: true,
            ..to("8.8.8.8")
        };
        assert!(matches!(
            rules.permits(&proxy, own),
            Err(UpstreamDenied::Address { .. })
        ));
    }

    #[test]
    fn names_are_resolved_remotely_only_where_that_is_allowed() {
        let remote = proxy("http://proxies.test").with_resolution(NameResolution::Remote);
        let local = proxy("http://proxies.test");
        let strict = rules(&["proxies.test"], NameResolution::Local);
        assert_eq!(strict.check(&local), Ok(()));
        assert_eq!(strict.check(&remote), Err(UpstreamDenied::RemoteResolution));
        let lenient = rules(&["proxies.test"], NameResolution::Remote);
        assert_eq!(lenient.check(&local), Ok(()));
        assert_eq!(lenient.check(&remote), Ok(()));
    }
}
