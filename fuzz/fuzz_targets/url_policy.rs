//! The navigation policy: for any text, an allowed URL has an allowed host, and checking the returned URL
//! again gives the same URL.
#![no_main]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::LazyLock;

use cdp_bridge::policy::{HostPattern, NavigationPolicy, PrivateNetworks, redact_url, special};
use libfuzzer_sys::fuzz_target;
use url::Host;

fn policy(allowlist: &[&str]) -> NavigationPolicy {
    let allowlist: Vec<String> = allowlist.iter().map(ToString::to_string).collect();
    NavigationPolicy::new(&allowlist, PrivateNetworks::default(), BTreeMap::new()).unwrap()
}

static LISTED: LazyLock<NavigationPolicy> = LazyLock::new(|| {
    policy(&[
        "example.com",
        "=exact.test",
        "ports.test:8443",
        "93.184.216.34",
    ])
});
static OPEN: LazyLock<NavigationPolicy> = LazyLock::new(|| policy(&[]));

/// An independent implementation of the allowlist.
fn is_listed(host: &str, port: u16) -> bool {
    let host = host.trim_end_matches('.');
    host == "example.com"
        || host.ends_with(".example.com")
        || host == "exact.test"
        || ((host == "ports.test" || host.ends_with(".ports.test")) && port == 8443)
        || host == "93.184.216.34"
}

fuzz_target!(|text: &str| {
    let _ = HostPattern::parse(text);
    let _ = redact_url(text);
    for (policy, listed) in [(&LISTED, true), (&OPEN, false)] {
        let Ok(url) = policy.check(text) else {
            continue;
        };
        assert_eq!(policy.check(url.as_str()).as_ref(), Ok(&url), "{text:?}");
        assert!(policy.check_committed(url.as_str()).is_ok());
        if url.as_str() == "about:blank" {
            continue;
        }
        assert!(matches!(url.scheme(), "http" | "https"), "{url}");
        let (host, port) = (url.host().unwrap(), url.port_or_known_default().unwrap());
        assert!(!listed || is_listed(&host.to_string(), port), "{url}");
        let address = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        assert!(address.is_none_or(|it| special(it).is_none()), "{url}");
    }
});
