//! A request with the fields that may stand on any of them.

use std::time::Duration;

use super::RequestBody;
use crate::idempotency::IdempotencyKey;
use crate::ids::RequestId;

/// A request: its body, and the fields that may stand on any of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The id that the client chose, echoed in the answer.
    pub request_id: Option<RequestId>,
    /// The time limit that replaces the configured one (`timeoutMs`).
    pub timeout: Option<Duration>,
    /// Makes the bridge execute the change once however often it is sent; only on requests that
    /// [take one](super::RequestKind::takes_idempotency_key).
    pub idempotency_key: Option<IdempotencyKey>,
    /// The request's own fields.
    pub body: RequestBody,
}

impl Request {
    /// A request with an id and the configured time limit.
    pub fn new(request_id: impl Into<RequestId>, body: impl Into<RequestBody>) -> Self {
        Self {
            request_id: Some(request_id.into()),
            ..Self::from(body.into())
        }
    }

    /// The JSON text that a client sends.
    pub fn to_json(&self) -> String {
        #[derive(serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Envelope<'a> {
            r#type: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            request_id: &'a Option<RequestId>,
            #[serde(skip_serializing_if = "Option::is_none")]
            timeout_ms: Option<u128>,
            #[serde(skip_serializing_if = "Option::is_none")]
            idempotency_key: &'a Option<IdempotencyKey>,
            #[serde(flatten)]
            body: &'a RequestBody,
        }

        let envelope = Envelope {
            r#type: self.body.kind().as_str(),
            request_id: &self.request_id,
            timeout_ms: self.timeout.map(|timeout| timeout.as_millis()),
            idempotency_key: &self.idempotency_key,
            body: &self.body,
        };
        #[expect(
            clippy::expect_used,
            reason = "strings, numbers and booleans always serialize"
        )]
        serde_json::to_string(&envelope).expect("a request serializes")
    }
}

/// A request without an id, whose answer carries none either.
impl From<RequestBody> for Request {
    fn from(body: RequestBody) -> Self {
        Self {
            request_id: None,
            timeout: None,
            idempotency_key: None,
            body,
        }
    }
}
