//! From an HTTP request to a WebSocket. Not left to axum, so that every rule of the protocol holds (docs/protocol.md: Connection).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use hyper_util::rt::TokioIo;

use crate::metrics;
use crate::server::edge::per_ip_limit::IpPermit;
use crate::server::router::{problem, unauthorized};
use crate::server::state::ServerState;
use crate::server::ws::connection::{NewConnection, refuse_connection, serve_connection};
use crate::server::ws::handshake::{Handshake, HandshakeError};

/// Begins a WebSocket. `Host` and `Origin` have been checked; the token and the handshake are checked here. A
/// connection over a limit, or while the bridge stops, is accepted and closed at once, because a web page can
/// see a close code but no HTTP status.
pub(crate) async fn upgrade(
    State(state): State<Arc<ServerState>>,
    mut request: Request,
) -> Response {
    if request.method() != Method::GET {
        return problem(
            StatusCode::METHOD_NOT_ALLOWED,
            "a WebSocket begins with GET",
        );
    }
    let identity = match state.auth.client_of(request.headers()) {
        Ok(identity) => identity,
        Err(error) => {
            metrics::refused("token");
            tracing::warn!("connection refused: no valid token");
            return unauthorized(error);
        }
    };
    let handshake = match Handshake::read(request.version(), request.headers()) {
        Ok(handshake) => handshake,
        Err(error) => {
            metrics::refused("handshake");
            return refused(&error);
        }
    };
    // Counts the connection against the limit of its address until it ends.
    let ip_permit = request.extensions().get::<Arc<IpPermit>>().cloned();
    let upgraded = hyper::upgrade::on(&mut request);
    let (encoding, resume) = (handshake.encoding, handshake.resume);
    let admitted = state.admit(&identity.quota);
    let seq = state.next_connection_seq();
    tokio::spawn(async move {
        let socket = match upgraded.await {
            Ok(upgraded) => TokioIo::new(upgraded),
            Err(error) => {
                tracing::debug!(%error, "a connection ended during its handshake");
                return;
            }
        };
        match admitted {
            Ok(permit) => {
                let connection = NewConnection {
                    identity,
                    encoding,
                    resume,
                    seq,
                };
                serve_connection(socket, connection, state).await;
                drop(permit);
            }
            Err(close) => {
                metrics::refused("turned_away");
                let client = &identity.client;
                tracing::warn!(%client, reason = close.reason, "connection refused");
                refuse_connection(socket, &state.settings, close).await;
            }
        }
        drop(ip_permit);
    });
    accepted(&handshake)
}

fn accepted(handshake: &Handshake) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    if let Ok(accept) = HeaderValue::from_str(&handshake.accept) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(subprotocol) = handshake.subprotocol {
        headers.insert(
            SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(subprotocol),
        );
    }
    response
}

fn refused(error: &HandshakeError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = problem(status, &error.to_string());
    let headers = response.headers_mut();
    if status == StatusCode::UPGRADE_REQUIRED {
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}
