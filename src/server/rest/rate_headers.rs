//! `RateLimit` and `RateLimit-Policy` of the IETF draft, on good answers and on 429.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use tokio::time::Instant;

use crate::operations::Principal;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Adds what is left of the client's rate, where it has one.
pub(crate) fn add(principal: &Principal, response: &mut Response) {
    let status = response.status();
    if !status.is_success() && status != StatusCode::TOO_MANY_REQUESTS {
        return;
    }
    let Some(left) = principal.quota.rate_left(Instant::now()) else {
        return;
    };
    let (limit, remaining) = (left.per_second, left.remaining);
    let reset = left.full_after.as_secs_f64().ceil();
    let values = [
        (POLICY, format!(r#""requests";q={limit};w=1"#)),
        (LIMIT, format!(r#""requests";r={remaining};t={reset}"#)),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
}
