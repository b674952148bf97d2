//! The server itself: it binds, accepts, and ends in good order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::rustls::ServerConfig;

use super::drain::{DrainHandle, Phase};
use super::http::{serve, turn_away};
pub use super::listener::BindError;
use super::listener::{Accepted, Listener};
use super::peers::Place;
use super::reload::Replacer;
use super::router::router;
use super::settings::{Listen, ServerSettings};
use super::shared::{Deps, Shared};
use super::tls::{self, TlsPort};
use crate::metrics;

/// The most connections that speak HTTP at a time; a WebSocket leaves their number when its
/// handshake is done.
const MAX_HTTP: usize = 1024;
/// The most connections at a time that are told why they may not stay; others are just closed.
const MAX_TURNED_AWAY: usize = 64;

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    address: Listen,
    shared: Arc<Shared>,
}

/// Listens: the socket, where it is, and what TLS is spoken with.
async fn listen(
    settings: &ServerSettings,
) -> Result<(Listener, Listen, Option<Arc<ServerConfig>>), BindError> {
    if settings.clients.is_empty() && !settings.config.listen.is_local() {
        return Err(BindError::Open {
            address: settings.config.listen.clone(),
        });
    }
    let tls = settings.config.tls.as_ref().map(tls::read).transpose()?;
    let (listener, address) = Listener::bind(&settings.config.listen).await?;
    Ok((listener, address, tls))
}

impl Server {
    /// Listens. Without client tokens only where nobody from another machine can connect.
    pub async fn bind(mut settings: ServerSettings, deps: Deps) -> Result<Self, BindError> {
        let (listener, address, tls) = listen(&settings).await?;
        settings.config.listen = address.clone();
        Ok(Self {
            listener,
            address,
            shared: Arc::new(Shared::new(settings, tls.map(TlsPort::new), deps)),
        })
    }

    /// Whether [`Self::bind`] would succeed now: it listens, and lets go.
    pub async fn would_listen(settings: &ServerSettings) -> Result<(), BindError> {
        listen(settings).await.map(drop)
    }

    /// Where it listens; with the real port, where the system chose it.
    pub fn local_addr(&self) -> &Listen {
        &self.address
    }

    /// To stop it step by step.
    pub fn handle(&self) -> DrainHandle {
        DrainHandle {
            shared: Arc::clone(&self.shared),
        }
    }

    /// To replace clients and certificate while it runs.
    pub fn replacer(&self) -> Replacer {
        Replacer {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Serves until [`DrainHandle::stop`], or until `shutdown` is ready and the server has gone
    /// through all the steps of its end.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let handle = self.handle();
        let stopping = async {
            shutdown.await;
            handle.begin();
            if !handle.answered().await {
                tracing::warn!("some requests were not answered within server.drain_timeout");
            }
            handle.close_sockets().await;
            handle.stop();
        };
        tokio::join!(self.accept(), async {
            tokio::select! {
                () = stopping => {}
                () = handle.shared.drain.reached(Phase::Stopped) => {}
            }
        });
    }

    async fn accept(&self) {
        let router = router(Arc::clone(&self.shared));
        let head_timeout = self.shared.settings.config.header_timeout;
        let mut http = JoinSet::new();
        let mut turned_away = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = self.shared.drain.reached(Phase::Stopped) => break,
                Some(_) = http.join_next() => continue,
                Some(_) = turned_away.join_next() => continue,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok(_) if http.len() >= MAX_HTTP => metrics::dropped("connection", "http_limit"),
                Ok(Accepted::Tcp(socket, peer)) => match self.shared.peers.enter(peer) {
                    Ok(place) => {
                        let shared = Arc::clone(&self.shared);
                        http.spawn(tcp(socket, router.clone(), shared, place));
                    }
                    Err(full) => {
                        metrics::refused("address_limit");
                        if full.first {
                            tracing::warn!(
                                %peer,
                                "an address has as many connections as it may have \
                                 (server.max_connections_per_address); more are refused"
                            );
                        }
                        // A TLS handshake to say so in is what such a peer would want.
                        if self.shared.tls.is_none() && turned_away.len() < MAX_TURNED_AWAY {
                            turned_away.spawn(turn_away(socket));
                        }
                    }
                },
                #[cfg(unix)]
                Ok(Accepted::Unix(socket)) => {
                    http.spawn(serve(socket, router.clone(), head_timeout, None));
                }
                Err(error) => {
                    // Most likely no descriptors are left; the pause lets some come back.
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
        http.shutdown().await;
        turned_away.shutdown().await;
    }
}

/// Serves one connection from another process, through TLS where it is spoken.
async fn tcp(socket: TcpStream, router: Router, shared: Arc<Shared>, place: Place) {
    let limit = shared.settings.config.header_timeout;
    let place = Some(Arc::new(place));
    let Some(port) = &shared.tls else {
        return serve(socket, router, limit, place).await;
    };
    match port.accept(socket, limit).await {
        Ok(socket) => serve(socket, router, limit, place).await,
        Err(error) => {
            metrics::refused(error.reason());
            tracing::warn!(%error, "a connection was closed");
        }
    }
}
