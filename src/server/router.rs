//! The HTTP paths, and what applies to all of them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::handler::Handler as _;
use axum::http::header::{CACHE_CONTROL, CONNECTION, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use crate::metrics;
use crate::server::admin::endpoints;
use crate::server::state::ServerState;
use crate::server::ws::handshake::wants_websocket;
use crate::server::ws::upgrade::{upgrade, upgrade_in_session};

/// The router of a server.
pub(crate) fn router(state: Arc<ServerState>) -> Router {
    Router::new()
        .route("/", get(root))
        .route("/ws", get(upgrade))
        .route("/sessions/{id}/ws", get(upgrade_in_session))
        .route("/v1/sessions/{id}/ws", get(upgrade_in_session))
        .route("/health", get(endpoints::health))
        .route("/livez", get(endpoints::livez))
        .route("/readyz", get(endpoints::readyz))
        .route("/metrics", get(endpoints::metrics))
        .route("/version", get(endpoints::version))
        .fallback(async || {
            let message = "there is nothing here; try /health, /livez, /readyz, /metrics, \
                /version, or a WebSocket on /ws";
            problem(StatusCode::NOT_FOUND, message)
        })
        .method_not_allowed_fallback(async || {
            problem(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here")
        })
        .layer(middleware::from_fn_with_state(
            Arc::clone(&state),
            check_host_and_origin,
        ))
        .with_state(state)
}

/// Checks `Host` and `Origin` of every request, whatever its path.
async fn check_host_and_origin(
    State(state): State<Arc<ServerState>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match state
        .host_origin_check
        .check(request.uri(), request.headers())
    {
        Ok(()) => next.run(request).await,
        Err(error) => {
            metrics::refused(error.reason());
            if let Some(left_out) = state.log_limits.host_and_origin.admit() {
                tracing::warn!(%error, left_out, "a request was refused");
            }
            closing(problem(error.status(), &error.to_string()))
        }
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Ends the connection with this answer, so that each refusal costs its peer a connection.
pub(crate) fn closing(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

/// `/`: a WebSocket, or a hint for a person with a web browser.
async fn root(State(state): State<Arc<ServerState>>, request: Request) -> Response {
    if wants_websocket(request.headers()) {
        return upgrade.call(request, state).await;
    }
    "This is cdp-bridge. Coordinators connect with a WebSocket to /ws; operators look at /health \
     and /metrics.\n"
        .into_response()
}

/// An HTTP error with a message.
pub(crate) fn problem(status: StatusCode, message: &str) -> Response {
    (status, Json(serde_json::json!({ "error": message }))).into_response()
}
