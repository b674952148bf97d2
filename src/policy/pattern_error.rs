//! Why an entry is no host pattern, and what to write instead.

use std::net::Ipv4Addr;

use thiserror::Error;

use super::host::HostFault;

/// Why an entry is no host pattern, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// Nothing, or only blanks.
    #[error("an empty text is no host pattern; write a host such as example.com, or leave it out")]
    Empty,
    /// `*.example.com`, `.example.com`.
    #[error(
        "{entry:?} is no host pattern: wildcards are not needed; \
         write {instead:?}, which matches it and its subdomains"
    )]
    Wildcard {
        /// What was written.
        entry: String,
        /// What to write.
        instead: String,
    },
    /// `https://example.com/`.
    #[error("{entry:?} is a URL, not a host pattern; write the host alone, such as {instead:?}")]
    Url {
        /// What was written.
        entry: String,
        /// What to write.
        instead: String,
    },
    /// Something with a slash that is no range.
    #[error(
        "{entry:?} is neither a host nor a range of addresses; \
         write example.com without a path, or a CIDR such as 10.0.0.0/8 without '=' or port"
    )]
    Range {
        /// What was written.
        entry: String,
    },
    /// What follows the colon is no port.
    #[error(
        "{entry:?} does not end in a port from 1 to 65535; \
         write example.com:8443, or an IPv6 address with a port as [::1]:8443"
    )]
    Port {
        /// What was written.
        entry: String,
    },
    /// An IPv4 address in a short, octal, hexadecimal or decimal form.
    #[error("{entry:?} is an unusual way to write the address {instead}; write it so")]
    Address {
        /// What was written.
        entry: String,
        /// The address that browsers take it for.
        instead: Ipv4Addr,
    },
    /// The host cannot be compared safely.
    #[error("{entry:?} is no host pattern: {source}")]
    Host {
        /// What was written.
        entry: String,
        /// What is wrong with the host.
        source: HostFault,
    },
    /// The host is no domain name and no address.
    #[error("{entry:?} is no host pattern ({source}); write a host such as example.com")]
    Unparsable {
        /// What was written.
        entry: String,
        /// What the parser said.
        source: url::ParseError,
    },
    /// An address where only a name makes sense.
    #[error("{entry:?} is an address; only names can be resolved to one (policy.resolve)")]
    NotAName {
        /// What was written.
        entry: String,
    },
}
