//! Answers for web pages of other origins (CORS). An origin that is not in `server.allowed_origins` never comes as far as
//! this: it was refused by the check of `Host` and `Origin`.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

const METHODS: HeaderValue =
    HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, X-Session-Token, Idempotency-Key, Last-Event-ID, X-Request-Id, Prefer",
);
/// Further headers of answers that a script may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Location, Retry-After, retry-after-ms, x-should-retry, X-Request-Id, Idempotency-Replayed, \
     RateLimit, RateLimit-Policy, X-Image-Width, X-Image-Height, X-Truncated, Content-Disposition",
);
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// The answer to a question that a browser asks before a request, if this is one. It carries no token, so that it is
/// answered before anything is authenticated.
pub(crate) fn preflight(method: &Method, headers: &HeaderMap) -> Option<Response> {
    let asks = method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let answer = [
        (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ];
    asks.then(|| (StatusCode::NO_CONTENT, answer).into_response())
}

/// Lets a page of this origin, which was checked, read the answer.
pub(crate) fn allow(origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}
