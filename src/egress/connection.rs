//! One connection from Chromium: answers its requests in turn.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::activity::{Activity, observed};
use super::dial::{Connector, DialError, Dialled, Purpose};
use super::forward;
use super::lookups::ProxyLookups;
use super::route::{CheckedRoute, revoked};
use super::server_connection::ServerConnection;
use super::service::{Egress, ProxyConfig};
use super::target::{InvalidTarget, ProxyTarget};
use super::tunnel::Tunnel;
use crate::lock::lock;
use crate::policy::{ConnectFailure, Denied, EgressVerdict, Host};

/// The response of the origin server, or one made by the proxy.
pub(super) type ResponseBody = Either<Incoming, Full<Bytes>>;

/// The upstream connection failed. The proxy closes its connection without a response, which
/// Chromium shows as an error page; an error response would be shown as the site's own content.
#[derive(Debug, thiserror::Error)]
#[error("the server could not be reached")]
pub(super) struct CloseWithoutResponse;

#[derive(Debug)]
pub(super) struct ProxyConnection {
    pub(super) egress: Egress,
    pub(super) config: ProxyConfig,
    lookups: ProxyLookups,
    /// Set by CONNECT; it takes over when the response has been sent.
    tunnel: Mutex<Option<Tunnel>>,
    /// Kept alive for the next plain request.
    server: Mutex<Option<ServerConnection>>,
    /// What is connected to at the moment, for when policy changes.
    route: Mutex<Option<CheckedRoute>>,
}

impl ProxyConnection {
    pub(super) fn new(egress: Egress, config: ProxyConfig, lookups: ProxyLookups) -> Self {
        Self {
            egress,
            config,
            lookups,
            tunnel: Mutex::default(),
            server: Mutex::default(),
            route: Mutex::default(),
        }
    }

    pub(super) async fn run(self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let limits = self.egress.limits;
        let activity = Activity::new(Arc::clone(&self.config.traffic));
        let stream = TokioIo::new(observed(stream, &activity));
        let connection = Arc::new(self);
        let service = service_fn(|request| {
            let connection = Arc::clone(&connection);
            async move { connection.answer(request).await }
        });
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_header_size(limits.max_header_bytes)
            .max_headers(limits.max_headers)
            .preserve_header_case(true)
            .auto_date_header(false)
            .serve_connection(stream, service)
            .with_upgrades();
        let served = tokio::select! {
            served = serving => served,
            () = activity.idle_for(limits.idle_timeout) => return,
            () = revoked(connection.config.policy.clone(), || connection.route()) => return,
        };
        if let Err(error) = served {
            tracing::trace!(%error, "connection to the proxy failed");
        }
        let tunnel = lock(&connection.tunnel).take();
        if let Some(tunnel) = tunnel {
            tunnel.run(&limits, &connection.config, activity).await;
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<ResponseBody>, CloseWithoutResponse> {
        if request.method() == Method::CONNECT {
            return Ok(self.connect(request).await);
        }
        forward::forward(self, request).await
    }

    async fn connect(&self, mut request: Request<Incoming>) -> Response<ResponseBody> {
        let target = match ProxyTarget::from_connect(request.uri()) {
            Ok(target) => target,
            Err(error) => return bad_request(error),
        };
        let url = target.tunnel_url();
        let host = match self.check_host(&target, &url) {
            Ok(host) => host,
            Err(denied) => return forbidden(&denied),
        };
        let dialled = self.dial(Purpose::Tunnel, &target, &host, &url).await;
        let (dialled, route) = match dialled {
            Ok(reached) => reached,
            Err(DialError::Denied(denied)) => return forbidden(&denied),
            Err(DialError::Failed(net)) => {
                return text_response(StatusCode::BAD_GATEWAY, format!("{net}\n"));
            }
            Err(DialError::Proxy(failure)) => {
                return text_response(StatusCode::BAD_GATEWAY, format!("{failure}\n"));
            }
        };
        let tunnel = Tunnel {
            upgrade: hyper::upgrade::on(&mut request),
            server: dialled.stream,
            route,
        };
        *lock(&self.tunnel) = Some(tunnel);
        Response::new(Either::Right(Full::default()))
    }

    /// Checks a host against policy, and reports what policy blocks.
    pub(super) fn check_host(&self, target: &ProxyTarget, url: &str) -> Result<Host, Denied> {
        let policy = self.config.policy.borrow().clone();
        match policy.check_host(&target.host, target.port) {
            EgressVerdict::Allowed(host) => Ok(host),
            EgressVerdict::Reported(host, denied) => {
                self.config.reporter.let_through(url, denied);
                Ok(host)
            }
            EgressVerdict::Denied(denied) => {
                self.config.reporter.denied(target, url, denied.clone());
                Err(denied)
            }
        }
    }

    /// Connects, and records the outcome.
    pub(super) async fn dial(
        &self,
        purpose: Purpose,
        target: &ProxyTarget,
        host: &Host,
        url: &str,
    ) -> Result<(Dialled, CheckedRoute), DialError> {
        let policy = self.config.policy.borrow().clone();
        let connector = Connector {
            policy: &policy,
            lookups: &self.lookups,
            egress: &self.egress,
        };
        let upstream = self.config.upstream.as_ref();
        let dialled = connector.dial(upstream, purpose, host, target.port).await;
        let reached = dialled.and_then(|dialled| {
            let route = CheckedRoute {
                target: target.clone(),
                host: host.clone(),
                path: dialled.path.clone(),
                reported: None,
            };
            // Policy may have changed during the dial. The route is published first and checked
            // afterwards, so that any later change finds it and cuts the connection.
            self.set_route(Some(route.clone()));
            let policy = self.config.policy.borrow().clone();
            route.check(&policy)?;
            Ok((dialled, route))
        });
        let reporter = &self.config.reporter;
        match &reached {
            Ok(_) => reporter.reached(target),
            Err(DialError::Denied(denied)) => reporter.denied(target, url, denied.clone()),
            Err(DialError::Failed(net)) => reporter.failed(target, ConnectFailure::Failed(net)),
            Err(DialError::Proxy(failure)) => {
                reporter.failed(target, ConnectFailure::Proxy(failure.clone()));
            }
        }
        reached
    }

    fn route(&self) -> Option<CheckedRoute> {
        lock(&self.route).clone()
    }

    pub(super) fn set_route(&self, route: Option<CheckedRoute>) {
        *lock(&self.route) = route;
    }

    pub(super) fn take_server(&self) -> Option<ServerConnection> {
        lock(&self.server).take()
    }

    pub(super) fn keep_server(&self, server: ServerConnection) {
        *lock(&self.server) = Some(server);
    }
}

/// The response to a request that policy blocks.
pub(super) fn forbidden(denied: &Denied) -> Response<ResponseBody> {
    text_response(StatusCode::FORBIDDEN, format!("{denied}\n"))
}

pub(super) fn bad_request(error: InvalidTarget) -> Response<ResponseBody> {
    text_response(StatusCode::BAD_REQUEST, format!("{error}\n"))
}

pub(super) fn text_response(status: StatusCode, text: String) -> Response<ResponseBody> {
    let mut response = Response::new(Either::Right(Full::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
