//! Normalises hosts for comparison.
//!
//! The `url` crate parses a URL here, Chromium parses it again. The two were compared on hostile
//! input: they agree on hosts of `a-z`, `0-9`, `.` and `-`, and on IP literals. All other characters
//! are rejected except `_`: it occurs in real names (`my_bucket.example.com`, `_dmarc`), both parsers
//! keep it, and neither maps another character to it.

use thiserror::Error;

/// A normalised host: ASCII, lower case, without a trailing dot; an IPv4-mapped IPv6 address as IPv4.
pub type Host = url::Host<String>;

/// The longest name in DNS, in its dotted form.
const MAX_NAME: usize = 253;

/// Why a host cannot be compared safely and is rejected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HostFault {
    /// No host, or only a dot.
    #[error("the host is empty")]
    Empty,
    /// Two dots in a row, or one at the start, or more than one at the end.
    #[error("the host has an empty label (two dots in a row, or a dot in front)")]
    EmptyLabel,
    /// A character on which URL parsers may disagree.
    #[error("the host contains {0:?}; only a-z, 0-9, '.', '-' and '_' are accepted")]
    Character(char),
    #[error("the host is longer than {MAX_NAME} characters")]
    TooLong,
}

/// Whether a normalised name may contain this character.
pub(super) fn is_host_character(character: char) -> bool {
    matches!(character, 'a'..='z' | '0'..='9' | '.' | '-' | '_')
}

/// Normalises a parsed host.
pub(crate) fn normalise<S: AsRef<str>>(host: &url::Host<S>) -> Result<Host, HostFault> {
    match host {
        url::Host::Domain(name) => normalise_name(name.as_ref()).map(Host::Domain),
        url::Host::Ipv4(address) => Ok(Host::Ipv4(*address)),
        url::Host::Ipv6(address) => Ok(match address.to_ipv4_mapped() {
            Some(mapped) => Host::Ipv4(mapped),
            None => Host::Ipv6(*address),
        }),
    }
}

fn normalise_name(name: &str) -> Result<String, HostFault> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        return Err(HostFault::Empty);
    }
    if name.len() > MAX_NAME {
        return Err(HostFault::TooLong);
    }
    let name = name.to_ascii_lowercase();
    if let Some(character) = name
        .chars()
        .find(|&character| !is_host_character(character))
    {
        return Err(HostFault::Character(character));
    }
    if name.split('.').any(str::is_empty) {
        return Err(HostFault::EmptyLabel);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(name: &str) -> Result<Host, HostFault> {
        normalise(&url::Host::Domain(name))
    }

    #[test]
    fn one_trailing_dot_is_removed_and_letters_become_lower_case() {
        assert_eq!(
            domain("Example.COM."),
            Ok(Host::Domain("example.com".into()))
        );
    }

    #[test]
    fn an_underscore_is_accepted_because_real_names_contain_it() {
        assert_eq!(domain("a_b.test"), Ok(Host::Domain("a_b.test".into())));
    }

    #[test]
    fn each_fault_has_its_own_variant() {
        assert_eq!(domain(""), Err(HostFault::Empty));
        assert_eq!(domain("."), Err(HostFault::Empty));
        assert_eq!(domain("a..b"), Err(HostFault::EmptyLabel));
        assert_eq!(domain(".a"), Err(HostFault::EmptyLabel));
        assert_eq!(domain("a.."), Err(HostFault::EmptyLabel));
        assert_eq!(domain("a*b"), Err(HostFault::Character('*')));
        assert_eq!(domain("bücher.test"), Err(HostFault::Character('ü')));
        assert_eq!(domain(&"a".repeat(254)), Err(HostFault::TooLong));
        assert!(domain(&"a".repeat(253)).is_ok());
    }

    #[test]
    fn a_mapped_address_becomes_an_ipv4_address() {
        let mapped = url::Host::<&str>::Ipv6("::ffff:127.0.0.1".parse().unwrap());
        assert_eq!(normalise(&mapped), Ok(Host::Ipv4([127, 0, 0, 1].into())));
    }
}
