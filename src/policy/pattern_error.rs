//! Mistakes in host patterns, and what to write instead.

use std::net::Ipv4Addr;

use thiserror::Error;

use super::host::HostFault;

/// Why an entry is not a host pattern, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    #[error(
        "an empty text is not a host pattern; write a host such as example.com, or remove the entry"
    )]
    Empty,
    /// `*.example.com`, `.example.com`.
    #[error(
        "{entry:?} is not a host pattern: wildcards are not needed; \
         write {instead:?}, which matches it and its subdomains"
    )]
    Wildcard { entry: String, instead: String },
    /// `https://example.com/`.
    #[error("{entry:?} is a URL, not a host pattern; write the host alone, such as {instead:?}")]
    Url { entry: String, instead: String },
    /// Text with a slash that is not a CIDR range.
    #[error(
        "{entry:?} is neither a host nor a range of addresses; \
         write example.com without a path, or a CIDR such as 10.0.0.0/8 without '=' or port"
    )]
    Range { entry: String },
    /// The text after the colon is not a port.
    #[error(
        "{entry:?} does not end in a port from 1 to 65535; \
         write example.com:8443, or an IPv6 address with a port as [::1]:8443"
    )]
    Port { entry: String },
    /// An IPv4 address in a short, octal, hexadecimal or decimal form.
    #[error("{entry:?} is an unusual form of the address {instead}; write that instead")]
    Address {
        entry: String,
        /// The address that browsers parse it to.
        instead: Ipv4Addr,
    },
    #[error("{entry:?} is not a host pattern: {source}")]
    Host { entry: String, source: HostFault },
    /// Neither a domain name nor an address.
    #[error("{entry:?} is not a host pattern ({source}); write a host such as example.com")]
    Unparsable {
        entry: String,
        source: url::ParseError,
    },
    #[error("{entry:?} is an address; only names can be resolved to one (policy.resolve)")]
    NotAName { entry: String },
}
