//! Why something was refused, and which key would allow it.

use std::net::IpAddr;

use thiserror::Error;

use super::address::Special;
use super::host::HostFault;

/// Why a URL, a host or an address was refused. Nothing in a message is secret: user names,
/// passwords, queries and fragments are never part of it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Denied {
    /// The text is no absolute URL.
    #[error("{url:?} is not a URL ({source}); give an absolute http or https URL")]
    NotAUrl {
        /// The text, redacted.
        url: String,
        /// What the parser said.
        source: url::ParseError,
    },
    /// Neither `http`, nor `https`, nor exactly `about:blank`.
    #[error("the scheme {scheme:?} is not allowed; only http, https and exactly about:blank are")]
    Scheme {
        /// The scheme, in lower case and cut where it is very long.
        scheme: String,
    },
    /// A host that cannot be compared safely.
    #[error("{host:?} is not accepted as a host: {source}")]
    Host {
        /// The host, cut where it is very long.
        host: String,
        /// What is wrong with it.
        source: HostFault,
    },
    /// The host matches no entry.
    #[error("{host} is not in the allowlist (policy.allowlist)")]
    NotInAllowlist {
        /// The host.
        host: String,
    },
    /// The host stands in the allowlist, but only with other ports.
    #[error(
        "{host} is in the allowlist, but not with port {port}; \
         add {host}:{port} to policy.allowlist"
    )]
    Port {
        /// The host.
        host: String,
        /// The port that was asked for.
        port: u16,
    },
    /// The host is, or leads to, an address outside the public internet.
    #[error(
        "{}; policy.private_networks does not allow it (add \"{}/{}\" to its list)",
        describe(host, *address, *special),
        address,
        if address.is_ipv4() { 32 } else { 128 }
    )]
    Address {
        /// The host that led there; the address itself where no name did.
        host: String,
        /// The address, an IPv4-mapped one as IPv4.
        address: IpAddr,
        /// What the address is.
        special: Special,
    },
    /// Nothing may be reached this way.
    #[error(
        "{host} was asked for outside of every tab, or for a client that is none any more; nothing \
         is let out there"
    )]
    Closed {
        /// The host that was asked for.
        host: String,
    },
    /// A TLS handshake names another server than the one that the connection is for, or none.
    #[error(
        "the TLS handshake {}, but the connection was asked for {host}",
        named.as_ref().map_or("names no server".to_owned(), |name| format!("names {name:?}"))
    )]
    ServerName {
        /// The host that the connection was asked for.
        host: String,
        /// The server that the handshake names, cut where it is very long.
        named: Option<String>,
    },
    /// What should be a TLS handshake is none.
    #[error("what was sent to {host} does not begin with a TLS handshake that can be read")]
    NotTls {
        /// The host that the connection was asked for.
        host: String,
    },
}

fn describe(host: &str, address: IpAddr, special: Special) -> String {
    if host == address.to_string() {
        format!("{address} is {special}")
    } else {
        format!("{host} leads to {address}, which is {special}")
    }
}

impl Denied {
    /// The host that was refused, where the refusal is about a host.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::NotAUrl { .. } | Self::Scheme { .. } => None,
            Self::Host { host, .. }
            | Self::NotInAllowlist { host }
            | Self::Port { host, .. }
            | Self::Address { host, .. }
            | Self::Closed { host }
            | Self::ServerName { host, .. }
            | Self::NotTls { host } => Some(host),
        }
    }

    /// The scheme that was refused, where the refusal is about the scheme.
    pub fn scheme(&self) -> Option<&str> {
        match self {
            Self::Scheme { scheme } => Some(scheme),
            _ => None,
        }
    }

    /// Whether the allowlist alone refused it, which a mode that only reports lets through.
    pub fn is_of_allowlist(&self) -> bool {
        matches!(
            self,
            Self::NotInAllowlist { .. }
                | Self::Port { .. }
                | Self::ServerName { .. }
                | Self::NotTls { .. }
        )
    }

    /// A refused address with the name that led to it, so that the message can say both.
    #[must_use]
    pub fn reached_by(mut self, name: &str) -> Self {
        if let Self::Address { host, .. } = &mut self {
            name.clone_into(host);
        }
        self
    }

    /// A word for a metric's `reason` label: the set is fixed.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotAUrl { .. } => "not_a_url",
            Self::Scheme { .. } => "scheme",
            Self::Host { .. } => "host",
            Self::NotInAllowlist { .. } => "allowlist",
            Self::Port { .. } => "port",
            Self::Address { .. } => "address",
            Self::Closed { .. } => "closed",
            Self::ServerName { .. } => "server_name",
            Self::NotTls { .. } => "not_tls",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback() -> Denied {
        let address = IpAddr::from([127, 0, 0, 1]);
        Denied::Address {
            host: address.to_string(),
            address,
            special: Special::Loopback,
        }
    }

    #[test]
    fn the_message_of_an_address_names_its_kind_and_the_key_to_set() {
        assert_eq!(
            loopback().to_string(),
            "127.0.0.1 is a loopback address; policy.private_networks does not allow it \
             (add \"127.0.0.1/32\" to its list)"
        );
    }

    #[test]
    fn a_name_that_led_to_an_address_is_part_of_the_message() {
        let denied = loopback().reached_by("allowed.test");
        assert_eq!(denied.host(), Some("allowed.test"));
        assert!(
            denied
                .to_string()
                .starts_with("allowed.test leads to 127.0.0.1, which is a loopback address;")
        );
    }

    #[test]
    fn host_and_scheme_are_fields_of_the_refusals_about_them() {
        let scheme = Denied::Scheme {
            scheme: "file".into(),
        };
        assert_eq!((scheme.scheme(), scheme.host()), (Some("file"), None));
        let host = Denied::NotInAllowlist {
            host: "evil.test".into(),
        };
        assert_eq!((host.scheme(), host.host()), (None, Some("evil.test")));
        assert_eq!(
            host.to_string(),
            "evil.test is not in the allowlist (policy.allowlist)"
        );
    }
}
