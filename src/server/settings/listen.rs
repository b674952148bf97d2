//! The address of the server: `127.0.0.1:9333` or `unix:/path`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Listen {
    /// A TCP address; port 0 picks a free port.
    Tcp(SocketAddr),
    /// The path of a unix socket.
    Unix(PathBuf),
}

impl Listen {
    /// Whether only this machine can reach the address.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => true,
        }
    }

    /// The same host with another port; a unix socket becomes the loopback address.
    pub(crate) fn with_port(&self, port: u16) -> Self {
        match self {
            Self::Tcp(address) => Self::Tcp(SocketAddr::new(address.ip(), port)),
            Self::Unix(_) => Self::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)),
        }
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9333))
    }
}

/// A text is not an address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an address; expected IP:PORT such as \"127.0.0.1:9333\", or \"unix:/path\"")]
pub struct NotAListenAddress;

impl FromStr for Listen {
    type Err = NotAListenAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match path {
                "" => Err(NotAListenAddress),
                path => Ok(Self::Unix(PathBuf::from(path))),
            };
        }
        // The only name that is the same on every machine, so that no resolver is needed here.
        if let Some(port) = text.strip_prefix("localhost:") {
            let port = port.parse().map_err(|_| NotAListenAddress)?;
            return Ok(Self::default().with_port(port));
        }
        text.parse().map(Self::Tcp).map_err(|_| NotAListenAddress)
    }
}

impl TryFrom<String> for Listen {
    type Error = NotAListenAddress;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

impl JsonSchema for Listen {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Listen".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(unix:.+|.+:[0-9]+)$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_back() {
        for text in [
            "127.0.0.1:9333",
            "[::1]:0",
            "0.0.0.0:80",
            "unix:/run/bridge.sock",
        ] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        assert_eq!(
            "localhost:1".parse::<Listen>().unwrap().to_string(),
            "127.0.0.1:1"
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "9333",
            ":9333",
            "127.0.0.1",
            "unix:",
            "example.com:80",
            "1.2.3.4:70000",
        ] {
            assert_eq!(text.parse::<Listen>(), Err(NotAListenAddress), "{text}");
        }
    }

    #[test]
    fn loopback_and_unix_sockets_are_local() {
        let local = |text: &str| text.parse::<Listen>().unwrap().is_local();
        assert!(local("127.0.0.2:1"));
        assert!(local("[::1]:1"));
        assert!(local("[::ffff:127.0.0.1]:1"));
        assert!(local("unix:/a"));
        assert!(!local("0.0.0.0:1"));
        assert!(!local("[::]:1"));
        assert!(!local("192.168.1.4:1"));
    }
}
