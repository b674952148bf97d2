//! Resolves a host and connects to an address that policy has checked.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::limits::ProxyLimits;
use super::lookups::ProxyLookups;
use super::service::Egress;
use crate::policy::{Denied, Destination, EgressPolicy, Host};

/// The most addresses of a host that are tried.
const MAX_ADDRESSES: usize = 8;

#[derive(Debug)]
pub(super) struct Dialled {
    pub(super) stream: TcpStream,
    pub(super) destination: Destination,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DialError {
    /// Policy permits none of the host's addresses.
    Denied(Denied),
    /// The network failed; named by Chromium's error code.
    Failed(&'static str),
}

const NOT_RESOLVED: DialError = DialError::Failed("net::ERR_NAME_NOT_RESOLVED");
const TIMED_OUT: DialError = DialError::Failed("net::ERR_CONNECTION_TIMED_OUT");

/// Connects to a host that [`EgressPolicy::check_host`] allows. The name is resolved once, and the
/// addresses that are checked are the ones that are connected to (no DNS rebinding).
pub(super) async fn dial(
    policy: &EgressPolicy,
    lookups: &ProxyLookups,
    egress: &Egress,
    host: &Host,
    port: u16,
) -> Result<Dialled, DialError> {
    let limits = &egress.limits;
    let found = addresses(policy, lookups, limits, host).await?;
    let mut refusal = None;
    let mut permitted = Vec::new();
    for address in found {
        let destination = Destination {
            address,
            is_own: (egress.is_own_address)(address),
        };
        match policy.permits(host, destination) {
            Ok(()) => permitted.push(destination),
            Err(denied) => refusal = refusal.or(Some(denied)),
        }
    }
    permitted.truncate(MAX_ADDRESSES);
    if permitted.is_empty() {
        return Err(refusal.map_or(NOT_RESOLVED, DialError::Denied));
    }
    let deadline = Instant::now() + limits.connect_timeout;
    let mut last = TIMED_OUT;
    let tries = permitted.len();
    for (number, destination) in permitted.into_iter().enumerate() {
        let until = if number + 1 == tries {
            deadline
        } else {
            deadline.min(Instant::now() + limits.connect_one_timeout)
        };
        let connecting = TcpStream::connect(SocketAddr::new(destination.address, port));
        match timeout_at(until, connecting).await {
            Ok(Ok(stream)) => {
                // The proxy writes whole messages: Nagle's algorithm would only delay them.
                let _ = stream.set_nodelay(true);
                return Ok(Dialled {
                    stream,
                    destination,
                });
            }
            Ok(Err(error)) => last = DialError::Failed(chromium_error(&error)),
            Err(_) => last = TIMED_OUT,
        }
    }
    Err(last)
}

async fn addresses(
    policy: &EgressPolicy,
    lookups: &ProxyLookups,
    limits: &ProxyLimits,
    host: &Host,
) -> Result<Vec<IpAddr>, DialError> {
    let name = match host {
        Host::Ipv4(address) => return Ok(vec![IpAddr::V4(*address)]),
        Host::Ipv6(address) => return Ok(vec![IpAddr::V6(*address)]),
        Host::Domain(name) => name,
    };
    if let Some(address) = policy.pinned(name) {
        return Ok(vec![address]);
    }
    match timeout(limits.resolve_timeout, lookups.resolve(name)).await {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => {
            tracing::debug!(name, %error, "DNS lookup failed");
            Err(NOT_RESOLVED)
        }
        Err(_) => Err(DialError::Failed("net::ERR_DNS_TIMED_OUT")),
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
