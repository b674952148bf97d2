//! Where a request wants to go, read strictly.

use hyper::Uri;
use hyper::http::uri::Authority;
use thiserror::Error;

/// A host and a port, as a request names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyTarget {
    /// The host.
    pub host: url::Host<String>,
    /// The port, which is never 0.
    pub port: u16,
}

/// A request that asks for nothing that a proxy could do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidTarget {
    /// Of CONNECT, in another form.
    #[error("CONNECT wants HOST:PORT and nothing else")]
    Connect,
    /// Of any other method, in another form.
    #[error("a request to a proxy names a whole http:// URL")]
    NotAbsolute,
    /// A user name or a password.
    #[error("a user name has no place in what a proxy is asked for")]
    UserInfo,
    /// A host that is none.
    #[error("the host cannot be read")]
    Host,
    /// A port that is none.
    #[error("the port cannot be read")]
    Port,
}

impl ProxyTarget {
    /// Of `CONNECT host:port`.
    pub fn of_connect(uri: &Uri) -> Result<Self, InvalidTarget> {
        let Some(authority) = uri.authority() else {
            return Err(InvalidTarget::Connect);
        };
        if uri.scheme().is_some() || uri.path_and_query().is_some() {
            return Err(InvalidTarget::Connect);
        }
        Self::of(authority, None)
    }

    /// Of `GET http://host/path`.
    pub fn of_absolute(uri: &Uri) -> Result<Self, InvalidTarget> {
        match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(authority)) => Self::of(authority, Some(80)),
            _ => Err(InvalidTarget::NotAbsolute),
        }
    }

    fn of(authority: &Authority, default_port: Option<u16>) -> Result<Self, InvalidTarget> {
        if authority.as_str().contains('@') {
            return Err(InvalidTarget::UserInfo);
        }
        let host = url::Host::parse(authority.host()).map_err(|_| InvalidTarget::Host)?;
        // A port that is there but cannot be read must not count as none.
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

    /// What stands in `Host`.
    pub fn authority(&self) -> String {
        match self.port {
            80 => self.host.to_string(),
            port => format!("{}:{port}", self.host),
        }
    }

    /// The URL of a tunnel to it. What the tunnel is for is not known when it is asked for.
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
        ProxyTarget::of_connect(&text.parse().unwrap())
    }

    fn absolute(text: &str) -> Result<ProxyTarget, InvalidTarget> {
        ProxyTarget::of_absolute(&text.parse().unwrap())
    }

    #[test]
    fn a_tunnel_is_asked_for_by_host_and_port() {
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
    fn a_tunnel_to_anything_else_is_refused() {
        assert_eq!(connect("a.test"), Err(InvalidTarget::Port));
        assert_eq!(connect("a.test:0"), Err(InvalidTarget::Port));
        assert_eq!(connect("a.test:99999"), Err(InvalidTarget::Port));
        assert_eq!(connect("u@a.test:443"), Err(InvalidTarget::UserInfo));
        assert_eq!(connect("http://a.test:443/"), Err(InvalidTarget::Connect));
        assert_eq!(connect("/path"), Err(InvalidTarget::Connect));
    }

    #[test]
    fn a_plain_request_names_a_whole_url() {
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
