//! The HTTP paths, and what applies to all of them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::handler::Handler as _;
use axum::http::header::{CONNECTION, ORIGIN};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::metrics;
use crate::server::admin::endpoints;
use crate::server::edge::cors;
use crate::server::edge::envelope::Envelope;
use crate::server::problem::{HttpCode, Problem};
use crate::server::rest::mount::mount;
use crate::server::rest::table::routes;
use crate::server::state::ServerState;
use crate::server::ws::handshake::wants_websocket;
use crate::server::ws::upgrade::{upgrade, upgrade_in_session};

/// The router of a server.
pub(crate) fn router(state: Arc<ServerState>) -> Router {
    let router = Router::new()
        .route("/", get(root))
        .route("/ws", get(upgrade))
        .route("/sessions/{sessionId}/ws", get(upgrade_in_session))
        .route("/v1/sessions/{sessionId}/ws", get(upgrade_in_session))
        .route("/health", get(endpoints::health))
        .route("/livez", get(endpoints::livez))
        .route("/readyz", get(endpoints::readyz))
        .route("/metrics", get(endpoints::metrics))
        .route("/version", get(endpoints::version));
    mount(router, routes())
        .fallback(async || {
            let detail = "there is nothing here; try /docs, /health, /livez, /readyz, /metrics, \
                /version, or a WebSocket on /ws";
            Problem::http(HttpCode::UnknownPath, detail)
        })
        .method_not_allowed_fallback(async || Problem::method_not_allowed("GET, HEAD"))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&state),
            at_the_edge,
        ))
        .with_state(state)
}

/// What every request passes first and every answer last, whatever its path: `Host` and `Origin`, questions of browsers
/// before a request, the id of the request, problem documents, and the count of requests.
async fn at_the_edge(
    State(state): State<Arc<ServerState>>,
    path: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Response {
    let envelope = Envelope::of(&mut request);
    let checked = state
        .host_origin_check
        .check(request.uri(), request.headers());
    let mut response = match checked {
        Ok(()) => {
            let origin = request.headers().get(ORIGIN).cloned();
            let mut response = match cors::preflight(request.method(), request.headers()) {
                Some(answer) => answer,
                None => next.run(request).await,
            };
            cors::allow(origin, response.headers_mut());
            response
        }
        Err(error) => {
            metrics::refused(error.reason());
            if let Some(left_out) = state.log_limits.host_and_origin.admit() {
                tracing::warn!(%error, left_out, "a request was refused");
            }
            closing(Problem::http(error.code(), error.to_string()).into_response())
        }
    };
    if response.status() == StatusCode::UNAUTHORIZED {
        // Each guess costs its peer a connection.
        response = closing(response);
    }
    response = envelope.complete(response);
    // The template of the path, never the path: a label must not grow with what clients send.
    let template = path.as_ref().map_or("none", MatchedPath::as_str);
    let route = template.strip_prefix("/v1").unwrap_or(template);
    metrics::http_request(route, response.status().as_u16());
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
    "This is cdp-bridge. Coordinators connect with a WebSocket to /ws, programs use HTTP as /docs says; \
     operators look at /health and /metrics.\n"
        .into_response()
}
