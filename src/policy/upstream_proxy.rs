//! The upstream proxy of a session, parsed from what a client sends.
//!
//! No message of an error repeats the server that was given: clients tend to write a password into it.

use std::fmt;

use cdp_bridge_protocol::request::NameResolution;
use thiserror::Error;

use super::host::{Host, HostFault, normalise};
use super::pattern::HostPattern;
use super::pattern_error::PatternError;
use crate::secret::Secret;

/// The most entries of `bypass`.
const MAX_BYPASS: usize = 64;
/// The most bytes of a user name or a password in SOCKS5 (RFC 1929); for HTTP the same.
const MAX_CREDENTIAL: usize = 255;

/// How the bridge speaks to a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyScheme {
    Http,
    /// HTTP over TLS.
    Https,
    Socks5,
}

/// A proxy that a session's connections go through.
#[derive(Clone, PartialEq, Eq)]
pub struct UpstreamProxy {
    scheme: ProxyScheme,
    host: Host,
    port: u16,
    credentials: Option<ProxyCredentials>,
    bypass: Vec<HostPattern>,
    resolution: NameResolution,
}

/// The user name and the password for a proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyCredentials {
    pub username: String,
    pub password: Secret,
}

/// Why a proxy cannot be used as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UpstreamProxyError {
    #[error(
        "must start with http://, https:// or socks5:// (for socks5h:// write socks5:// and \
         resolve \"remote\")"
    )]
    Scheme,
    #[error("must contain no user name and no password; give them as username and password")]
    UserInfo,
    #[error("must end after the port: SCHEME://HOST:PORT")]
    NotOnlyAServer,
    #[error("has an invalid host")]
    Host(#[source] Option<HostFault>),
    #[error("has an invalid port; ports are 1 to 65535")]
    Port,
    #[error("must have 1 to {MAX_CREDENTIAL} bytes, no control characters, and no ':'")]
    Username,
    #[error("must have at most {MAX_CREDENTIAL} bytes and no control characters")]
    Password,
    #[error("needs a username")]
    PasswordAlone,
    #[error("{source}")]
    Bypass { index: usize, source: PatternError },
    #[error("has more than {MAX_BYPASS} entries")]
    TooManyBypassed,
}

impl UpstreamProxyError {
    /// The field of the proxy that is wrong, such as `server` or `bypass[1]`.
    pub fn field(&self) -> String {
        match self {
            Self::Scheme | Self::UserInfo | Self::NotOnlyAServer | Self::Host(_) | Self::Port => {
                "server".to_owned()
            }
            Self::Username => "username".to_owned(),
            Self::Password | Self::PasswordAlone => "password".to_owned(),
            Self::Bypass { index, .. } => format!("bypass[{index}]"),
            Self::TooManyBypassed => "bypass".to_owned(),
        }
    }
}

impl ProxyScheme {
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            "socks5" => Some(Self::Socks5),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
        }
    }

    /// As browsers have them.
    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks5 => 1080,
        }
    }
}

impl UpstreamProxy {
    /// Parses `SCHEME://HOST[:PORT]`.
    pub fn parse(server: &str) -> Result<Self, UpstreamProxyError> {
        let (scheme, rest) = server.split_once("://").ok_or(UpstreamProxyError::Scheme)?;
        let scheme = ProxyScheme::parse(scheme).ok_or(UpstreamProxyError::Scheme)?;
        if rest.contains('@') {
            return Err(UpstreamProxyError::UserInfo);
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '\\', '?', '#', '%']) {
            return Err(UpstreamProxyError::NotOnlyAServer);
        }
        let (host, port) = split_port(authority);
        let host = url::Host::parse(host).map_err(|_| UpstreamProxyError::Host(None))?;
        let host = normalise(&host).map_err(|fault| UpstreamProxyError::Host(Some(fault)))?;
        let port = match port {
            None => scheme.default_port(),
            Some(text) => parse_port(text).ok_or(UpstreamProxyError::Port)?,
        };
        Ok(Self {
            scheme,
            host,
            port,
            credentials: None,
            bypass: Vec::new(),
            resolution: NameResolution::Local,
        })
    }

    /// Adds the user name and the password. A password may be missing or empty.
    pub fn with_credentials(
        mut self,
        username: Option<&str>,
        password: Option<&str>,
    ) -> Result<Self, UpstreamProxyError> {
        let is_bad = |text: &str| text.len() > MAX_CREDENTIAL || text.contains(char::is_control);
        let Some(username) = username else {
            return match password {
                None => Ok(self),
                Some(_) => Err(UpstreamProxyError::PasswordAlone),
            };
        };
        // The first ':' ends the user name in HTTP's Basic scheme.
        if username.is_empty() || is_bad(username) || username.contains(':') {
            return Err(UpstreamProxyError::Username);
        }
        let password = password.unwrap_or_default();
        if is_bad(password) {
            return Err(UpstreamProxyError::Password);
        }
        self.credentials = Some(ProxyCredentials {
            username: username.to_owned(),
            password: Secret::new(password),
        });
        Ok(self)
    }

    /// Hosts that are connected to directly, in the form of the allowlist's entries.
    pub fn with_bypass(mut self, entries: &[String]) -> Result<Self, UpstreamProxyError> {
        if entries.len() > MAX_BYPASS {
            return Err(UpstreamProxyError::TooManyBypassed);
        }
        let parse = |(index, entry): (usize, &String)| {
            HostPattern::parse(entry).map_err(|source| UpstreamProxyError::Bypass { index, source })
        };
        self.bypass = entries
            .iter()
            .enumerate()
            .map(parse)
            .collect::<Result<_, _>>()?;
        Ok(self)
    }

    #[must_use]
    pub fn with_resolution(mut self, resolution: NameResolution) -> Self {
        self.resolution = resolution;
        self
    }

    /// `SCHEME://HOST:PORT`, to be shown.
    pub fn server(&self) -> String {
        format!("{}://{}:{}", self.scheme.as_str(), self.host, self.port)
    }

    pub fn scheme(&self) -> ProxyScheme {
        self.scheme
    }

    /// Normalised.
    pub fn host(&self) -> &Host {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn credentials(&self) -> Option<&ProxyCredentials> {
        self.credentials.as_ref()
    }

    pub fn username(&self) -> Option<&str> {
        self.credentials
            .as_ref()
            .map(|credentials| credentials.username.as_str())
    }

    /// Where the names of servers are resolved.
    pub fn resolution(&self) -> NameResolution {
        self.resolution
    }

    /// The hosts that are connected to directly.
    pub fn bypass(&self) -> &[HostPattern] {
        &self.bypass
    }

    /// Whether a normalised host is connected to directly.
    pub fn bypasses(&self, host: &Host, port: u16) -> bool {
        self.bypass.iter().any(|entry| entry.matches(host, port))
    }
}

impl fmt::Debug for UpstreamProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamProxy")
            .field("server", &self.server())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ProxyCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyCredentials").finish_non_exhaustive()
    }
}

/// Splits at the colon behind the host; an IPv6 address is in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let address_end = authority.rfind(']').map_or(0, |end| end + 1);
    match authority[address_end..].split_once(':') {
        Some((host, port)) => (&authority[..address_end + host.len()], Some(port)),
        None => (authority, None),
    }
}

fn parse_port(text: &str) -> Option<u16> {
    // `u16::from_str` also accepts "+80".
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = is_number.then(|| text.parse().ok()).flatten();
    port.filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn server(text: &str) -> Result<String, UpstreamProxyError> {
        UpstreamProxy::parse(text).map(|proxy| proxy.server())
    }

    fn proxy() -> UpstreamProxy {
        UpstreamProxy::parse("http://proxy.test:3128").unwrap()
    }

    #[test]
    fn a_server_has_a_scheme_a_host_and_perhaps_a_port() {
        for (given, read) in [
            ("http://Proxy.Test.:3128", "http://proxy.test:3128"),
            ("HTTP://proxy.test/", "http://proxy.test:80"),
            ("https://proxy.test", "https://proxy.test:443"),
            ("socks5://10.0.0.1", "socks5://10.0.0.1:1080"),
            ("socks5://0x7f.1:9", "socks5://127.0.0.1:9"),
            ("socks5://[::1]:1080", "socks5://[::1]:1080"),
            ("http://[::ffff:127.0.0.1]", "http://127.0.0.1:80"),
        ] {
            assert_eq!(server(given).as_deref(), Ok(read), "{given}");
        }
    }

    #[test]
    fn everything_else_is_an_error_of_the_server() {
        type Check = fn(&UpstreamProxyError) -> bool;
        let table: [(&str, Check); 14] = [
            ("proxy.test:3128", |e| {
                matches!(e, UpstreamProxyError::Scheme)
            }),
            ("socks4://proxy.test", |e| {
                matches!(e, UpstreamProxyError::Scheme)
            }),
            ("socks5h://proxy.test", |e| {
                matches!(e, UpstreamProxyError::Scheme)
            }),
            ("http://u:p@proxy.test", |e| {
                matches!(e, UpstreamProxyError::UserInfo)
            }),
            ("http://proxy.test/x@y", |e| {
                matches!(e, UpstreamProxyError::UserInfo)
            }),
            ("http://proxy.test:80/path", |e| {
                matches!(e, UpstreamProxyError::NotOnlyAServer)
            }),
            ("http://proxy.test?x", |e| {
                matches!(e, UpstreamProxyError::NotOnlyAServer)
            }),
            ("http://", |e| matches!(e, UpstreamProxyError::Host(_))),
            ("http://a..b", |e| matches!(e, UpstreamProxyError::Host(_))),
            ("http://1.2.3.256", |e| {
                matches!(e, UpstreamProxyError::Host(_))
            }),
            ("http://::1:80", |e| {
                matches!(e, UpstreamProxyError::Host(_))
            }),
            ("http://proxy.test:0", |e| {
                matches!(e, UpstreamProxyError::Port)
            }),
            ("http://proxy.test:+80", |e| {
                matches!(e, UpstreamProxyError::Port)
            }),
            ("http://proxy.test:", |e| {
                matches!(e, UpstreamProxyError::Port)
            }),
        ];
        for (text, is_expected) in table {
            let error = UpstreamProxy::parse(text).unwrap_err();
            assert!(is_expected(&error), "{text:?} gave {error:?}");
            assert_eq!(error.field(), "server");
        }
    }

    #[test]
    fn credentials_fit_both_http_and_socks5() {
        let with = |username, password| proxy().with_credentials(username, password);
        assert_eq!(with(None, None).unwrap().username(), None);
        assert_eq!(with(Some("u"), None).unwrap().username(), Some("u"));
        assert!(with(Some("ü"), Some("p:w")).is_ok());
        let (long, fits) = ("x".repeat(256), "x".repeat(255));
        assert!(with(Some(&fits), Some(&fits)).is_ok());
        for (username, password, field) in [
            (None, Some("p"), "password"),
            (Some(""), Some("p"), "username"),
            (Some("a:b"), Some("p"), "username"),
            (Some("a\r\nX: y"), Some("p"), "username"),
            (Some("u"), Some("a\nb"), "password"),
            (Some("u"), Some(long.as_str()), "password"),
            (Some(long.as_str()), None, "username"),
        ] {
            assert_eq!(with(username, password).unwrap_err().field(), field);
        }
    }

    #[test]
    fn bypassed_hosts_are_written_as_in_the_allowlist() {
        let proxy = proxy().with_bypass(&["near.test".to_owned(), "10.0.0.0/8".to_owned()]);
        let proxy = proxy.unwrap();
        let bypasses = |host: &str| proxy.bypasses(&url::Host::parse(host).unwrap(), 80);
        assert!(bypasses("www.near.test") && bypasses("10.1.1.1"));
        assert!(!bypasses("far.test"));
        let wrong = self::proxy().with_bypass(&["a.test".to_owned(), "*.b.test".to_owned()]);
        assert_eq!(wrong.unwrap_err().field(), "bypass[1]");
        let many = vec!["a.test".to_owned(); MAX_BYPASS + 1];
        assert_eq!(
            self::proxy().with_bypass(&many).unwrap_err().field(),
            "bypass"
        );
    }

    #[test]
    fn no_credentials_are_shown() {
        let proxy = proxy().with_credentials(Some("canary-user"), Some("canary-word"));
        let proxy = proxy.unwrap();
        let shown = format!("{proxy:?} {:?} {}", proxy.credentials(), proxy.server());
        assert!(!shown.contains("canary"), "{shown}");
        let error = UpstreamProxy::parse("http://u:canary@proxy.test").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    proptest! {
        #[test]
        fn whatever_parses_reads_back_from_its_server(
            text in "(http|https|socks5)://[a-zA-Z0-9.:/@\\[\\]-]{0,24}"
        ) {
            if let Ok(proxy) = UpstreamProxy::parse(&text) {
                prop_assert_eq!(UpstreamProxy::parse(&proxy.server()), Ok(proxy));
            }
        }
    }
}
