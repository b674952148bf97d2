//! Parses the target of a proxy request, strictly.

use hyper::Uri;
use hyper::http::uri::Authority;
use thiserror::Error;

/// The host and port of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyTarget {
    pub host: url::Host<String>,
    /// Never 0.
    pub port: u16,
}

/// A request target that a proxy cannot serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidTarget {
    #[error("CONNECT takes HOST:PORT and nothing else")]
    Connect,
    #[error("a request to a proxy takes an absolute http:// URL")]
    NotAbsolute,
    #[error("a user name or password in the request target is not accepted")]
    UserInfo,
    #[error("the host is invalid")]
    Host,
    #[error("the port is missing or invalid")]
    Port,
}

impl ProxyTarget {
    /// Parses the target of `CONNECT host:port`.
    pub fn from_connect(uri: &Uri) -> Result<Self, InvalidTarget> {
        let Some(authority) = uri.authority() else {
            return Err(InvalidTarget::Connect);
        };
        if uri.scheme().is_some() || uri.path_and_query().is_some() {
            return Err(InvalidTarget::Connect);
        }
        Self::from_authority(authority, None)
    }

    /// Parses the target of `GET http://host/path`.
    pub fn from_absolute(uri: &Uri) -> Result<Self, InvalidTarget> {
        match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(authority)) => Self::from_authority(authority, Some(80)),
            _ => Err(InvalidTarget::NotAbsolute),
        }
    }

    fn from_authority(
        authority: &Authority,
        default_port: Option<u16>,
    ) -> Result<Self, InvalidTarget> {
        if authority.as_str().contains('@') {
            return Err(InvalidTarget::UserInfo);
        }
        let host = url::Host::parse(authority.host()).map_err(|_| InvalidTarget::Host)?;
        // An invalid port must not be treated as a missing one.
        let rest = &authority.as_str()[authority.host().len()..];
        let port = match (rest.strip_prefix(':'), default_port) {
            (None, Some(port)) if rest.is_empty() => port,
            (Some(digits), _) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| InvalidTarget::Port)?
            }
            _ => return Err(InvalidTarget::Port),
        };
        if port == 0 {
            return Err(InvalidTarget::Port);
        }
        Ok(Self { host, port })
    }

    /// The value of the `Host` header.
    pub fn authority(&self) -> String {
        match self.port {
            80 => self.host.to_string(),
            port => format!("{}:{port}", self.host),
        }
    }

    /// The URL under which a tunnel is checked and reported; its real purpose is unknown.
    pub fn tunnel_url(&self) -> String {
        match self.port {
            443 => format!("https://{}/", self.host),
            port => format!("https://{}:{port}/", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect(text: &str) -> Result<ProxyTarget, InvalidTarget> {
        ProxyTarget::from_connect(&text.parse().unwrap())
    }

    fn absolute(text: &str) -> Result<ProxyTarget, InvalidTarget> {
        ProxyTarget::from_absolute(&text.parse().unwrap())
    }

    #[test]
    fn connect_takes_a_host_and_a_port() {
        let target = connect("A.test:443").unwrap();
        assert_eq!(
            (target.host.to_string(), target.port),
            ("a.test".into(), 443)
        );
        assert_eq!(target.tunnel_url(), "https://a.test/");
        let target = connect("[::1]:8443").unwrap();
        assert_eq!(target.tunnel_url(), "https://[::1]:8443/");
        let target = connect("2130706433:80").unwrap();
        assert_eq!(target.host.to_string(), "127.0.0.1");
    }

    #[test]
    fn connect_rejects_everything_else() {
        assert_eq!(connect("a.test"), Err(InvalidTarget::Port));
        assert_eq!(connect("a.test:0"), Err(InvalidTarget::Port));
        assert_eq!(connect("a.test:99999"), Err(InvalidTarget::Port));
        assert_eq!(connect("u@a.test:443"), Err(InvalidTarget::UserInfo));
        assert_eq!(connect("http://a.test:443/"), Err(InvalidTarget::Connect));
        assert_eq!(connect("/path"), Err(InvalidTarget::Connect));
    }

    #[test]
    fn a_plain_request_takes_an_absolute_url() {
        let target = absolute("http://a.test/b?c").unwrap();
        assert_eq!((target.authority(), target.port), ("a.test".into(), 80));
        let target = absolute("http://a.test:8080/").unwrap();
        assert_eq!(target.authority(), "a.test:8080");
        assert_eq!(absolute("https://a.test/"), Err(InvalidTarget::NotAbsolute));
        assert_eq!(absolute("/b"), Err(InvalidTarget::NotAbsolute));
        assert_eq!(absolute("http://u:p@a.test/"), Err(InvalidTarget::UserInfo));
        assert_eq!(absolute("http://1.2.3.256/"), Err(InvalidTarget::Host));
    }
}
