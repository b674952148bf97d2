//! The loopback listener of one proxy, with all of its connections.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::connection::ProxyConnection;
use super::service::{Egress, ProxyConfig};
use crate::metrics;

/// The pause after a failed `accept`: usually file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long writing the 503 response may take.
const REJECT_TIMEOUT: Duration = Duration::from_secs(1);
const SERVICE_UNAVAILABLE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// Dropping it closes the listener and all connections through it.
#[derive(Debug)]
pub struct ProxyListener {
    address: SocketAddr,
    _open: DropGuard,
}

impl ProxyListener {
    pub(super) fn open(egress: Egress, config: ProxyConfig) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let closed = CancellationToken::new();
        let listening = listen(listener, address, egress, config, closed.clone());
        tokio::spawn(closed.clone().run_until_cancelled_owned(listening));
        Ok(Self {
            address,
            _open: closed.drop_guard(),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// For Chromium's `proxyServer`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn listen(
    listener: TcpListener,
    address: SocketAddr,
    egress: Egress,
    config: ProxyConfig,
    closed: CancellationToken,
) {
    let lookups = egress.lookups.of(&config.client);
    let permits = Arc::new(Semaphore::new(egress.limits.max_connections));
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "accepting a connection to the proxy failed");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let own = Arc::clone(&permits).try_acquire_owned().ok();
        let shared = egress.connections.try_acquire(&config.client);
        let (Some(own), Some(shared)) = (own, shared) else {
            metrics::dropped("egressConnection", "full");
            reject(stream).await;
            continue;
        };
        let egress = egress.clone();
        let (config, lookups) = (config.clone(), lookups.clone());
        let work = async move {
            // Held until the connection ends.
            let _permits = (own, shared);
            if egress.peer_check.allows(peer, address).await {
                ProxyConnection::new(egress, config, lookups)
                    .run(stream)
                    .await;
            } else {
                metrics::dropped("egressConnection", "stranger");
            }
        };
        tokio::spawn(closed.clone().run_until_cancelled_owned(work));
    }
}

/// Answers 503, without waiting long for a peer that does not read.
async fn reject(mut stream: TcpStream) {
    let _ = timeout(REJECT_TIMEOUT, stream.write_all(SERVICE_UNAVAILABLE)).await;
}
