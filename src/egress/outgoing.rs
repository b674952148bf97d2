//! Connections that the daemon makes for itself to servers that a client names, such as receivers of webhooks.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use url::Url;

use super::own_address::is_own;
use super::proxy_tls::ProxyTls;
use super::resolve::{Resolve, SystemResolver};
use crate::policy::{Denied, Destination, EgressPolicy, EgressVerdict, Host, ProxyFault};

/// The most addresses of a host that are tried.
const MAX_ADDRESSES: usize = 4;

/// How long one address is tried, while there are others.
const CONNECT_ONE: Duration = Duration::from_secs(3);

/// A connection; TLS where the URL asks for it.
pub type OutgoingStream = Either<TcpStream, TlsStream<TcpStream>>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// Policy permits none of the addresses, or not the host.
    #[error("the configuration does not allow its address ({})", .0.reason())]
    Denied(Denied),
    #[error("its name cannot be resolved: {0}")]
    Lookup(io::Error),
    #[error("it cannot be reached: {0}")]
    Connect(io::Error),
    #[error("TLS failed: {0}")]
    Tls(ProxyFault),
}

/// Resolves a name once, and connects to an address that policy has checked: DNS cannot give one address to the check
/// and another to the connection.
#[derive(Clone)]
pub struct OutgoingDialer {
    resolver: Arc<dyn Resolve>,
    tls: ProxyTls,
}

impl fmt::Debug for OutgoingDialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingDialer").finish_non_exhaustive()
    }
}

impl Default for OutgoingDialer {
    fn default() -> Self {
        Self::new(Arc::new(SystemResolver))
    }
}

impl OutgoingDialer {
    /// Finds addresses with this.
    pub fn new(resolver: Arc<dyn Resolve>) -> Self {
        Self {
            resolver,
            tls: ProxyTls::default(),
        }
    }

    /// Trusts these authorities instead of the system's.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn trusting(mut self, roots: tokio_rustls::rustls::RootCertStore) -> Self {
        self.tls = ProxyTls::trusting(roots);
        self
    }

    /// Connects to the server of a URL, which has a host and a known port.
    pub async fn dial(
        &self,
        policy: &EgressPolicy,
        url: &Url,
    ) -> Result<OutgoingStream, OutgoingError> {
        let missing = || OutgoingError::Lookup(io::ErrorKind::InvalidInput.into());
        let host = url.host().ok_or_else(missing)?;
        let port = url.port_or_known_default().ok_or_else(missing)?;
        let host = match policy.check_host(&host, port) {
            EgressVerdict::Allowed(host) | EgressVerdict::Reported(host, _) => host,
            EgressVerdict::Denied(denied) => return Err(OutgoingError::Denied(denied)),
        };
        let addresses = self.permitted(policy, &host).await?;
        let stream = connect(&addresses, port).await;
        let stream = stream.map_err(OutgoingError::Connect)?;
        if url.scheme() == "http" {
            return Ok(Either::Left(stream));
        }
        let tls = self.tls.connect(&host, stream).await;
        tls.map(Either::Right).map_err(OutgoingError::Tls)
    }

    async fn permitted(
        &self,
        policy: &EgressPolicy,
        host: &Host,
    ) -> Result<Vec<IpAddr>, OutgoingError> {
        let found = match host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => self
                .resolver
                .resolve(name)
                .await
                .map_err(OutgoingError::Lookup)?,
        };
        let mut refusal = None;
        let mut permitted = Vec::new();
        for address in found {
            let is_own = is_own(address);
            match policy.permits(host, Destination { address, is_own }) {
                Ok(()) => permitted.push(address),
                Err(denied) => refusal = refusal.or(Some(denied)),
            }
        }
        permitted.truncate(MAX_ADDRESSES);
        if permitted.is_empty() {
            let nothing = OutgoingError::Lookup(io::Error::other("it has no address"));
            return Err(refusal.map_or(nothing, OutgoingError::Denied));
        }
        Ok(permitted)
    }
}

/// The caller sets the time limit of the whole.
async fn connect(addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::TimedOut);
    for (number, address) in addresses.iter().enumerate() {
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        let connected = if number + 1 == addresses.len() {
            connecting.await
        } else {
            let connected = timeout(CONNECT_ONE, connecting).await;
            connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        };
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
