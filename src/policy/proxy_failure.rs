//! Why a connection through a session's upstream proxy was not made.

use std::time::Duration;

use thiserror::Error;

use super::upstream_rules::UpstreamDenied;

/// A failure of an upstream proxy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the proxy {server} {fault}")]
pub struct ProxyFailure {
    /// `SCHEME://HOST:PORT`, without credentials.
    pub server: String,
    pub fault: ProxyFault,
}

/// What went wrong at the proxy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProxyFault {
    #[error("may not be used: {0}")]
    NotAllowed(UpstreamDenied),
    #[error("has a name that cannot be resolved")]
    Unresolved,
    #[error("cannot be reached ({net})")]
    Unreachable {
        /// Chromium's name of the failure.
        net: &'static str,
    },
    #[error("did not answer within {} ms", .limit.as_millis())]
    TimedOut { limit: Duration },
    #[error("failed at the TLS handshake: {cause}")]
    Tls { cause: String },
    /// 407, or no method of SOCKS5 in common.
    #[error("asks for a user name and a password; give proxy.username and proxy.password")]
    CredentialsWanted { status: u16 },
    #[error("does not accept the user name and the password")]
    CredentialsRefused { status: u16 },
    #[error("refused the connection with HTTP status {status}{}", hint(*.status))]
    HttpStatus { status: u16 },
    #[error("refused the connection with SOCKS5 reply {reply} ({})", socks5_text(*.reply))]
    Socks5Reply { reply: u8 },
    #[error("gave an answer that is not valid: {what}")]
    InvalidAnswer { what: String },
    #[error("closed the connection without an answer")]
    Closed,
}

impl ProxyFault {
    /// The word for programs and for the metric label, from a fixed set.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "notAllowed",
            Self::Unresolved => "unresolved",
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { .. } => "timeout",
            Self::Tls { .. } => "tls",
            Self::CredentialsWanted { .. } | Self::CredentialsRefused { .. } => "authentication",
            Self::HttpStatus { .. } | Self::Socks5Reply { .. } if self.is_of_destination() => {
                "destination"
            }
            Self::HttpStatus { .. } | Self::Socks5Reply { .. } => "refused",
            Self::InvalidAnswer { .. } => "invalidAnswer",
            Self::Closed => "closed",
        }
    }

    /// The HTTP status, or the reply of SOCKS5.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::CredentialsWanted { status }
            | Self::CredentialsRefused { status }
            | Self::HttpStatus { status } => Some(*status),
            Self::Socks5Reply { reply } => Some((*reply).into()),
            _ => None,
        }
    }

    /// Whether the proxy works, but could not reach the server.
    pub fn is_of_destination(&self) -> bool {
        match self {
            Self::HttpStatus { status } => matches!(status, 502..=504),
            // Network or host unreachable, refused, time exceeded, type of address unsupported.
            Self::Socks5Reply { reply } => matches!(reply, 3..=6 | 8),
            _ => false,
        }
    }

    /// Whether the same request cannot succeed later.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::NotAllowed(_) | Self::CredentialsWanted { .. } | Self::CredentialsRefused { .. }
        )
    }
}

/// What to do about a status.
fn hint(status: u16) -> &'static str {
    match status {
        // Many proxies open tunnels to port 443 only.
        403 | 405 => {
            "; if it opens no tunnels to this port, proxy.resolve \"remote\" requests http:// pages without one"
        }
        502..=504 => ": it could not reach the server",
        _ => "",
    }
}

/// RFC 1928, section 6.
fn socks5_text(reply: u8) -> &'static str {
    match reply {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time exceeded",
        7 => "command not supported",
        8 => "type of address not supported",
        _ => "unassigned",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_proxy_and_what_it_answered() {
        let failure = |fault| ProxyFailure {
            server: "http://proxy.test:3128".to_owned(),
            fault,
        };
        let busy = ProxyFault::HttpStatus { status: 503 };
        assert_eq!(
            failure(busy.clone()).to_string(),
            "the proxy http://proxy.test:3128 refused the connection with HTTP status 503: \
             it could not reach the server"
        );
        assert_eq!((busy.reason(), busy.status()), ("destination", Some(503)));
        let denied = ProxyFault::HttpStatus { status: 403 };
        assert_eq!((denied.reason(), denied.is_final()), ("refused", false));
        let socks = ProxyFault::Socks5Reply { reply: 2 };
        assert_eq!(
            socks.to_string(),
            "refused the connection with SOCKS5 reply 2 (not allowed by its rules)"
        );
        let wrong = ProxyFault::CredentialsRefused { status: 407 };
        assert_eq!((wrong.reason(), wrong.is_final()), ("authentication", true));
    }
}
