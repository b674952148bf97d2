//! Checks `Host` and `Origin` of every HTTP request and every upgrade, so that neither another site's page nor
//! a name that resolves to this machine (DNS rebinding) reaches the bridge.

use std::net::IpAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Uri};
use url::Url;

use crate::server::problem::HttpCode;
use crate::server::settings::{Listen, is_loopback};

/// The allowed hosts and origins.
#[derive(Debug, Clone)]
pub struct HostOriginCheck {
    bound: Option<IpAddr>,
    hosts: Vec<Authority>,
    origins: Vec<String>,
}

/// A request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostOriginError {
    /// `Host` is missing, repeated or malformed.
    #[error("the request needs exactly one Host header")]
    BadHost,
    /// A `Host` that is not this server's.
    #[error(
        "`{0}` is not a name of this server; add it to server.allowed_hosts if it should be one"
    )]
    WrongHost(String),
    /// An `Origin` that is not allowed.
    #[error(
        "pages of {0} may not connect; add the origin to server.allowed_origins if they should"
    )]
    WrongOrigin(String),
    /// A page of another site loads something without saying which site it is.
    #[error(
        "pages of other sites may not load this; one whose origin is in server.allowed_origins may fetch it"
    )]
    OtherSite,
}

impl HostOriginError {
    /// The code that answers it.
    pub fn code(&self) -> HttpCode {
        match self {
            Self::BadHost => HttpCode::BadHost,
            Self::WrongHost(_) => HttpCode::WrongHost,
            Self::WrongOrigin(_) | Self::OtherSite => HttpCode::WrongOrigin,
        }
    }

    /// The label of its counter.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::BadHost | Self::WrongHost(_) => "host",
            Self::WrongOrigin(_) | Self::OtherSite => "origin",
        }
    }
}

/// A host with or without a port.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Authority {
    host: Host,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Name(String),
    Address(IpAddr),
}

impl HostOriginCheck {
    /// The check of a server that listens here.
    pub fn new(listen: &Listen, hosts: &[String], origins: &[String]) -> Self {
        Self {
            bound: match listen {
                Listen::Tcp(address) => Some(address.ip().to_canonical()),
                Listen::Unix(_) => None,
            },
            hosts: hosts
                .iter()
                .filter_map(|host| Authority::parse(host))
                .collect(),
            origins: origins.iter().map(|origin| normal_origin(origin)).collect(),
        }
    }

    /// Checks the host first, then the origin.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), HostOriginError> {
        self.check_host(uri, headers)?;
        self.check_origin(headers)
    }

    fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), HostOriginError> {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(HostOriginError::BadHost);
        };
        let host = host.to_str().map_err(|_| HostOriginError::BadHost)?;
        // A request line in absolute form names the host too, and would take precedence.
        let in_uri = uri.authority().map(axum::http::uri::Authority::as_str);
        for text in in_uri.into_iter().chain([host]) {
            let authority = Authority::parse(text).ok_or(HostOriginError::BadHost)?;
            if !self.knows(&authority) {
                return Err(HostOriginError::WrongHost(clip(text)));
            }
        }
        Ok(())
    }

    fn knows(&self, authority: &Authority) -> bool {
        let ours = match &authority.host {
            Host::Name(name) => name == "localhost",
            // A server bound to every address cannot list them. Accepting any address is safe, because only a
            // name can be made to resolve to this machine by others.
            Host::Address(ip) => {
                is_loopback(*ip)
                    || self
                        .bound
                        .is_some_and(|bound| bound == *ip || bound.is_unspecified())
            }
        };
        ours || self.hosts.iter().any(|allowed| {
            allowed.host == authority.host
                && (allowed.port.is_none() || allowed.port == authority.port)
        })
    }

    fn check_origin(&self, headers: &HeaderMap) -> Result<(), HostOriginError> {
        for origin in headers.get_all(ORIGIN) {
            let text = String::from_utf8_lossy(origin.as_bytes());
            if !self.origins.contains(&normal_origin(&text)) {
                return Err(HostOriginError::WrongOrigin(shown_origin(&text)));
            }
        }
        if !headers.contains_key(ORIGIN) && loads_for_other_site(headers) {
            return Err(HostOriginError::OtherSite);
        }
        Ok(())
    }
}

impl Authority {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                let ip: IpAddr = address.parse().ok().filter(IpAddr::is_ipv6)?;
                let port = match port {
                    "" => None,
                    port => Some(port.strip_prefix(':')?),
                };
                (Host::Address(ip.to_canonical()), port)
            }
            None => match text.split_once(':') {
                Some((host, port)) => (Host::parse(host)?, Some(port)),
                None => (Host::parse(text)?, None),
            },
        };
        let port = port.map(str::parse).transpose().ok()?;
        Some(Self { host, port })
    }
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(ip) = text.parse() {
            return Some(Self::Address(ip));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        (!name.is_empty() && name.bytes().all(plain)).then(|| Self::Name(name.to_ascii_lowercase()))
    }
}

/// Whether a web browser loads this for a page of another site, such as a picture or a frame: such requests have no `Origin`,
/// but what a page may not read it could still measure, and let the bridge work for it. A link that a person follows is no
/// such request.
fn loads_for_other_site(headers: &HeaderMap) -> bool {
    let is = |name: &str, values: &[&str]| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| values.contains(&value))
    };
    let is_link = is("sec-fetch-mode", &["navigate"]) && is("sec-fetch-dest", &["document"]);
    is("sec-fetch-site", &["cross-site", "same-site"]) && !is_link
}

/// Normalizes an origin: `https://a.example:443` becomes `https://a.example`. Origins without a host, such as
/// `null` or an extension's, are compared as text.
fn normal_origin(text: &str) -> String {
    let text = text.trim();
    let normal = Url::parse(text).ok().and_then(|url| {
        let origin = url.origin().ascii_serialization();
        // Without user, path, query and fragment.
        (url.as_str() == format!("{origin}/")).then_some(origin)
    });
    normal.unwrap_or_else(|| text.to_owned())
}

/// An origin as it may appear in an answer and in the log: a client that is not a browser might send
/// credentials or a query in it.
fn shown_origin(text: &str) -> String {
    match Url::parse(text.trim()) {
        Ok(url) if url.has_host() => {
            let host = url.host_str().unwrap_or_default();
            let port = url.port().map(|port| format!(":{port}"));
            let origin = format!("{}://{host}{}", url.scheme(), port.unwrap_or_default());
            format!("`{}`", clip(&origin))
        }
        _ if text.trim() == "null" => "`null`".to_owned(),
        _ => "an invalid origin".to_owned(),
    }
}

/// Shortens a client's text and drops control characters, for a message.
fn clip(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn edge(listen: &str) -> HostOriginCheck {
        HostOriginCheck::new(
            &Listen::Tcp(listen.parse().unwrap()),
            &["bridge.example".to_owned(), "other.example:8080".to_owned()],
            &[
                "https://app.example".to_owned(),
                "http://localhost:3000".to_owned(),
                "chrome-extension://abc".to_owned(),
            ],
        )
    }

    fn check(
        edge: &HostOriginCheck,
        pairs: &[(&'static str, &'static str)],
    ) -> Result<(), HostOriginError> {
        let headers = pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        edge.check(&Uri::from_static("/health"), &headers)
    }

    #[test]
    fn loopback_names_the_bound_address_and_configured_names_are_let_in() {
        let edge = edge("10.1.2.3:9333");
        for host in [
            "localhost",
            "LOCALHOST:9333",
            "localhost.:1",
            "127.0.0.1",
            "127.0.0.1:9333",
            "127.8.8.8",
            "[::1]",
            "[::1]:9333",
            "10.1.2.3:9333",
            "bridge.example",
            "Bridge.Example:4444",
            "other.example:8080",
        ] {
            assert_eq!(check(&edge, &[("host", host)]), Ok(()), "{host}");
        }
    }

    #[test]
    fn other_names_are_misdirected() {
        let edge = edge("10.1.2.3:9333");
        for host in [
            "evil.test",
            "localhost.evil.test",
            "xlocalhost",
            "10.1.2.4",
            "other.example",
            "other.example:8081",
            "[2001:db8::1]",
            "0.0.0.0",
        ] {
            let error = check(&edge, &[("host", host)]).unwrap_err();
            assert_eq!((error.code().status().as_u16(), host), (421, host));
        }
    }

    #[test]
    fn a_missing_a_second_or_an_unreadable_host_is_a_bad_request() {
        let edge = edge("127.0.0.1:9333");
        for pairs in [
            &[][..],
            &[("host", "localhost"), ("host", "localhost")],
            &[("host", "")],
            &[("host", "localhost:http")],
            &[("host", "localhost:99999")],
            &[("host", "user@localhost")],
            &[("host", "[::1")],
            &[("host", "::1")],
        ] {
            assert_eq!(
                check(&edge, pairs),
                Err(HostOriginError::BadHost),
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn a_full_url_in_the_request_line_is_held_against_the_rules_too() {
        let edge = edge("127.0.0.1:9333");
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        let uri = Uri::from_static("http://evil.test/health");
        assert_eq!(
            edge.check(&uri, &headers)
                .unwrap_err()
                .code()
                .status()
                .as_u16(),
            421
        );
    }

    #[test]
    fn a_server_on_every_address_answers_to_any_address_but_to_no_name() {
        let edge = edge("0.0.0.0:9333");
        assert_eq!(check(&edge, &[("host", "192.168.7.7:9333")]), Ok(()));
        assert_eq!(
            check(&edge, &[("host", "rebound.test:9333")])
                .unwrap_err()
                .code()
                .status()
                .as_u16(),
            421
        );
    }

    #[test]
    fn an_origin_must_be_allowed_exactly() {
        let edge = edge("127.0.0.1:9333");
        for origin in [
            "https://app.example",
            "https://app.example:443",
            "HTTPS://APP.example",
            "http://localhost:3000",
            "chrome-extension://abc",
        ] {
            let result = check(&edge, &[("host", "localhost"), ("origin", origin)]);
            assert_eq!(result, Ok(()), "{origin}");
        }
        for origin in [
            "http://app.example",
            "https://app.example:444",
            "https://app.example.evil.test",
            "https://sub.app.example",
            "https://user@app.example",
            "http://localhost",
            "http://127.0.0.1:9333",
            "chrome-extension://abcd",
            "null",
            "file://",
            "",
        ] {
            let error = check(&edge, &[("host", "localhost"), ("origin", origin)]).unwrap_err();
            assert_eq!((error.code().status().as_u16(), origin), (403, origin));
        }
    }

    #[test]
    fn another_site_loads_nothing_but_may_link() {
        let edge = edge("127.0.0.1:9333");
        let of = |site: &'static str, mode: &'static str, dest: &'static str| {
            [
                ("host", "localhost"),
                ("sec-fetch-site", site),
                ("sec-fetch-mode", mode),
                ("sec-fetch-dest", dest),
            ]
        };
        for site in ["cross-site", "same-site"] {
            for (mode, dest) in [
                ("no-cors", "image"),
                ("navigate", "iframe"),
                ("cors", "empty"),
            ] {
                let error = check(&edge, &of(site, mode, dest)).unwrap_err();
                assert_eq!(error, HostOriginError::OtherSite, "{site} {mode} {dest}");
                assert_eq!(error.code().status().as_u16(), 403);
            }
            assert_eq!(check(&edge, &of(site, "navigate", "document")), Ok(()));
        }
        for site in ["none", "same-origin"] {
            assert_eq!(
                check(&edge, &of(site, "no-cors", "image")),
                Ok(()),
                "{site}"
            );
        }
        let mut allowed = of("cross-site", "cors", "empty").to_vec();
        allowed.push(("origin", "https://app.example"));
        assert_eq!(check(&edge, &allowed), Ok(()));
    }

    #[test]
    fn a_refused_origin_is_named_without_what_else_came_in_it() {
        let edge = edge("127.0.0.1:9333");
        for (origin, named) in [
            (
                "https://u:secret@evil.test:8/p?secret#secret",
                "`https://evil.test:8`",
            ),
            (
                "moz-extension://secret-free",
                "`moz-extension://secret-free`",
            ),
            ("null", "`null`"),
            ("secret", "an invalid origin"),
            ("data:secret", "an invalid origin"),
        ] {
            let error = check(&edge, &[("host", "localhost"), ("origin", origin)]).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
            assert!(!error.to_string().contains("secret@") && !error.to_string().contains('?'));
        }
    }

    #[test]
    fn several_origins_must_all_be_allowed() {
        let edge = edge("127.0.0.1:9333");
        let error = check(
            &edge,
            &[
                ("host", "localhost"),
                ("origin", "https://app.example"),
                ("origin", "https://evil.test"),
            ],
        );
        assert_eq!(error.unwrap_err().code().status().as_u16(), 403);
    }
}
