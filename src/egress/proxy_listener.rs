//! One listener, with everything that goes through it.

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

/// How long is waited after a connection could not be accepted: it is for want of something that
/// others must give back first.
const PAUSE: Duration = Duration::from_millis(50);
/// How long somebody may take to hear that there is no room.
const REFUSAL_LIMIT: Duration = Duration::from_secs(1);
const NO_ROOM: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// An open gate. When it is dropped the listener is closed, and every connection that goes
/// through it is cut.
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

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a proxy's URL.
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
    let places = Arc::new(Semaphore::new(egress.limits.connections));
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection to the proxy could not be accepted");
                sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            metrics::dropped("egressConnection", "full");
            refuse(stream).await;
            continue;
        };
        let egress = egress.clone();
        let config = config.clone();
        let work = async move {
            // The place is given back when the connection is over.
            let _place = place;
            if egress.peer_check.allows(peer, address).await {
                ProxyConnection::new(egress, config).run(stream).await;
            } else {
                metrics::dropped("egressConnection", "stranger");
            }
        };
        tokio::spawn(closed.clone().run_until_cancelled_owned(work));
    }
}

/// Says that there is no room, without being held up by whoever does not listen.
async fn refuse(mut stream: TcpStream) {
    let _ = timeout(REFUSAL_LIMIT, stream.write_all(NO_ROOM)).await;
}
