//! The address of a bridge (pure).

use std::fmt;
use std::path::PathBuf;

use url::Url;

use super::error::ConnectError;

/// The default port of a bridge.
const DEFAULT_PORT: u16 = 9333;

/// The endpoint to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Host name or IP address, and port.
    Tcp(String, u16),
    /// A unix socket.
    Unix(PathBuf),
}

/// An endpoint, with the parts of the URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) place: Endpoint,
    /// Whether to use TLS.
    pub(super) tls: bool,
    /// Value of the `Host` header.
    authority: String,
    /// Path and query; empty if the address has none.
    path: String,
}

/// Why an address is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    /// A scheme other than ws, wss, http, https and unix.
    #[error("unknown scheme `{0}`")]
    Scheme(String),
    /// The URL has no host.
    #[error("it has no host")]
    NoHost,
    /// `unix:` without a path.
    #[error("it has no socket path")]
    NoSocket,
    /// The URL cannot be parsed.
    #[error(transparent)]
    Url(#[from] url::ParseError),
}

impl Address {
    /// Parses `ws://…`, `wss://…`, `http://…`, `https://…`, `HOST:PORT` or `unix:/PATH`.
    pub fn parse(given: &str) -> Result<Self, ConnectError> {
        Self::read(given.trim()).map_err(|problem| ConnectError::Address {
            given: given.to_owned(),
            problem,
        })
    }

    fn read(given: &str) -> Result<Self, AddressProblem> {
        if let Some(path) = given.strip_prefix("unix:") {
            // `unix:///run/x` and `unix:/run/x` are the same file.
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(AddressProblem::NoSocket);
            }
            return Ok(Self {
                place: Endpoint::Unix(PathBuf::from(path)),
                tls: false,
                authority: "localhost".to_owned(),
                path: String::new(),
            });
        }
        let bare = !given.contains("://");
        let url = if bare {
            Url::parse(&format!("ws://{given}"))?
        } else {
            Url::parse(given)?
        };
        let tls = match url.scheme() {
            "ws" | "http" => false,
            "wss" | "https" => true,
            scheme => return Err(AddressProblem::Scheme(scheme.to_owned())),
        };
        let host = match url.host() {
            Some(url::Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => return Err(AddressProblem::NoHost),
        };
        // The `url` crate drops an explicit port that is the scheme's default (80, 443), so it is looked up in the text.
        let port = url.port().unwrap_or(if bare && !given.contains(":80") {
            DEFAULT_PORT
        } else if tls {
            443
        } else {
            80
        });
        let authority = format!("{}:{port}", url.host_str().unwrap_or(&host));
        let path = match (url.path(), url.query()) {
            ("/", None) => String::new(),
            (path, None) => path.to_owned(),
            (path, Some(query)) => format!("{path}?{query}"),
        };
        Ok(Self {
            place: Endpoint::Tcp(host, port),
            tls,
            authority,
            path,
        })
    }

    /// Host and port for the `Host` header.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// The URL of the WebSocket.
    pub(super) fn websocket(&self) -> String {
        let path = if self.path.is_empty() {
            "/ws"
        } else {
            &self.path
        };
        let scheme = if self.tls { "wss" } else { "ws" };
        format!("{scheme}://{}{path}", self.authority)
    }

    /// The path of the health probe. The WebSocket's path is replaced, so that both commands accept the same address.
    pub(crate) fn health_path(&self) -> &str {
        match self.path.as_str() {
            "" | "/ws" => "/health",
            path => path,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Endpoint::Tcp(..) => f.write_str(&self.authority),
            Endpoint::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Endpoint {
        Endpoint::Tcp(host.to_owned(), port)
    }

    #[test]
    fn every_way_of_writing_an_address_leads_to_the_websocket() {
        let cases = [
            (
                "ws://127.0.0.1:9333",
                tcp("127.0.0.1", 9333),
                "ws://127.0.0.1:9333/ws",
            ),
            (
                "ws://127.0.0.1:9333/ws",
                tcp("127.0.0.1", 9333),
                "ws://127.0.0.1:9333/ws",
            ),
            (
                "http://bridge.test:80/",
                tcp("bridge.test", 80),
                "ws://bridge.test:80/ws",
            ),
            (
                "localhost:1234",
                tcp("localhost", 1234),
                "ws://localhost:1234/ws",
            ),
            ("localhost:80", tcp("localhost", 80), "ws://localhost:80/ws"),
            (
                "localhost",
                tcp("localhost", 9333),
                "ws://localhost:9333/ws",
            ),
            ("[::1]:9333", tcp("::1", 9333), "ws://[::1]:9333/ws"),
            ("wss://h", tcp("h", 443), "wss://h:443/ws"),
            ("https://[::1]:9/", tcp("::1", 9), "wss://[::1]:9/ws"),
            (" ws://h:1/other?x=1 ", tcp("h", 1), "ws://h:1/other?x=1"),
            (
                "unix:/run/b.sock",
                Endpoint::Unix("/run/b.sock".into()),
                "ws://localhost/ws",
            ),
            (
                "unix:///run/b.sock",
                Endpoint::Unix("/run/b.sock".into()),
                "ws://localhost/ws",
            ),
        ];
        for (given, place, websocket) in cases {
            let address = Address::parse(given).unwrap();
            assert_eq!(address.place, place, "{given}");
            assert_eq!(address.websocket(), websocket, "{given}");
        }
    }

    #[test]
    fn the_health_probe_takes_the_same_addresses() {
        for given in [
            "h:1",
            "http://h:1",
            "ws://h:1/ws",
            "unix:/x",
            "http://h:1/health",
        ] {
            assert_eq!(
                Address::parse(given).unwrap().health_path(),
                "/health",
                "{given}"
            );
        }
        assert_eq!(
            Address::parse("http://h:1/readyz").unwrap().health_path(),
            "/readyz"
        );
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        for (given, reason) in [
            ("ftp://h", "scheme `ftp`"),
            ("unix:", "no socket path"),
            ("", "empty host"),
            ("h:99999", "port"),
        ] {
            let error = Address::parse(given).unwrap_err().to_string();
            assert!(error.contains(reason), "{given}: {error}");
            assert!(
                error.contains("unix:/PATH"),
                "it says what was expected: {error}"
            );
        }
    }

    #[test]
    fn a_password_in_the_address_is_not_shown() {
        let address = Address::parse("http://user:secret@h:1").unwrap();
        assert_eq!(address.to_string(), "h:1");
    }
}
