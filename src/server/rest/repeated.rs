//! Requests with an `Idempotency-Key`: carried out once, and answered alike however often they are sent.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use cdp_bridge_protocol::{ErrorCode, ErrorDetails, IdempotencyKey};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::route::RestResult;
use crate::operations::once::{Once, OnceGuard, OnceLeader, RequestFingerprint};
use crate::operations::{Made, OnceKey, Operations, Scope};
use crate::server::edge::envelope::IDEMPOTENCY_KEY;
use crate::server::problem::Problem;

/// Marks an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The longest answer that is kept.
const MAX_BYTES: usize = 256 << 10;

/// The keys of this door.
pub(crate) type RestKeys = Arc<OnceGuard<KeptAnswer>>;

/// An answer that can be given again.
#[derive(Debug, Clone)]
pub(crate) enum KeptAnswer {
    Good {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    },
    Failed(Problem),
}

impl KeptAnswer {
    fn again(&self) -> Response {
        match self {
            Self::Good {
                status,
                headers,
                body,
            } => (*status, headers.clone(), Body::from(body.clone())).into_response(),
            Self::Failed(problem) => problem.clone().into_response(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Good { headers, body, .. } => body.len() + 64 * headers.len(),
            Self::Failed(_) => 512,
        }
    }
}

/// Tells one request from another with the same key. A token with other `rights` makes another request: it must not be
/// given an answer that it could not have had.
pub(crate) fn fingerprint(
    method: &str,
    path: &str,
    query: &str,
    body: &[u8],
    rights: &[u8],
) -> RequestFingerprint {
    let mut hash = Sha256::new();
    let head = [method, path, query].map(str::as_bytes);
    for part in head.into_iter().chain([body, rights]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The key of a request, if it carries one.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = value.to_str().ok().and_then(|text| text.try_into().ok());
    let detail = "Idempotency-Key: expected 1 to 64 characters of ASCII";
    let bad = || Problem::bad_field("Idempotency-Key", detail);
    key.map(Some).ok_or_else(bad)
}

/// Begins a request with a key. `Ok`: it is to be carried out, and settled; `Err`: this is its answer.
pub(crate) async fn begin(
    keys: &RestKeys,
    scope: &Scope,
    key: &IdempotencyKey,
    print: RequestFingerprint,
) -> Result<OnceLeader<KeptAnswer>, Response> {
    match keys.begin(scope, key, print, Instant::now()) {
        Once::Lead(leader) => Ok(leader),
        Once::Repeat(answer) => Err(replayed(answer.again())),
        Once::Wait(answer) => Err(match answer.await {
            Ok(answer) => replayed(answer.again()),
            // The first one was lost, and may have done something.
            Err(_) => Problem::protocol(
                ErrorCode::Internal,
                "the first request with this key was lost",
            )
            .with_effect(crate::server::problem::Effect::Possible)
            .into_response(),
        }),
        Once::KeyReused => Err(key_reused().into_response()),
        Once::Full { limit, retry_after } => {
            let detail = format!(
                "{limit} idempotency keys of this client are remembered, which is the most allowed \
                 (server.idempotency_keys); send fewer, or without a key"
            );
            let problem = Problem::protocol(ErrorCode::LimitExceeded, detail);
            let details = ErrorDetails {
                limit: Some(limit as u64),
                ..ErrorDetails::default()
            };
            Err(problem
                .with_details(details)
                .retry_after(retry_after)
                .into_response())
        }
    }
}

fn key_reused() -> Problem {
    let detail = "Idempotency-Key: it was used for another request of this client; use another";
    Problem::bad_field("idempotencyKey", detail).with_status(StatusCode::UNPROCESSABLE_ENTITY)
}

/// The same key as it is kept with what is made under it.
pub(super) fn kept_key(scope: &Scope, key: &IdempotencyKey, print: RequestFingerprint) -> OnceKey {
    OnceKey {
        scope: scope.clone(),
        door: "rest",
        key: key.as_str().to_owned(),
        print,
    }
}

/// What was made under a key before the bridge was started again.
pub(super) fn made_before(
    operations: &Operations,
    once: &OnceKey,
) -> Result<Option<Made>, Problem> {
    let made = operations.made_before(once).transpose();
    made.map_err(|_| key_reused())
}

/// Ends the request of a key, and returns its answer.
pub(crate) async fn settle(leader: OnceLeader<KeptAnswer>, result: RestResult) -> Response {
    let (kept, response) = match result {
        Err(problem) => {
            let response = problem.clone().into_response();
            (KeptAnswer::Failed(problem), response)
        }
        Ok(response) => kept(response).await,
    };
    let is_repeated = !matches!(&kept, KeptAnswer::Failed(problem) if problem.changed_nothing());
    let bytes = is_repeated.then(|| kept.bytes());
    leader.settle(&Arc::new(kept), bytes);
    response
}

async fn kept(response: Response) -> (KeptAnswer, Response) {
    let (head, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        let problem = Problem::protocol(ErrorCode::Internal, "the answer was lost");
        return (KeptAnswer::Failed(problem.clone()), problem.into_response());
    };
    let kept = if body.len() > MAX_BYTES {
        KeptAnswer::Failed(not_kept(body.len()))
    } else {
        KeptAnswer::Good {
            status: head.status,
            headers: head.headers.clone(),
            body: body.clone(),
        }
    };
    (kept, Response::from_parts(head, Body::from(body)))
}

fn not_kept(bytes: usize) -> Problem {
    let detail = format!(
        "the request was carried out before; its answer of {bytes} bytes is longer than the {MAX_BYTES} that \
         are kept for a repetition"
    );
    Problem::protocol(ErrorCode::TooLarge, detail)
        .with_details(ErrorDetails {
            bytes: Some(bytes as u64),
            max_bytes: Some(MAX_BYTES as u64),
            ..ErrorDetails::default()
        })
        .with_effect(crate::server::problem::Effect::Possible)
}

fn replayed(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_differ_by_method_path_query_body_and_rights() {
        let first = fingerprint("POST", "/pages", "", b"{}", b"");
        assert_eq!(first, fingerprint("POST", "/pages", "", b"{}", b""));
        for other in [
            fingerprint("PATCH", "/pages", "", b"{}", b""),
            fingerprint("POST", "/page", "s", b"{}", b""),
            fingerprint("POST", "/pages", "a", b"{}", b""),
            fingerprint("POST", "/pages", "", b"{ }", b""),
            fingerprint("POST", "/pages", "", b"{}", b"r"),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_key_is_a_short_text() {
        let of = |text: &str| {
            let value = HeaderValue::from_str(text).unwrap();
            key_of(&[(IDEMPOTENCY_KEY, value)].into_iter().collect())
        };
        assert_eq!(of("k").unwrap().unwrap().as_str(), "k");
        assert!(of("").is_err() && of(&"k".repeat(65)).is_err());
        assert!(key_of(&HeaderMap::new()).unwrap().is_none());
    }
}
