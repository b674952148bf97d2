//! CONNECT: bytes in both directions, once it is clear that they are for the host that was asked
//! for.

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional_with_sizes};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::activity::Activity;
use super::client_hello::{self, FirstBytes};
use super::limits::ProxyLimits;
use super::route::{CheckedRoute, revoked};
use super::service::ProxyConfig;
use crate::policy::{Denied, Host};

/// The port on which there is nothing but TLS.
const HTTPS: u16 = 443;
/// Bytes that wait in each direction.
const BUFFER: usize = 16 * 1024;
/// How much of a name is repeated in messages.
const MAX_SHOWN: usize = 128;

/// A tunnel that has been granted.
#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) upgrade: OnUpgrade,
    pub(super) far: TcpStream,
    pub(super) route: CheckedRoute,
}

impl Tunnel {
    /// Runs to its end: of either side, of policy's consent, or of everybody's patience.
    pub(super) async fn run(self, limits: &ProxyLimits, config: &ProxyConfig, activity: Activity) {
        let Self {
            upgrade,
            mut far,
            mut route,
        } = self;
        let Ok(upgraded) = upgrade.await else {
            return;
        };
        let mut near = TokioIo::new(upgraded);
        let speaking = first_words(&mut near, &route.host, route.target.port);
        let first = tokio::select! {
            first = timeout(limits.first_word, speaking) => first,
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
        let talking = async {
            if far.write_all(&first.bytes).await.is_ok() {
                let _ = copy_bidirectional_with_sizes(&mut near, &mut far, BUFFER, BUFFER).await;
            }
        };
        tokio::select! {
            // First, because policy may have changed while the first words were waited for.
            biased;
            () = revoked(config.policy.clone(), || Some(route.clone())) => {}
            () = talking => {}
            () = activity.idle_for(limits.idle) => {}
        }
    }
}

/// The first bytes of a tunnel.
struct First {
    bytes: Vec<u8>,
    verdict: Result<(), Denied>,
}

/// Reads until it is clear whether the tunnel is used for what it was asked for. None: it ended
/// before that.
async fn first_words(near: &mut (impl AsyncRead + Unpin), host: &Host, port: u16) -> Option<First> {
    let mut bytes = Vec::with_capacity(4 * 1024);
    loop {
        // What is too long to be a handshake is refused by its reader, so that this is bounded.
        if near.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(verdict) = verdict(client_hello::read(&bytes), host, port) {
            return Some(First { bytes, verdict });
        }
    }
}

/// What policy says about the beginning of a tunnel; nothing yet, if there is too little of it.
/// Without TLS it is a WebSocket, which names its host in the clear to a server that was checked.
fn verdict(start: FirstBytes, host: &Host, port: u16) -> Option<Result<(), Denied>> {
    let named = match start {
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
        // An address is never named in a handshake.
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

    fn on(host: &str, port: u16, start: FirstBytes) -> Option<&'static str> {
        let host = url::Host::parse(host).unwrap();
        let verdict = verdict(start, &host, port)?;
        Some(verdict.map_or_else(|denied| denied.reason(), |()| "allowed"))
    }

    fn hello(name: &str) -> FirstBytes {
        FirstBytes::Hello(Some(name.to_owned()))
    }

    #[test]
    fn the_handshake_names_the_host_that_was_asked_for() {
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
    fn an_address_is_not_named() {
        assert_eq!(on("8.8.8.8", 443, FirstBytes::Hello(None)), Some("allowed"));
        assert_eq!(
            on("[2600::1]", 443, FirstBytes::Hello(None)),
            Some("allowed")
        );
        assert_eq!(on("8.8.8.8", 443, hello("b.test")), Some("server_name"));
        assert_eq!(on("8.8.8.8", 443, hello("9.9.9.9")), Some("server_name"));
    }

    #[test]
    fn what_is_no_tls_is_a_websocket_but_not_on_the_port_of_https() {
        assert_eq!(on("a.test", 80, FirstBytes::NotTls), Some("allowed"));
        assert_eq!(on("a.test", 443, FirstBytes::NotTls), Some("not_tls"));
        assert_eq!(on("a.test", 80, FirstBytes::Malformed), Some("not_tls"));
    }
}
