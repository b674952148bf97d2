//! The server: binds, accepts, and stops in order.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::ServerConfig;

use crate::log_limit::LogLimit;
use crate::metrics;
use crate::operations::drain::DrainPhase;
use crate::server::admin::reload::Replacer;
use crate::server::edge::http_connection::{refuse, serve};
pub use crate::server::edge::listener::BindError;
use crate::server::edge::listener::{Accepted, Listener};
use crate::server::edge::per_ip_limit::{Entered, IpPermit};
use crate::server::edge::tls::{self, HandshakeFailed, TlsPort};
use crate::server::router::router;
use crate::server::settings::{Listen, ServerSettings};
use crate::server::state::{ServerState, Services};

/// The most HTTP connections at a time; a WebSocket is not counted after its handshake.
const MAX_HTTP: usize = 1024;
/// The most refused connections at a time that are answered; others are just closed.
const MAX_REFUSED: usize = 64;

/// How long the start waits for the jobs of an earlier run.
const RESTORE: Duration = Duration::from_secs(5);

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    state: Arc<ServerState>,
}

/// The listening socket, its address, and the TLS configuration.
async fn listen(
    settings: &ServerSettings,
) -> Result<(Listener, Listen, Option<Arc<ServerConfig>>), BindError> {
    if settings.credentials.is_open() && !settings.config.listen.is_local() {
        return Err(BindError::Open {
            address: settings.config.listen.clone(),
        });
    }
    let tls = settings.config.tls.as_ref().map(tls::read).transpose()?;
    let (listener, address) = Listener::bind(&settings.config.listen).await?;
    Ok((listener, address, tls))
}

impl Server {
    /// Listens. Without client tokens, only on addresses that other machines cannot reach.
    pub async fn bind(mut settings: ServerSettings, services: Services) -> Result<Self, BindError> {
        let (listener, address, tls) = listen(&settings).await?;
        settings.config.listen = address;
        let state = Arc::new(ServerState::new(settings, tls.map(TlsPort::new), services));
        let jobs = state.rest.jobs.restore(state.operations());
        if timeout(RESTORE, jobs).await.is_err() {
            tracing::warn!(
                "jobs of an earlier run are not known: the store did not answer in time"
            );
        }
        Ok(Self { listener, state })
    }

    /// Whether [`Self::bind`] would succeed now: listens, and stops again.
    pub async fn would_listen(settings: &ServerSettings) -> Result<(), BindError> {
        listen(settings).await.map(drop)
    }

    /// The address it listens on, with the port that the system chose.
    pub fn local_addr(&self) -> &Listen {
        &self.state.settings.config.listen
    }

    /// Replaces clients and certificate while it runs.
    pub fn replacer(&self) -> Replacer {
        Replacer {
            state: Arc::clone(&self.state),
        }
    }

    /// Serves until [`Drain::stop`](crate::operations::drain::Drain::stop) is done.
    pub async fn run(self) {
        let router = router(Arc::clone(&self.state));
        let head_timeout = self.state.settings.config.header_timeout;
        let address_log = LogLimit::default();
        let mut http = JoinSet::new();
        let mut refused = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = self.state.drain().reached(DrainPhase::Stopped) => break,
                Some(_) = http.join_next() => continue,
                Some(_) = refused.join_next() => continue,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                // The oldest connection without a token makes room, of whatever address.
                Ok(_) if http.len() >= MAX_HTTP && !self.state.per_ip.displace_oldest() => {
                    metrics::dropped("connection", "http_limit");
                }
                Ok(Accepted::Tcp(socket, peer)) => match self.state.per_ip.enter(peer) {
                    Ok(Entered { permit, displaced }) => {
                        if let Some(reached) = displaced {
                            metrics::refused("address_limit");
                            if reached.is_first
                                && let Some(left_out) = address_log.admit()
                            {
                                tracing::warn!(
                                    %peer,
                                    left_out,
                                    "half of the connection limit of this address is in use without a token \
                                     (server.max_connections_per_address); the oldest of those are closed"
                                );
                            }
                        }
                        let state = Arc::clone(&self.state);
                        let displaced = permit.displaced();
                        let router = router.clone();
                        http.spawn(async move {
                            // As a WebSocket it goes on in a task of its own.
                            tokio::select! {
                                () = displaced.cancelled() => {}
                                () = tcp(socket, router, state, permit) => {}
                            }
                        });
                    }
                    Err(full) => {
                        metrics::refused("address_limit");
                        if full.is_first
                            && let Some(left_out) = address_log.admit()
                        {
                            tracing::warn!(
                                %peer,
                                left_out,
                                "the connection limit of this address is reached \
                                 (server.max_connections_per_address); more are refused"
                            );
                        }
                        // Answering needs a TLS handshake first where the server speaks TLS, which such a
                        // peer could make expensive.
                        if self.state.tls.is_none() && refused.len() < MAX_REFUSED {
                            refused.spawn(refuse(socket));
                        }
                    }
                },
                #[cfg(unix)]
                Ok(Accepted::Unix(socket)) => {
                    http.spawn(serve(socket, router.clone(), head_timeout, None));
                }
                Err(error) => {
                    // Most likely the process is out of file descriptors; the pause lets some be closed.
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
        http.shutdown().await;
        refused.shutdown().await;
    }
}

/// Serves one TCP connection, through TLS where it is configured.
async fn tcp(socket: TcpStream, router: Router, state: Arc<ServerState>, permit: IpPermit) {
    let limit = state.settings.config.header_timeout;
    let permit = Some(Arc::new(permit));
    let Some(port) = &state.tls else {
        return serve(socket, router, limit, permit).await;
    };
    match port.accept(socket, limit).await {
        Ok(socket) => serve(socket, router, limit, permit).await,
        Err(error) => {
            metrics::refused(error.reason());
            let limits = &state.log_limits;
            let limit = match error {
                HandshakeFailed::Plaintext => &limits.plain_text,
                HandshakeFailed::TooLong | HandshakeFailed::Broken(_) => &limits.tls,
            };
            if let Some(left_out) = limit.admit() {
                tracing::warn!(%error, left_out, "TLS handshake failed");
            }
        }
    }
}
