//! What every HTTP answer has: the id of its request, the headers that concern caches and web pages, and the document of
//! a problem.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;

use crate::server::problem::Problem;

/// Names a request in answers and in logs.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Names a change that is to be made once.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest id of a client that is taken over.
const MAX_ID: usize = 128;

/// The id of a request: the client's, or one that is made.
#[derive(Debug, Clone)]
pub(crate) struct HttpRequestId(HeaderValue);

impl HttpRequestId {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(REQUEST_ID).filter(|value| {
            let is_plain = |byte: &u8| byte.is_ascii_graphic();
            (1..=MAX_ID).contains(&value.len()) && value.as_bytes().iter().all(is_plain)
        });
        Self(given.cloned().unwrap_or_else(made))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

fn made() -> HeaderValue {
    let id = format!("{:032x}", fastrand::u128(..));
    HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("0"))
}

/// What the answer needs to know of its request, which the handlers consume.
#[derive(Debug)]
pub(crate) struct Envelope {
    id: HttpRequestId,
    path: String,
    has_key: bool,
}

impl Envelope {
    /// Reads the request, and gives it the id.
    pub(crate) fn of(request: &mut Request) -> Self {
        let id = HttpRequestId::of(request.headers());
        request.extensions_mut().insert(id.clone());
        Self {
            id,
            path: request.uri().path().to_owned(),
            has_key: request.headers().contains_key(IDEMPOTENCY_KEY),
        }
    }

    /// Completes the answer.
    pub(crate) fn complete(self, mut response: Response) -> Response {
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            self.write(&problem, &mut response);
        }
        let headers = response.headers_mut();
        headers
            .entry(CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REQUEST_ID, self.id.0);
        response
    }

    fn write(&self, problem: &Problem, response: &mut Response) {
        let document = problem.document(&self.path, self.id.as_str());
        // Strings, numbers and booleans always serialize.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let headers = response.headers_mut();
        headers.extend(problem.headers(self.has_key));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(CONTENT_LENGTH, body.len().into());
        *response.body_mut() = Body::from(body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_client_is_taken_over_if_it_is_plain_and_short() {
        let of = |value: &'static str| {
            let headers = [(REQUEST_ID, HeaderValue::from_static(value))];
            HttpRequestId::of(&headers.into_iter().collect())
                .as_str()
                .to_owned()
        };
        assert_eq!(of("order-7/a"), "order-7/a");
        for bad in ["", "two words", "x".repeat(200).leak()] {
            assert_eq!(of(bad).len(), 32, "{bad}");
        }
        let made = || HttpRequestId::of(&HeaderMap::new()).as_str().to_owned();
        assert_ne!(made(), made());
    }
}
