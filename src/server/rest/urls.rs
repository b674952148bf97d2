//! Addresses in answers, as the client reached the bridge.

use axum::http::HeaderMap;
use axum::http::header::HOST;

use crate::server::state::ServerState;

/// The address of the WebSocket of a whole client.
pub(crate) fn websocket(state: &ServerState, headers: &HeaderMap) -> String {
    let scheme = if state.tls.is_some() { "wss" } else { "ws" };
    format!("{scheme}://{}/ws", host(headers))
}

/// The host that the client named, which the edge has checked.
pub(crate) fn host(headers: &HeaderMap) -> &str {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.unwrap_or("localhost")
}
