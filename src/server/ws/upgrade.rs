//! From an HTTP request to a WebSocket. Not left to axum, so that every rule of the protocol holds (docs/protocol.md: Connection).

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use hyper_util::rt::TokioIo;

use crate::metrics;
use crate::operations::sessions::HoldKind;
use crate::operations::{Principal, SessionError, SessionHold, SessionId};
use crate::server::edge::per_ip_limit::IpPermit;
use crate::server::problem::{HttpCode, Problem};
use crate::server::rest::access::Access;
use crate::server::rest::sessions;
use crate::server::state::ServerState;
use crate::server::ws::closing::ConnectionClose;
use crate::server::ws::connection::{NewConnection, refuse_connection, serve_connection};
use crate::server::ws::handshake::{Handshake, HandshakeError};

/// Begins a WebSocket. `Host` and `Origin` have been checked; the token and the handshake are checked here. A
/// connection over a limit, or while the bridge stops, is accepted and closed at once, because a web page can
/// see a close code but no HTTP status.
pub(crate) async fn upgrade(
    State(state): State<Arc<ServerState>>,
    request: Request,
) -> Result<Response, Problem> {
    begin(state, None, request)
}

/// The same for the tabs of one session only.
pub(crate) async fn upgrade_in_session(
    State(state): State<Arc<ServerState>>,
    Path(session): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    begin(state, Some(&session), request)
}

/// The client in the session that the path names, or that its token is limited to.
fn enter(
    state: &ServerState,
    principal: Principal,
    session: Option<&str>,
) -> Result<(Principal, SessionHold), SessionError> {
    let operations = state.operations();
    let id = match session {
        Some(text) => text.parse().map_err(|_| SessionError::unknown(text))?,
        None => SessionId::of(&principal.scope),
    };
    let principal = if session.is_none() && id.is_default() {
        principal
    } else {
        operations.enter_session(&principal, id)?
    };
    // Of a session that ends in this moment there is a view which says so.
    match operations.hold_session(&principal.scope, HoldKind::Json) {
        Some(hold) => Ok((principal, hold)),
        None => Err(operations
            .enter_session(&principal, id)
            .err()
            .unwrap_or_else(|| SessionError::unknown(id))),
    }
}

fn begin(
    state: Arc<ServerState>,
    session: Option<&str>,
    mut request: Request,
) -> Result<Response, Problem> {
    if request.method() != Method::GET {
        return Err(Problem::method_not_allowed("GET"));
    }
    let ip_permit = request.extensions().get::<Arc<IpPermit>>().cloned();
    let query = session.is_some().then(|| request.uri().query()).flatten();
    let permit = ip_permit.as_deref();
    let access = Access::of_websocket(&state, request.headers(), query, session.is_some(), permit)?;
    let principal = access.principal.on_connection();
    let handshake = match Handshake::read(request.version(), request.headers()) {
        Ok(handshake) => handshake,
        Err(error) => {
            metrics::refused("handshake");
            return Ok(refused(&error));
        }
    };
    let (principal, hold) = match enter(&state, principal, session) {
        Ok(entered) => entered,
        Err(error) => {
            metrics::refused("session");
            return Err(sessions::problem(error));
        }
    };
    // Counts the connection against the limit of its address until it ends.
    if let Some(permit) = &ip_permit {
        permit.authenticated();
    }
    let upgraded = hyper::upgrade::on(&mut request);
    let (encoding, resume) = (handshake.encoding, handshake.resume);
    let admitted = state.admit(&principal.quota);
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
                    principal,
                    encoding,
                    resume,
                    seq,
                };
                serve_connection(socket, connection, hold, state).await;
                drop(permit);
            }
            Err(error) => {
                metrics::refused("turned_away");
                let close = ConnectionClose::from(error);
                let client = &principal.scope.client;
                if let Some(left_out) = state.log_limits.not_admitted.admit() {
                    tracing::warn!(%client, reason = close.reason, left_out, "connection refused");
                }
                refuse_connection(socket, &state.settings, close).await;
            }
        }
        drop(ip_permit);
    });
    Ok(accepted(&handshake))
}

fn accepted(handshake: &Handshake) -> Response {
    let headers = [
        (UPGRADE, "websocket"),
        (CONNECTION, "Upgrade"),
        (SEC_WEBSOCKET_ACCEPT, handshake.accept.as_str()),
    ];
    // RFC 6455: the header is left out where no subprotocol is chosen.
    let subprotocol = handshake.subprotocol.into_iter();
    let subprotocol = AppendHeaders(subprotocol.map(|name| (SEC_WEBSOCKET_PROTOCOL, name)));
    (StatusCode::SWITCHING_PROTOCOLS, headers, subprotocol).into_response()
}

fn refused(error: &HandshakeError) -> Response {
    let response = Problem::http(error.code(), error.to_string()).into_response();
    if error.code() != HttpCode::UpgradeRequired {
        return response;
    }
    let headers = [
        (UPGRADE, "websocket"),
        (CONNECTION, "Upgrade"),
        (SEC_WEBSOCKET_VERSION, "13"),
    ];
    (headers, response).into_response()
}
