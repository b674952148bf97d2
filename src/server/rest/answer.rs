//! The answers of handlers.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use cdp_bridge_protocol::ErrorCode;
use serde::Serialize;

use super::route::RestResult;
use crate::server::problem::Problem;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A value.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> RestResult {
    let bytes = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be serialized");
        Problem::protocol(ErrorCode::Internal, "the answer cannot be written as JSON")
    })?;
    Ok(json_bytes(status, bytes))
}

/// A value that is JSON already.
pub(crate) fn json_bytes(status: StatusCode, json: impl Into<Bytes>) -> Response {
    (status, [(CONTENT_TYPE, JSON)], Body::from(json.into())).into_response()
}

/// Says where what was made can be found.
pub(crate) fn locate(response: &mut Response, path: &str) {
    if let Ok(value) = HeaderValue::from_str(path) {
        response.headers_mut().insert(LOCATION, value);
    }
}

/// 204.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the end of a handler, like the others"
)]
pub(crate) fn nothing() -> RestResult {
    Ok(StatusCode::NO_CONTENT.into_response())
}
