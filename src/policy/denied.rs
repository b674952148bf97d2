//! Why a request was denied, and which configuration key would allow it.

use std::net::IpAddr;

use thiserror::Error;

use super::address::Special;
use super::host::HostFault;

/// Why a URL, a host or an address was denied. Messages contain no secrets: no user names,
/// passwords, queries or fragments.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Denied {
    #[error("{url:?} is not a URL ({source}); give an absolute http or https URL")]
    NotAUrl {
        /// Redacted.
        url: String,
        source: url::ParseError,
    },
    /// Neither `http`, nor `https`, nor exactly `about:blank`.
    #[error("the scheme {scheme:?} is not allowed; only http, https and exactly about:blank are")]
    Scheme {
        /// In lower case, shortened.
        scheme: String,
    },
    /// URL parsers may disagree on the host, so it cannot be compared safely.
    #[error("{host:?} is not accepted as a host: {source}")]
    Host {
        /// Shortened.
        host: String,
        source: HostFault,
    },
    #[error("{host} is not in the allowlist (policy.allowlist)")]
    NotInAllowlist { host: String },
    /// The client may go there, its session may not.
    #[error("{host} is not in the allowlist of its session (createSession: allowlist)")]
    NotInSession { host: String },
    /// The allowlist has the host, but only with other ports.
    #[error(
        "{host} is in the allowlist, but not with port {port}; \
         add {host}:{port} to policy.allowlist"
    )]
    Port { host: String, port: u16 },
    /// The host is, or resolves to, an address outside the public internet.
    #[error(
        "{}; policy.private_networks does not allow it (add \"{}/{}\" to its list)",
        describe(host, *address, *special),
        address,
        if address.is_ipv4() { 32 } else { 128 }
    )]
    Address {
        /// The name that resolved to the address, or the address itself.
        host: String,
        /// An IPv4-mapped address is given as IPv4.
        address: IpAddr,
        special: Special,
    },
    /// Requests outside of every client's tabs are all denied.
    #[error(
        "{host} was requested outside of every tab, or for a client that was removed from the \
         configuration; no requests are allowed there"
    )]
    Closed { host: String },
    /// The server name of the TLS handshake is missing, or is not the requested host.
    #[error(
        "the TLS handshake has {}, but the connection was requested for {host}",
        named.as_ref().map_or("no server name".to_owned(), |name| format!("the server name {name:?}"))
    )]
    ServerName {
        host: String,
        /// Shortened.
        named: Option<String>,
    },
    #[error("the data sent to {host} does not start with a valid TLS handshake")]
    NotTls { host: String },
}

fn describe(host: &str, address: IpAddr, special: Special) -> String {
    if host == address.to_string() {
        format!("{address} is {special}")
    } else {
        format!("{host} resolves to {address}, which is {special}")
    }
}

impl Denied {
    /// The denied host, if the denial is about a host.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::NotAUrl { .. } | Self::Scheme { .. } => None,
            Self::Host { host, .. }
            | Self::NotInAllowlist { host }
            | Self::NotInSession { host }
            | Self::Port { host, .. }
            | Self::Address { host, .. }
            | Self::Closed { host }
            | Self::ServerName { host, .. }
            | Self::NotTls { host } => Some(host),
        }
    }

    /// The denied scheme, if the denial is about the scheme.
    pub fn scheme(&self) -> Option<&str> {
        match self {
            Self::Scheme { scheme } => Some(scheme),
            _ => None,
        }
    }

    /// Whether only the allowlist denied it: report mode lets that through.
    pub fn is_of_allowlist(&self) -> bool {
        matches!(
            self,
            Self::NotInAllowlist { .. }
                | Self::Port { .. }
                | Self::ServerName { .. }
                | Self::NotTls { .. }
        )
    }

    /// Adds the name that resolved to a denied address, so that the message contains both.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        if let Self::Address { host, .. } = &mut self {
            name.clone_into(host);
        }
        self
    }

    /// The value of the metric label `reason`, from a fixed set.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotAUrl { .. } => "not_a_url",
            Self::Scheme { .. } => "scheme",
            Self::Host { .. } => "host",
            Self::NotInAllowlist { .. } => "allowlist",
            Self::NotInSession { .. } => "session",
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
    fn the_message_contains_the_name_that_resolved_to_the_address() {
        let denied = loopback().with_name("allowed.test");
        assert_eq!(denied.host(), Some("allowed.test"));
        assert!(
            denied
                .to_string()
                .starts_with("allowed.test resolves to 127.0.0.1, which is a loopback address;")
        );
    }

    #[test]
    fn denials_of_hosts_and_schemes_have_them_as_fields() {
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
