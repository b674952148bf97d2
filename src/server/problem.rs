//! Errors of HTTP as problem documents (RFC 9457).
//!
//! A handler returns a [`Problem`]. It becomes a response without a body, and the outermost layer
//! ([`edge::envelope`](super::edge::envelope)) writes the document, since only that knows the path and the id of the request.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use cdp_bridge_protocol::request::BadRequest;
use cdp_bridge_protocol::{ErrorCode, ErrorDetails, ErrorEvent, RequestKind, TabId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::{http_status, wire_error};
use crate::operations::OperationError;
use crate::operations::sessions::SessionError;

/// Tells generated clients whether to repeat a request.
pub(crate) const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
/// `Retry-After` in milliseconds.
pub(crate) const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// What a server that starts again needs at least, in milliseconds.
const RESTART_MS: u64 = 1000;

macro_rules! http_codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $status:ident;)*) => {
        /// What went wrong in the exchange itself, before there was a request of the protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum HttpCode {
            $($(#[$doc])* $code,)*
        }

        impl HttpCode {
            /// Every code.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$code,)*];

            /// The code as it is written in a document.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// The status that goes with it.
            pub fn status(self) -> StatusCode {
                match self {
                    $(Self::$code => StatusCode::$status,)*
                }
            }
        }
    };
}

impl HttpCode {
    /// Whether the same request may succeed later.
    fn retryable(self) -> bool {
        matches!(
            self,
            Self::RequestTimeout
                | Self::TooManyConnections
                | Self::TooManyAttempts
                | Self::JobInterrupted
        )
    }
}

http_codes! {
    /// No token, or a bad or expired one.
    Unauthorized = "UNAUTHORIZED", UNAUTHORIZED;
    /// The token does not grant this.
    Forbidden = "FORBIDDEN", FORBIDDEN;
    /// Web pages of this origin may not connect.
    WrongOrigin = "WRONG_ORIGIN", FORBIDDEN;
    /// `Host` is missing, repeated or malformed.
    BadHost = "BAD_HOST", BAD_REQUEST;
    /// `Host` is none of this server's names.
    WrongHost = "WRONG_HOST", MISDIRECTED_REQUEST;
    /// There is nothing at this path.
    UnknownPath = "UNKNOWN_PATH", NOT_FOUND;
    /// No such job, or another client's.
    UnknownJob = "UNKNOWN_JOB", NOT_FOUND;
    /// The bridge stopped before the job was over.
    JobInterrupted = "JOB_INTERRUPTED", CONFLICT;
    /// The path has no such method.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", METHOD_NOT_ALLOWED;
    /// No answer of the media types that the client accepts.
    NotAcceptable = "NOT_ACCEPTABLE", NOT_ACCEPTABLE;
    /// The request took too long to arrive.
    RequestTimeout = "REQUEST_TIMEOUT", REQUEST_TIMEOUT;
    /// The body is of another media type.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", UNSUPPORTED_MEDIA_TYPE;
    /// The handshake of a WebSocket is malformed.
    BadHandshake = "BAD_HANDSHAKE", BAD_REQUEST;
    /// An upgrade to another protocol is needed.
    UpgradeRequired = "UPGRADE_REQUIRED", UPGRADE_REQUIRED;
    /// Too many connections from this address.
    TooManyConnections = "TOO_MANY_CONNECTIONS", TOO_MANY_REQUESTS;
    /// Too many failed attempts from this address.
    TooManyAttempts = "TOO_MANY_ATTEMPTS", TOO_MANY_REQUESTS;
}

/// The code of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemCode {
    /// A code of the protocol, which the WebSocket has too.
    Protocol(ErrorCode),
    /// A code of HTTP alone.
    Http(HttpCode),
}

impl ProblemCode {
    /// The code as it is written in a document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Protocol(code) => code.as_str(),
            Self::Http(code) => code.as_str(),
        }
    }
}

impl Serialize for ProblemCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl JsonSchema for ProblemCode {
    fn schema_name() -> Cow<'static, str> {
        "ProblemCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let protocol = ErrorCode::ALL.iter().map(|code| code.as_str());
        let http = HttpCode::ALL.iter().map(|code| code.as_str());
        let codes: Vec<_> = protocol.chain(http).collect();
        json_schema!({
            "type": "string",
            "enum": codes,
            "description": "What went wrong, for a program to act on.",
        })
    }
}

/// What is known of the effect of a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing began: the request may be sent again as it is.
    Nothing,
    /// It only reads, so that repeating it does no harm.
    ReadsOnly,
    /// It may have taken effect: repeating it might do it twice.
    Possible,
}

/// A request that failed.
#[derive(Debug, Clone)]
pub struct Problem(Box<Fault>);

#[derive(Debug, Clone)]
struct Fault {
    status: StatusCode,
    code: ProblemCode,
    detail: String,
    details: Option<ErrorDetails>,
    retryable: bool,
    effect: Effect,
    headers: HeaderMap,
}

/// The document (`application/problem+json`).
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Problem")]
pub struct ProblemDocument<'a> {
    /// The code as a URI.
    r#type: String,
    /// The status in words.
    title: &'a str,
    /// The status of the answer.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// What went wrong and what to do, for a person.
    detail: &'a str,
    /// The path of the request.
    instance: &'a str,
    /// What went wrong, for a program.
    code: ProblemCode,
    /// Whether the same request may succeed later.
    retryable: bool,
    /// Facts behind the detail.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a ErrorDetails>,
    /// The request in the log of the bridge, and in `X-Request-Id`.
    request_id: &'a str,
}

impl Problem {
    /// A problem of the exchange itself.
    pub fn http(code: HttpCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Fault {
            status: code.status(),
            code: ProblemCode::Http(code),
            detail: detail.into(),
            details: None,
            retryable: code.retryable(),
            effect: Effect::Nothing,
            headers: HeaderMap::new(),
        }))
    }

    /// A problem with a code of the protocol, before anything began.
    pub fn protocol(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::of_event(ErrorEvent::new(code, detail), Effect::Nothing)
    }

    /// A field of the request that breaks a rule.
    pub fn bad_field(field: &str, detail: impl Into<String>) -> Self {
        Self::protocol(ErrorCode::BadRequest, detail).with_details(ErrorDetails {
            field: Some(field.to_owned()),
            ..ErrorDetails::default()
        })
    }

    /// A request of the protocol that failed.
    pub fn of_operation(kind: RequestKind, error: &OperationError, tab: Option<TabId>) -> Self {
        let event = wire_error::of_operation(kind, error, tab);
        let status = http_status::of_operation(error, event.code);
        let effect = effect_of(kind, error, &event);
        Self::of_event(event, effect).with_status(status)
    }

    /// An error as it stands on the WebSocket.
    pub fn of_event(event: ErrorEvent, effect: Effect) -> Self {
        Self(Box::new(Fault {
            status: http_status::of_code(event.code),
            code: ProblemCode::Protocol(event.code),
            detail: event.message,
            retryable: event.retryable,
            details: event.details,
            effect,
            headers: HeaderMap::new(),
        }))
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// The same with these facts.
    #[must_use]
    pub fn with_details(mut self, details: ErrorDetails) -> Self {
        self.0.details = Some(details);
        self
    }

    /// The same, about a part of what was sent.
    #[must_use]
    pub fn within(mut self, part: &str) -> Self {
        if let Some(field) = self.0.details.as_mut().and_then(|it| it.field.as_mut()) {
            *field = format!("{part}.{field}");
        }
        self.0.detail = format!("{part}: {}", self.0.detail);
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// The same, which may be tried again after this time.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        let details = self.0.details.get_or_insert_default();
        details.retry_after_ms = Some(u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        self.0.retryable = true;
        self
    }

    /// 401 for a token that does not open this, with the header that names how to authenticate.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::challenge(
            r#"Bearer realm="cdp-bridge", error="invalid_token""#,
            detail,
        )
    }

    /// 401 for a request without a token. Its header names no error (RFC 6750, section 3.1).
    pub fn token_missing(detail: impl Into<String>) -> Self {
        Self::challenge(r#"Bearer realm="cdp-bridge""#, detail)
    }

    fn challenge(challenge: &'static str, detail: impl Into<String>) -> Self {
        let value = HeaderValue::from_static(challenge);
        Self::http(HttpCode::Unauthorized, detail).with_header(WWW_AUTHENTICATE, value)
    }

    /// 405, with the methods that there are.
    pub fn method_not_allowed(allowed: &str) -> Self {
        let detail = format!("this path has other methods: {allowed}");
        let problem = Self::http(HttpCode::MethodNotAllowed, detail);
        match HeaderValue::from_str(allowed) {
            Ok(value) => problem.with_header(ALLOW, value),
            Err(_) => problem,
        }
    }

    /// Its code.
    pub fn code(&self) -> ProblemCode {
        self.0.code
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Whether nothing began, so that an idempotency key is free again.
    pub fn changed_nothing(&self) -> bool {
        self.0.effect == Effect::Nothing
    }

    /// The same as the first of several: in a list the later ones do not begin.
    #[must_use]
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.0.effect = effect;
        self
    }

    /// The document.
    pub fn document<'a>(&'a self, instance: &'a str, request_id: &'a str) -> ProblemDocument<'a> {
        ProblemDocument {
            r#type: format!("urn:cdp-bridge:error:{}", self.0.code.as_str()),
            title: self.0.status.canonical_reason().unwrap_or("Error"),
            status: self.0.status.as_u16(),
            detail: &self.0.detail,
            instance,
            code: self.0.code,
            retryable: self.0.retryable,
            details: self.0.details.as_ref(),
            request_id,
        }
    }

    /// The headers that go with it. `has_key`: the request carries an idempotency key.
    pub(crate) fn headers(&self, has_key: bool) -> HeaderMap {
        let mut headers = self.0.headers.clone();
        let wait = self.wait_ms();
        if let Some(ms) = wait {
            headers.insert(RETRY_AFTER, ms.div_ceil(1000).into());
            headers.insert(RETRY_AFTER_MS, ms.into());
        }
        if let Some(retry) = self.should_retry(has_key) {
            let value = HeaderValue::from_static(if retry { "true" } else { "false" });
            headers.insert(SHOULD_RETRY, value);
        }
        headers
    }

    fn wait_ms(&self) -> Option<u64> {
        let told = self.0.details.as_ref().and_then(|it| it.retry_after_ms);
        let is_wait = matches!(
            self.0.status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        told.or_else(|| is_wait.then_some(RESTART_MS))
    }

    fn is_shutting_down(&self) -> bool {
        self.0.code == ProblemCode::Protocol(ErrorCode::ShuttingDown)
    }

    /// Whether a generated client may repeat the request by itself: it would do so for these statuses.
    fn should_retry(&self, has_key: bool) -> Option<bool> {
        let by_itself = self.0.status.is_server_error()
            || matches!(
                self.0.status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT | StatusCode::REQUEST_TIMEOUT
            );
        if !by_itself {
            return None;
        }
        match self.0.effect {
            // This bridge will not take it any more, but the one that is started in its place.
            Effect::Nothing if self.is_shutting_down() => Some(true),
            Effect::Nothing | Effect::ReadsOnly => Some(self.0.retryable),
            // With a key the first answer is given again.
            Effect::Possible if has_key => None,
            Effect::Possible => Some(false),
        }
    }
}

/// What a request of the protocol that failed may have done.
fn effect_of(kind: RequestKind, error: &OperationError, event: &ErrorEvent) -> Effect {
    let is_half_made = matches!(error, OperationError::Session(SessionError::Failed));
    let refused = !matches!(error, OperationError::Failed(_)) && !is_half_made
        || matches!(
            event.code,
            ErrorCode::RateLimited
                | ErrorCode::LimitExceeded
                | ErrorCode::Dropped
                | ErrorCode::BrowserDown
                | ErrorCode::ShuttingDown
        );
    if refused && !wire_error::may_have_acted(error) {
        Effect::Nothing
    } else if kind.changes_something() {
        Effect::Possible
    } else {
        Effect::ReadsOnly
    }
}

impl From<BadRequest> for Problem {
    fn from(bad: BadRequest) -> Self {
        Self::of_event(bad.to_event(), Effect::Nothing)
    }
}

/// Without its body, which the outermost layer writes.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::failure::TabError;

    fn failed(kind: RequestKind, error: TabError) -> Problem {
        Problem::of_operation(kind, &error.into(), None)
    }

    fn retry(problem: &Problem, has_key: bool) -> Option<String> {
        let headers = problem.headers(has_key);
        let value = headers.get(SHOULD_RETRY)?;
        Some(value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_document_names_the_code_the_request_and_the_path() {
        let problem = Problem::bad_field("url", "url: missing");
        let document = serde_json::to_value(problem.document("/v1/pages", "r1")).unwrap();
        assert_eq!(
            document,
            serde_json::json!({
                "type": "urn:cdp-bridge:error:BAD_REQUEST",
                "title": "Bad Request",
                "status": 400,
                "detail": "url: missing",
                "instance": "/v1/pages",
                "code": "BAD_REQUEST",
                "retryable": false,
                "details": {"field": "url"},
                "requestId": "r1",
            })
        );
    }

    #[test]
    fn what_may_have_taken_effect_is_not_repeated_without_a_key() {
        let click = RequestKind::Click;
        let crashed = failed(click, TabError::Crashed);
        assert_eq!(retry(&crashed, false).as_deref(), Some("false"));
        assert_eq!(retry(&crashed, true), None);
        let lost = failed(click, TabError::Lost);
        assert_eq!(retry(&lost, false).as_deref(), Some("false"));
        let after = TabError::AfterInput(Box::new(TabError::BrowserDown {
            reason: "it left".to_owned(),
        }));
        assert_eq!(
            retry(&failed(click, after), false).as_deref(),
            Some("false")
        );
    }

    #[test]
    fn what_never_began_may_be_repeated_after_a_time() {
        for problem in [
            failed(RequestKind::Click, TabError::Dropped),
            failed(RequestKind::Click, TabError::ShuttingDown),
            failed(RequestKind::Click, TabError::QueueFull { limit: 1 }),
        ] {
            assert_eq!(retry(&problem, false).as_deref(), Some("true"));
            assert!(problem.headers(false).contains_key(RETRY_AFTER));
            assert!(problem.changed_nothing());
        }
        let read = failed(RequestKind::Query, TabError::Crashed);
        assert_eq!(retry(&read, false).as_deref(), Some("true"));
        assert_eq!(read.headers(false).get(RETRY_AFTER), None);
    }

    #[test]
    fn what_is_repeated_by_itself_is_what_may_succeed_later() {
        for code in HttpCode::ALL {
            let problem = Problem::http(code, "no");
            let expected = problem.0.retryable.then_some("true");
            assert_eq!(retry(&problem, false).as_deref(), expected, "{code:?}");
        }
        for code in ErrorCode::ALL {
            let problem = Problem::protocol(code, "no");
            let is_told = retry(&problem, false).map(|it| it == "true");
            // The bridge that is started next takes it.
            let expected = code.retryable() || code == ErrorCode::ShuttingDown;
            assert!(is_told.is_none_or(|told| told == expected), "{code:?}");
        }
    }

    #[test]
    fn a_request_without_a_token_has_no_error_in_its_challenge() {
        let challenge = |problem: Problem| {
            let headers = problem.headers(false);
            headers[WWW_AUTHENTICATE].to_str().unwrap().to_owned()
        };
        let missing = challenge(Problem::token_missing("none"));
        assert_eq!(missing, r#"Bearer realm="cdp-bridge""#);
        let bad = challenge(Problem::unauthorized("bad"));
        assert_eq!(bad, format!(r#"{missing}, error="invalid_token""#));
    }

    #[test]
    fn seconds_are_rounded_up_and_milliseconds_are_exact() {
        let problem = Problem::protocol(ErrorCode::RateLimited, "too many")
            .retry_after(Duration::from_millis(1001));
        let headers = problem.headers(false);
        assert_eq!(headers[RETRY_AFTER], "2");
        assert_eq!(headers[RETRY_AFTER_MS], "1001");
    }

    #[test]
    fn codes_of_http_and_of_the_protocol_have_different_names() {
        for code in HttpCode::ALL {
            let same = ErrorCode::ALL.iter().any(|it| it.as_str() == code.as_str());
            assert!(!same, "{code:?}");
            assert!(code.status().is_client_error());
        }
    }
}
