//! CONNECT: copies bytes in both directions, after checking that the first ones are meant for the
//! requested host.

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional_with_sizes};
use tokio::time::timeout;

use super::activity::Activity;
use super::client_hello::{self, FirstBytes};
use super::dial::ServerStream;
use super::limits::ProxyLimits;
use super::route::{CheckedRoute, revoked};
use super::service::ProxyConfig;
use crate::policy::{Denied, Host};

const HTTPS: u16 = 443;
/// The copy buffer of each direction.
const BUFFER_BYTES: usize = 16 * 1024;
/// The most characters of a server name that are shown in messages.
const MAX_SHOWN: usize = 128;

#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) upgrade: OnUpgrade,
    pub(super) server: ServerStream,
    pub(super) route: CheckedRoute,
}

impl Tunnel {
    /// Copies until either side closes, policy revokes the route, or the idle timeout fires.
    pub(super) async fn run(self, limits: &ProxyLimits, config: &ProxyConfig, activity: Activity) {
        let Self {
            upgrade,
            mut server,
            mut route,
        } = self;
        let Ok(upgraded) = upgrade.await else {
            return;
        };
        let mut client = TokioIo::new(upgraded);
        let reading = read_first_bytes(&mut client, &route.host, route.target.port);
        let first = tokio::select! {
            first = timeout(limits.first_bytes_timeout, reading) => first,
            () = revoked(config.policy.clone(), || Some(route.clone())) => return,
        };
        let Ok(Some(first)) = first else {
            return;
        };
        if let Err(denied) = first.verdict {
            let url = route.target.tunnel_url();
            if config.policy.borrow().only_reports(&denied) {
                config.reporter.let_through(&url, denied.clone());
                route.reported = Some(denied);
            } else {
                return config.reporter.denied(&route.target, &url, denied);
            }
        }
        let copying = async {
            if server.write_all(&first.bytes).await.is_ok() {
                let _ = copy_bidirectional_with_sizes(
                    &mut client,
                    &mut server,
                    BUFFER_BYTES,
                    BUFFER_BYTES,
                )
                .await;
            }
        };
        tokio::select! {
            // First: policy may have changed while the first bytes were read.
            biased;
            () = revoked(config.policy.clone(), || Some(route.clone())) => {}
            () = copying => {}
            () = activity.idle_for(limits.idle_timeout) => {}
        }
    }
}

/// The first bytes of a tunnel, which are forwarded if the verdict allows them.
struct Preamble {
    bytes: Vec<u8>,
    verdict: Result<(), Denied>,
}

/// Reads until the first bytes can be checked. `None`: the connection ended before that.
async fn read_first_bytes(
    client: &mut (impl AsyncRead + Unpin),
    host: &Host,
    port: u16,
) -> Option<Preamble> {
    let mut bytes = Vec::with_capacity(4 * 1024);
    loop {
        // Bounded, because the parser rejects a handshake that is too long.
        if client.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(verdict) = verdict(client_hello::read(&bytes), host, port) {
            return Some(Preamble { bytes, verdict });
        }
    }
}

/// Whether the first bytes fit the requested host; `None` if more are needed. A tunnel without TLS
/// is a WebSocket, whose plain-text `Host` header can only reach the server that was checked.
fn verdict(first: FirstBytes, host: &Host, port: u16) -> Option<Result<(), Denied>> {
    let named = match first {
        FirstBytes::Incomplete => return None,
        FirstBytes::NotTls if port != HTTPS => return Some(Ok(())),
        FirstBytes::NotTls | FirstBytes::Malformed => {
            let host = host.to_string();
            return Some(Err(Denied::NotTls { host }));
        }
        FirstBytes::Hello(named) => named,
    };
    let agrees = match (host, &named) {
        (Host::Domain(wanted), Some(name)) => name.strip_suffix('.').unwrap_or(name) == wanted,
        // Browsers send no server name for an address.
        (Host::Ipv4(_) | Host::Ipv6(_), None) => true,
        _ => false,
    };
    Some(if agrees {
        Ok(())
    } else {
        Err(Denied::ServerName {
            host: host.to_string(),
            named: named.map(|name| name.chars().take(MAX_SHOWN).collect()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(host: &str, port: u16, first: FirstBytes) -> Option<&'static str> {
        let host = url::Host::parse(host).unwrap();
        let verdict = verdict(first, &host, port)?;
        Some(verdict.map_or_else(|denied| denied.reason(), |()| "allowed"))
    }

    fn hello(name: &str) -> FirstBytes {
        FirstBytes::Hello(Some(name.to_owned()))
    }

    #[test]
    fn the_server_name_must_be_the_requested_host() {
        assert_eq!(on("a.test", 443, hello("a.test")), Some("allowed"));
        assert_eq!(on("a.test", 443, hello("a.test.")), Some("allowed"));
        assert_eq!(on("a.test", 8443, hello("b.test")), Some("server_name"));
        assert_eq!(on("a.test", 443, hello("www.a.test")), Some("server_name"));
        assert_eq!(
            on("a.test", 443, FirstBytes::Hello(None)),
            Some("server_name")
        );
        assert_eq!(on("a.test", 443, FirstBytes::Incomplete), None);
    }

    #[test]
    fn a_tunnel_to_an_address_has_no_server_name() {
        assert_eq!(on("8.8.8.8", 443, FirstBytes::Hello(None)), Some("allowed"));
        assert_eq!(
            on("[2600::1]", 443, FirstBytes::Hello(None)),
            Some("allowed")
        );
        assert_eq!(on("8.8.8.8", 443, hello("b.test")), Some("server_name"));
        assert_eq!(on("8.8.8.8", 443, hello("9.9.9.9")), Some("server_name"));
    }

    #[test]
    fn a_tunnel_without_tls_is_allowed_except_on_port_443() {
        assert_eq!(on("a.test", 80, FirstBytes::NotTls), Some("allowed"));
        assert_eq!(on("a.test", 443, FirstBytes::NotTls), Some("not_tls"));
        assert_eq!(on("a.test", 80, FirstBytes::Malformed), Some("not_tls"));
    }
}
