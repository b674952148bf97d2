//! From an HTTP request to a WebSocket. Done here rather than by a framework, so that every rule
//! of protocol section 1 holds to the letter.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use hyper_util::rt::TokioIo;

use super::connection::{self, Visitor};
use super::handshake::{Handshake, HandshakeError};
use super::peers::Place;
use super::router::{problem, unauthorized};
use super::shared::Shared;
use crate::metrics;

/// Begins a WebSocket. Host and Origin have been checked; then come the token and the handshake.
/// A connection over the limit, or while the bridge stops, is let in and closed at once with its
/// code, because a web page can see a close code but no HTTP status.
pub(super) async fn upgrade(State(shared): State<Arc<Shared>>, mut request: Request) -> Response {
    if request.method() != Method::GET {
        return problem(
            StatusCode::METHOD_NOT_ALLOWED,
            "a WebSocket begins with GET",
        );
    }
    let identity = match shared.auth.client_of(request.headers()) {
        Ok(identity) => identity,
        Err(error) => {
            metrics::refused("token");
            tracing::warn!("a connection without a valid token was refused");
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
    // The connection counts among those of its address as long as it lives.
    let place = request.extensions().get::<Arc<Place>>().cloned();
    let upgraded = hyper::upgrade::on(&mut request);
    let (encoding, resume) = (handshake.encoding, handshake.resume);
    let slot = shared.slot(&identity.allowance);
    let arrival = shared.arrival();
    tokio::spawn(async move {
        let socket = match upgraded.await {
            Ok(upgraded) => TokioIo::new(upgraded),
            Err(error) => {
                tracing::debug!(%error, "a connection ended during its handshake");
                return;
            }
        };
        match slot {
            Ok(slot) => {
                let visitor = Visitor {
                    identity,
                    encoding,
                    resume,
                    arrival,
                };
                connection::run(socket, visitor, shared).await;
                drop(slot);
            }
            Err(ending) => {
                metrics::refused("turned_away");
                let client = &identity.client;
                tracing::warn!(%client, reason = ending.reason, "a connection was turned away");
                connection::turn_away(socket, &shared.settings, ending).await;
            }
        }
        drop(place);
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
