//! The one form in which hosts are compared.
//!
//! A URL is parsed by the `url` crate here and by Chromium's own parser there. The two were
//! compared on hostile input: wherever the host consists of `a-z`, `0-9`, `.`, `-`, or is an IP
//! literal, they agree on it. So every other character is refused, but for `_`: it occurs in
//! real names (`my_bucket.example.com`, `_dmarc`), both parsers pass it through untouched, and
//! nothing maps onto it or away from it.

use thiserror::Error;

/// A host in the form that is compared: ASCII, lower case, without a trailing dot; an
/// IPv4-mapped IPv6 address as the IPv4 address it stands for.
pub type Host = url::Host<String>;

/// The longest name that DNS can hold, written with dots.
const MAX_NAME: usize = 253;

/// Why a host cannot be compared safely, and is therefore refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HostFault {
    /// There is no host, or it is only a dot.
    #[error("the host is empty")]
    Empty,
    /// Two dots in a row, or one at the start, or more than one at the end.
    #[error("the host has an empty label (two dots in a row, or a dot in front)")]
    EmptyLabel,
    /// A character on which URL parsers do not agree.
    #[error("the host contains {0:?}; only a-z, 0-9, '.', '-' and '_' are accepted")]
    Character(char),
    /// Longer than DNS allows.
    #[error("the host is longer than {MAX_NAME} characters")]
    TooLong,
}

/// Whether a name in its final form may hold this character.
pub fn is_host_character(character: char) -> bool {
    matches!(character, 'a'..='z' | '0'..='9' | '.' | '-' | '_')
}

/// Brings a parsed host into the form that is compared, or says why it is refused.
pub fn normalise<S: AsRef<str>>(host: &url::Host<S>) -> Result<Host, HostFault> {
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
    fn one_trailing_dot_is_stripped_and_letters_are_lowered() {
        assert_eq!(
            domain("Example.COM."),
            Ok(Host::Domain("example.com".into()))
        );
    }

    #[test]
    fn an_underscore_is_accepted_since_real_names_have_it() {
        assert_eq!(domain("a_b.test"), Ok(Host::Domain("a_b.test".into())));
    }

    #[test]
    fn every_fault_has_its_own_name() {
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
    fn a_mapped_address_becomes_the_address_it_stands_for() {
        let mapped = url::Host::<&str>::Ipv6("::ffff:127.0.0.1".parse().unwrap());
        assert_eq!(normalise(&mapped), Ok(Host::Ipv4([127, 0, 0, 1].into())));
    }
}
