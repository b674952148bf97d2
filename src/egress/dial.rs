//! Resolves a host and connects to an address that policy has checked.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::lookups::ProxyLookups;
use super::route::ConnectionPath;
use super::service::Egress;
use super::upstream_dial;
use crate::policy::{Denied, Destination, EgressPolicy, Host, ProxyFailure, UpstreamProxy};

/// The most addresses of a host that are tried.
const MAX_ADDRESSES: usize = 8;

/// TLS is spoken only to upstream proxies with `https://`.
pub(super) type ServerStream = Either<TcpStream, TlsStream<TcpStream>>;

/// A connection to the server that a page wants, or to the proxy that forwards to it.
#[derive(Debug)]
pub(super) struct Dialled {
    pub(super) stream: ServerStream,
    pub(super) path: ConnectionPath,
    pub(super) form: RequestForm,
}

/// How a plain HTTP request is written on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestForm {
    /// The path of its URL: the peer is the server.
    Origin,
    /// Its whole URL: the peer is a proxy.
    Absolute,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Tunnel,
    PlainRequests,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DialError {
    /// Policy permits none of the host's addresses.
    Denied(Denied),
    /// The network failed; named by Chromium's error code.
    Failed(&'static str),
    /// The upstream proxy failed.
    Proxy(ProxyFailure),
}

const NOT_RESOLVED: &str = "net::ERR_NAME_NOT_RESOLVED";
const DNS_TIMED_OUT: &str = "net::ERR_DNS_TIMED_OUT";
const TIMED_OUT: &str = "net::ERR_CONNECTION_TIMED_OUT";

/// Finds names and addresses for one proxy of the bridge, and connects to them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connector<'a> {
    pub(super) policy: &'a EgressPolicy,
    pub(super) lookups: &'a ProxyLookups,
    pub(super) egress: &'a Egress,
}

impl Connector<'_> {
    /// Connects to a host that [`EgressPolicy::check_host`] allows: through the upstream proxy, or directly where
    /// there is none or it is bypassed.
    pub(super) async fn dial(
        self,
        upstream: Option<&Arc<UpstreamProxy>>,
        purpose: Purpose,
        host: &Host,
        port: u16,
    ) -> Result<Dialled, DialError> {
        match upstream {
            Some(proxy) if !proxy.bypasses(host, port) => {
                upstream_dial::dial(self, proxy, purpose, host, port).await
            }
            _ => self.dial_directly(host, port).await,
        }
    }

    async fn dial_directly(self, host: &Host, port: u16) -> Result<Dialled, DialError> {
        let permitted = self.permitted_addresses(host).await?;
        let deadline = Instant::now() + self.egress.limits.connect_timeout;
        let connected = self.connect(permitted, port, deadline).await;
        let (stream, destination) = connected.map_err(DialError::Failed)?;
        Ok(Dialled {
            stream: Either::Left(stream),
            path: ConnectionPath {
                destination: Some(destination),
                upstream: None,
            },
            form: RequestForm::Origin,
        })
    }

    /// The addresses of a host that policy permits, at least one. The name is resolved once, and the addresses
    /// that are checked are the ones that are connected to (no DNS rebinding).
    pub(super) async fn permitted_addresses(
        self,
        host: &Host,
    ) -> Result<Vec<Destination>, DialError> {
        let found = self.addresses(host).await.map_err(DialError::Failed)?;
        let mut refusal = None;
        let mut permitted = Vec::new();
        for destination in found {
            match self.policy.permits(host, destination) {
                Ok(()) => permitted.push(destination),
                Err(denied) => refusal = refusal.or(Some(denied)),
            }
        }
        permitted.truncate(MAX_ADDRESSES);
        if permitted.is_empty() {
            return Err(refusal.map_or(DialError::Failed(NOT_RESOLVED), DialError::Denied));
        }
        Ok(permitted)
    }

    /// The addresses of a host, whatever policy says of them.
    pub(super) async fn addresses(self, host: &Host) -> Result<Vec<Destination>, &'static str> {
        let addresses = match host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => match self.policy.pinned(name) {
                Some(address) => vec![address],
                None => self.resolve(name).await?,
            },
        };
        let destination = |address| Destination {
            address,
            is_own: (self.egress.is_own_address)(address),
        };
        Ok(addresses.into_iter().map(destination).collect())
    }

    async fn resolve(self, name: &str) -> Result<Vec<IpAddr>, &'static str> {
        let limit = self.egress.limits.resolve_timeout;
        match timeout(limit, self.lookups.resolve(name)).await {
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(error)) => {
                tracing::debug!(name, %error, "DNS lookup failed");
                Err(NOT_RESOLVED)
            }
            Err(_) => Err(DNS_TIMED_OUT),
        }
    }

    /// Connects to the first of these addresses that accepts.
    pub(super) async fn connect(
        self,
        addresses: Vec<Destination>,
        port: u16,
        deadline: Instant,
    ) -> Result<(TcpStream, Destination), &'static str> {
        let mut last = TIMED_OUT;
        let tries = addresses.len();
        for (number, destination) in addresses.into_iter().enumerate() {
            let until = if number + 1 == tries {
                deadline
            } else {
                deadline.min(Instant::now() + self.egress.limits.connect_one_timeout)
            };
            let connecting = TcpStream::connect(SocketAddr::new(destination.address, port));
            match timeout_at(until, connecting).await {
                Ok(Ok(stream)) => {
                    // The proxy writes whole messages: Nagle's algorithm would only delay them.
                    let _ = stream.set_nodelay(true);
                    return Ok((stream, destination));
                }
                Ok(Err(error)) => last = chromium_error(&error),
                Err(_) => last = TIMED_OUT,
            }
        }
        Err(last)
    }
}

/// Chromium's error code for a failed connection.
fn chromium_error(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "net::ERR_CONNECTION_REFUSED",
        io::ErrorKind::ConnectionReset => "net::ERR_CONNECTION_RESET",
        io::ErrorKind::TimedOut => "net::ERR_CONNECTION_TIMED_OUT",
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable => "net::ERR_ADDRESS_UNREACHABLE",
        _ => "net::ERR_CONNECTION_FAILED",
    }
}
