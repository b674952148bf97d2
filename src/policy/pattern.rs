//! Entries of the allowlist.
//!
//! | entry | matches |
//! | --- | --- |
//! | `example.com` | the name and its subdomains |
//! | `=example.com` | the name only |
//! | `10.0.0.1`, `::1`, `[::1]` | that address as the host of a URL |
//! | `10.0.0.0/8`, `fd00::/8` | every address of that range as the host of a URL |
//! | any but a range, with `:port` (IPv6 in brackets) | the same, with that port only |
//!
//! An entry without a port matches **every** port. Names are compared in lower case, in their
//! ASCII form (`bücher.example` is `xn--bcher-kva.example`) and without a trailing dot.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::host::{Host, HostFault, normalise};
use super::pattern_error::PatternError;
use super::private::canonical;

/// One entry of the allowlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    rule: Rule,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    WithSubdomains(String),
    Exact(String),
    Address(IpAddr),
    Range(IpNet),
}

impl HostPattern {
    /// Parses an entry, ignoring white space around it.
    pub fn parse(entry: &str) -> Result<Self, PatternError> {
        let entry = entry.trim();
        let (exact, rest) = match entry.strip_prefix('=') {
            Some(rest) => (true, rest),
            None => (false, entry),
        };
        if rest.is_empty() {
            return Err(PatternError::Empty);
        }
        reject_common_mistakes(entry, rest)?;
        if rest.contains('/') {
            return match rest.parse::<IpNet>() {
                Ok(range) if !exact => Ok(Self {
                    rule: Rule::Range(canonical(range)),
                    port: None,
                }),
                _ => Err(PatternError::Range {
                    entry: entry.to_owned(),
                }),
            };
        }
        let (host, port) = split_port(entry, rest)?;
        let rule = match parse_host(entry, host)? {
            Host::Domain(name) if exact => Rule::Exact(name),
            Host::Domain(name) => Rule::WithSubdomains(name),
            Host::Ipv4(address) => Rule::Address(address.into()),
            Host::Ipv6(address) => Rule::Address(address.into()),
        };
        Ok(Self { rule, port })
    }

    /// Whether this entry allows a normalised host with a port.
    pub fn matches(&self, host: &Host, port: u16) -> bool {
        self.port.is_none_or(|wanted| wanted == port) && self.matches_host(host)
    }

    /// Whether this entry matches a host, ignoring the port.
    pub fn matches_host(&self, host: &Host) -> bool {
        match (&self.rule, host) {
            (Rule::Exact(wanted), Host::Domain(name)) => name == wanted,
            (Rule::WithSubdomains(wanted), Host::Domain(name)) => name
                .strip_suffix(wanted.as_str())
                .is_some_and(|below| below.is_empty() || below.ends_with('.')),
            (Rule::Address(wanted), Host::Ipv4(address)) => *wanted == *address,
            (Rule::Address(wanted), Host::Ipv6(address)) => *wanted == *address,
            (Rule::Range(range), Host::Ipv4(address)) => range.contains(&IpAddr::V4(*address)),
            (Rule::Range(range), Host::Ipv6(address)) => range.contains(&IpAddr::V6(*address)),
            (Rule::Exact(_) | Rule::WithSubdomains(_), Host::Ipv4(_) | Host::Ipv6(_))
            | (Rule::Address(_) | Rule::Range(_), Host::Domain(_)) => false,
        }
    }
}

/// Parses the name of a single host: no address, no port, no wildcard.
pub(super) fn parse_name(entry: &str) -> Result<String, PatternError> {
    let text = entry.trim();
    if text.is_empty() {
        return Err(PatternError::Empty);
    }
    reject_common_mistakes(text, text)?;
    match parse_host(text, text)? {
        Host::Domain(name) => Ok(name),
        Host::Ipv4(_) | Host::Ipv6(_) => Err(PatternError::NotAName {
            entry: text.to_owned(),
        }),
    }
}

fn reject_common_mistakes(entry: &str, rest: &str) -> Result<(), PatternError> {
    if let Some((_, after)) = rest.split_once("://") {
        let authority = after
            .split(['/', '?', '#', '\\'])
            .next()
            .unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        let instead = if host.is_empty() { "example.com" } else { host }.to_owned();
        return Err(PatternError::Url {
            entry: entry.to_owned(),
            instead,
        });
    }
    if rest.starts_with(['*', '.']) {
        let bare = rest.trim_start_matches(['*', '.']);
        let instead = if bare.is_empty() { "example.com" } else { bare }.to_owned();
        return Err(PatternError::Wildcard {
            entry: entry.to_owned(),
            instead,
        });
    }
    Ok(())
}

/// Splits off the port, if there is one. An IPv6 address without brackets has none: its last group
/// could not be distinguished from a port.
fn split_port<'a>(entry: &str, rest: &'a str) -> Result<(&'a str, Option<u16>), PatternError> {
    let wrong = || PatternError::Port {
        entry: entry.to_owned(),
    };
    if rest.parse::<Ipv6Addr>().is_ok() {
        return Ok((rest, None));
    }
    let (host, port) = if rest.starts_with('[') {
        let end = rest.find(']').ok_or_else(wrong)? + 1;
        let (host, after) = rest.split_at(end);
        match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => return Err(wrong()),
        }
    } else {
        rest.split_once(':')
            .map_or((rest, None), |(host, port)| (host, Some(port)))
    };
    let Some(text) = port else {
        return Ok((host, None));
    };
    // `u16::from_str` also accepts "+80".
    let number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse::<u16>().ok());
    match number.flatten() {
        Some(port) if port != 0 => Ok((host, Some(port))),
        _ => Err(wrong()),
    }
}

fn parse_host(entry: &str, text: &str) -> Result<Host, PatternError> {
    let fault = |source| PatternError::Host {
        entry: entry.to_owned(),
        source,
    };
    if text.is_empty() {
        return Err(fault(HostFault::Empty));
    }
    // `%65` is an `e` in a URL, but a mistake in a configuration.
    if text.contains('%') {
        return Err(fault(HostFault::Character('%')));
    }
    let parsed = match text.parse::<Ipv6Addr>() {
        Ok(address) => url::Host::Ipv6(address),
        Err(_) => url::Host::parse(text).map_err(|source| PatternError::Unparsable {
            entry: entry.to_owned(),
            source,
        })?,
    };
    if let url::Host::Ipv4(instead) = parsed
        && text.parse::<Ipv4Addr>().is_err()
    {
        return Err(PatternError::Address {
            entry: entry.to_owned(),
            instead,
        });
    }
    normalise(&parsed).map_err(fault)
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Rule::WithSubdomains(name) => f.write_str(name)?,
            Rule::Exact(name) => write!(f, "={name}")?,
            Rule::Address(IpAddr::V4(address)) => write!(f, "{address}")?,
            Rule::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            Rule::Range(range) => write!(f, "{range}")?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(entry: &str, host: &str, port: u16) -> bool {
        let host = normalise(&url::Host::parse(host).unwrap()).unwrap();
        HostPattern::parse(entry).unwrap().matches(&host, port)
    }

    #[test]
    fn a_name_matches_itself_and_its_subdomains() {
        for host in [
            "example.com",
            "www.example.com",
            "a.b.example.com",
            "EXAMPLE.com.",
        ] {
            assert!(matches("example.com", host, 443), "{host}");
        }
        for host in [
            "evilexample.com",
            "example.com.evil.test",
            "com",
            "xample.com",
            "1.2.3.4",
        ] {
            assert!(!matches("example.com", host, 443), "{host}");
        }
    }

    #[test]
    fn an_equals_sign_matches_the_name_only() {
        assert!(matches("=example.com", "example.com", 80));
        assert!(!matches("=example.com", "www.example.com", 80));
    }

    #[test]
    fn an_entry_without_a_port_matches_every_port() {
        assert!(matches("example.com:8443", "www.example.com", 8443));
        assert!(!matches("example.com:8443", "www.example.com", 443));
        assert!(matches("=example.com:80", "example.com", 80));
        assert!(!matches("=example.com:80", "www.example.com", 80));
        assert!(matches("example.com", "example.com", 12_345));
    }

    #[test]
    fn addresses_and_ranges_match_addresses_only() {
        assert!(matches("127.0.0.1", "127.0.0.1", 80));
        assert!(matches("127.0.0.1", "[::ffff:127.0.0.1]", 80));
        assert!(matches("127.0.0.1:80", "0x7f.1", 80));
        assert!(!matches("127.0.0.1:80", "127.0.0.1", 81));
        assert!(matches("::1", "[::1]", 80));
        assert!(matches("[::1]", "[0:0::1]", 80));
        assert!(matches("[::1]:8080", "[::1]", 8080));
        assert!(!matches("[::1]:8080", "[::1]", 80));
        assert!(matches("10.0.0.0/8", "10.9.8.7", 80));
        assert!(matches("10.1.2.3/8", "10.9.8.7", 80));
        assert!(matches("::ffff:10.0.0.0/104", "10.9.8.7", 80));
        assert!(!matches("10.0.0.0/8", "11.0.0.0", 80));
        assert!(matches("fd00::/8", "[fd12::1]", 80));
        assert!(!matches("0.0.0.0/0", "example.com", 80));
        assert!(!matches("1.2.3.4", "x.1-2-3-4.test", 80));
    }

    #[test]
    fn names_are_compared_in_their_ascii_form() {
        assert!(matches("Bücher.Example.", "xn--bcher-kva.example", 80));
        assert!(matches("xn--bcher-kva.example", "www.BÜCHER.example", 80));
        assert!(matches("example。com", "example.com", 80));
    }

    #[test]
    fn a_wildcard_is_rejected_with_what_to_write_instead() {
        for entry in ["*.example.com", ".example.com", "=*.example.com"] {
            let error = HostPattern::parse(entry).unwrap_err();
            assert!(matches!(error, PatternError::Wildcard { .. }), "{entry}");
            assert!(
                error.to_string().contains("write \"example.com\""),
                "{error}"
            );
        }
        assert!(matches!(
            HostPattern::parse("*"),
            Err(PatternError::Wildcard { .. })
        ));
    }

    #[test]
    fn a_url_is_rejected_with_the_host_to_write_instead() {
        let error = HostPattern::parse("https://u@example.com:8443/path").unwrap_err();
        assert!(matches!(error, PatternError::Url { .. }));
        assert!(
            error.to_string().contains("such as \"example.com:8443\""),
            "{error}"
        );
    }

    #[test]
    fn each_other_mistake_has_its_own_error() {
        type Check = fn(&PatternError) -> bool;
        let table: [(&str, Check); 21] = [
            ("", |e| matches!(e, PatternError::Empty)),
            ("  ", |e| matches!(e, PatternError::Empty)),
            ("=", |e| matches!(e, PatternError::Empty)),
            ("example.com/path", |e| {
                matches!(e, PatternError::Range { .. })
            }),
            ("10.0.0.0/33", |e| matches!(e, PatternError::Range { .. })),
            ("=10.0.0.0/8", |e| matches!(e, PatternError::Range { .. })),
            ("10.0.0.0/8:80", |e| matches!(e, PatternError::Range { .. })),
            ("example.com:", |e| matches!(e, PatternError::Port { .. })),
            ("example.com:0", |e| matches!(e, PatternError::Port { .. })),
            ("example.com:+80", |e| {
                matches!(e, PatternError::Port { .. })
            }),
            ("example.com:65536", |e| {
                matches!(e, PatternError::Port { .. })
            }),
            ("example.com:80:80", |e| {
                matches!(e, PatternError::Port { .. })
            }),
            ("[::1", |e| matches!(e, PatternError::Port { .. })),
            ("[::1]x", |e| matches!(e, PatternError::Port { .. })),
            ("127.1", |e| matches!(e, PatternError::Address { .. })),
            ("2130706433", |e| matches!(e, PatternError::Address { .. })),
            ("a..b", |e| matches!(e, PatternError::Host { .. })),
            ("%65xample.com", |e| matches!(e, PatternError::Host { .. })),
            ("www.*.com", |e| matches!(e, PatternError::Host { .. })),
            ("exam ple.com", |e| {
                matches!(e, PatternError::Unparsable { .. })
            }),
            ("user@example.com", |e| {
                matches!(e, PatternError::Unparsable { .. })
            }),
        ];
        for (entry, is_expected) in table {
            let error = HostPattern::parse(entry).unwrap_err();
            assert!(is_expected(&error), "{entry:?} gave {error:?}");
        }
    }

    #[test]
    fn a_name_to_resolve_is_only_a_name() {
        assert_eq!(parse_name(" Allowed.TEST. "), Ok("allowed.test".into()));
        assert!(matches!(
            parse_name("127.0.0.1"),
            Err(PatternError::NotAName { .. })
        ));
        assert!(parse_name("allowed.test:80").is_err());
        assert!(parse_name("=allowed.test").is_err());
        assert!(parse_name("*.allowed.test").is_err());
    }

    #[test]
    fn the_displayed_text_parses_to_the_same_pattern() {
        for entry in [
            "example.com",
            "=example.com",
            "Example.com.:80",
            "=a_b.test:1",
            "1.2.3.4",
            "1.2.3.4:65535",
            "::1",
            "[::1]:80",
            "10.1.2.3/8",
            "fd00::1/8",
            "::ffff:1.2.3.4",
            "::ffff:10.0.0.0/104",
            "bücher.example",
        ] {
            let pattern = HostPattern::parse(entry).unwrap();
            assert_eq!(
                HostPattern::parse(&pattern.to_string()),
                Ok(pattern),
                "{entry}"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_parses_reads_back_from_its_display(
            entry in "=?[a-zA-Z0-9._:/\\[\\]*ü-]{0,24}"
        ) {
            if let Ok(pattern) = HostPattern::parse(&entry) {
                prop_assert_eq!(HostPattern::parse(&pattern.to_string()), Ok(pattern));
            }
        }

        #[test]
        fn a_name_never_matches_a_host_that_does_not_end_in_it(
            name in "[a-z]{1,4}(\\.[a-z]{1,4}){0,2}",
            host in "[a-z]{1,4}(\\.[a-z]{1,4}){0,4}",
        ) {
            let expected = host == name || host.ends_with(&format!(".{name}"));
            prop_assert_eq!(matches(&name, &host, 80), expected);
        }
    }
}
