//! Connects through an upstream proxy.
//!
//! | names are resolved | a tunnel asks for | a plain request is sent |
//! | --- | --- | --- |
//! | by the bridge | the address that policy has checked | through a tunnel to that address |
//! | by the proxy | the name | to an HTTP proxy with its URL, through SOCKS5 by a tunnel to the name |
//!
//! A plain request cannot take an HTTP proxy the address and the server the name: a proxy replaces `Host` by
//! the host of the URL (RFC 9112, section 3.2.2).

use std::sync::Arc;

use cdp_bridge_protocol::request::NameResolution;
use tokio::time::{Instant, timeout_at};
use tokio_util::either::Either;

use super::dial::{Connector, DialError, Dialled, Purpose, RequestForm, ServerStream};
use super::proxy_handshake::{http_connect, socks5_connect};
use super::route::{ConnectionPath, UpstreamPath};
use super::socks5::host_of;
use crate::policy::{Destination, Host, ProxyFailure, ProxyFault, ProxyScheme, UpstreamProxy};

/// The most addresses of a server that the proxy is asked for.
const MAX_ATTEMPTS: usize = 3;

/// What the proxy is asked for.
#[derive(Debug, Clone, Copy)]
enum Goal {
    /// An address that policy has checked.
    Address(Destination),
    /// The host as the page names it.
    AsRequested,
}

/// The failure of this proxy.
pub(super) fn failure(proxy: &UpstreamProxy, fault: ProxyFault) -> DialError {
    DialError::Proxy(ProxyFailure {
        server: proxy.server(),
        fault,
    })
}

/// Connects to a host that policy allows, through the proxy.
pub(super) async fn dial(
    connector: Connector<'_>,
    proxy: &Arc<UpstreamProxy>,
    purpose: Purpose,
    host: &Host,
    port: u16,
) -> Result<Dialled, DialError> {
    let failed = |fault| failure(proxy, fault);
    let allowed = connector.policy.check_upstream(proxy);
    allowed.map_err(|denied| failed(ProxyFault::NotAllowed(denied)))?;
    let goals = goals(connector, proxy, host).await?;
    let limit = connector.egress.limits.upstream_timeout;
    let deadline = Instant::now() + limit;
    let mut attempts = goals.into_iter().take(MAX_ATTEMPTS);
    // There is one at least.
    let mut goal = attempts.next().unwrap_or(Goal::AsRequested);
    loop {
        let attempt = Attempt {
            connector,
            proxy,
            goal,
            form: form(proxy, purpose, goal),
        };
        let outcome = timeout_at(deadline, attempt.run(host, port, deadline)).await;
        match (outcome, attempts.next()) {
            (Ok(Ok(dialled)), _) => return Ok(dialled),
            (Ok(Err(fault)), Some(next)) if fault.is_of_destination() => goal = next,
            (Ok(Err(fault)), _) => return Err(failed(fault)),
            (Err(_), _) => return Err(failed(ProxyFault::TimedOut { limit })),
        }
    }
}

async fn goals(
    connector: Connector<'_>,
    proxy: &UpstreamProxy,
    host: &Host,
) -> Result<Vec<Goal>, DialError> {
    let name = match (proxy.resolution(), host) {
        (NameResolution::Remote, Host::Domain(name)) => Some(name),
        _ => None,
    };
    // A name with an address in the configuration has that one everywhere; `localhost` is this machine.
    let is_sent_on =
        name.is_some_and(|name| connector.policy.pinned(name).is_none() && !is_localhost(name));
    if is_sent_on {
        return Ok(vec![Goal::AsRequested]);
    }
    let permitted = connector.permitted_addresses(host).await?;
    Ok(permitted.into_iter().map(Goal::Address).collect())
}

fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// How plain requests are written on the connection.
fn form(proxy: &UpstreamProxy, purpose: Purpose, goal: Goal) -> RequestForm {
    match (purpose, goal, proxy.scheme()) {
        (Purpose::PlainRequests, Goal::AsRequested, ProxyScheme::Http | ProxyScheme::Https) => {
            RequestForm::Absolute
        }
        _ => RequestForm::Origin,
    }
}

/// One connection to the proxy.
struct Attempt<'a> {
    connector: Connector<'a>,
    proxy: &'a Arc<UpstreamProxy>,
    goal: Goal,
    form: RequestForm,
}

impl Attempt<'_> {
    async fn run(self, host: &Host, port: u16, deadline: Instant) -> Result<Dialled, ProxyFault> {
        let proxy = self.proxy;
        let (mut stream, address) = self.reach(deadline).await?;
        let (host, destination) = match self.goal {
            Goal::Address(destination) => (&host_of(destination.address), Some(destination)),
            Goal::AsRequested => (host, None),
        };
        let credentials = proxy.credentials();
        match (self.form, proxy.scheme()) {
            (RequestForm::Absolute, _) => {}
            (RequestForm::Origin, ProxyScheme::Http | ProxyScheme::Https) => {
                http_connect(&mut stream, host, port, credentials).await?;
            }
            (RequestForm::Origin, ProxyScheme::Socks5) => {
                socks5_connect(&mut stream, host, port, credentials).await?;
            }
        }
        Ok(Dialled {
            stream,
            path: ConnectionPath {
                destination,
                upstream: Some(UpstreamPath {
                    proxy: Arc::clone(proxy),
                    address,
                }),
            },
            form: self.form,
        })
    }

    /// Connects to the proxy itself, at an address that policy permits.
    async fn reach(&self, deadline: Instant) -> Result<(ServerStream, Destination), ProxyFault> {
        let (connector, proxy) = (self.connector, self.proxy);
        let found = connector.addresses(proxy.host()).await;
        let found = found.map_err(|_| ProxyFault::Unresolved)?;
        let mut refusal = ProxyFault::Unresolved;
        let mut permitted = Vec::new();
        for address in found {
            match connector.policy.permits_upstream(proxy, address) {
                Ok(()) => permitted.push(address),
                Err(denied) => refusal = ProxyFault::NotAllowed(denied),
            }
        }
        if permitted.is_empty() {
            return Err(refusal);
        }
        let connected = connector.connect(permitted, proxy.port(), deadline).await;
        let (stream, address) = connected.map_err(|net| ProxyFault::Unreachable { net })?;
        let stream = match proxy.scheme() {
            ProxyScheme::Https => {
                let tls = &connector.egress.proxy_tls;
                Either::Right(tls.connect(proxy.host(), stream).await?)
            }
            ProxyScheme::Http | ProxyScheme::Socks5 => Either::Left(stream),
        };
        Ok((stream, address))
    }
}
