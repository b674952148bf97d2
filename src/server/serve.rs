//! The server itself: it binds, accepts, and ends in good order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tower::ServiceExt as _;

use super::drain::{DrainHandle, Phase};
pub use super::listener::BindError;
use super::listener::{Accepted, Listener};
use super::router::router;
use super::settings::{Listen, ServerSettings};
use super::shared::{Deps, Shared};
use crate::metrics;

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;
/// The most connections that speak HTTP at a time; a WebSocket leaves their number when its
/// handshake is done.
const MAX_HTTP: usize = 1024;

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    address: Listen,
    shared: Arc<Shared>,
}

impl Server {
    /// Listens. Without client tokens only where nobody from another machine can connect.
    pub async fn bind(settings: ServerSettings, deps: Deps) -> Result<Self, BindError> {
        if settings.clients.is_empty() && !settings.listen.is_local() {
            return Err(BindError::Open {
                address: settings.listen,
            });
        }
        let (listener, address) = Listener::bind(&settings.listen).await?;
        let settings = ServerSettings {
            listen: address.clone(),
            ..settings
        };
        Ok(Self {
            listener,
            address,
            shared: Arc::new(Shared::new(settings, deps)),
        })
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
        let mut http = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = self.shared.drain.reached(Phase::Stopped) => break,
                Some(_) = http.join_next() => continue,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok(_) if http.len() >= MAX_HTTP => metrics::dropped("connection", "http_limit"),
                Ok(Accepted::Tcp(socket)) => {
                    http.spawn(serve(socket, router.clone()));
                }
                #[cfg(unix)]
                Ok(Accepted::Unix(socket)) => {
                    http.spawn(serve(socket, router.clone()));
                }
                Err(error) => {
                    // Most likely no descriptors are left; the pause lets some come back.
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
        http.shutdown().await;
    }
}

/// Speaks HTTP on one connection until it ends or becomes a WebSocket.
async fn serve<S>(socket: S, router: Router)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(|request: Request<Incoming>| request.map(Body::new));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(socket), TowerToHyperService::new(service))
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "an HTTP connection failed");
    }
}
