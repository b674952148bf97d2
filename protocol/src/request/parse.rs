//! Parses a text frame into a [`Request`], strictly.

use std::fmt::Display;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::envelope_scan::{scan, scan_shortened};
use super::{Request, RequestBody, RequestKind};
use crate::error::{ErrorCode, ErrorDetails, ErrorEvent};
use crate::ids::RequestId;
use crate::payload::BinaryFrame;

/// Lower bound of `timeoutMs`, in milliseconds.
pub const MIN_TIMEOUT_MS: u64 = 100;
/// Upper bound of `timeoutMs`, in milliseconds.
pub const MAX_TIMEOUT_MS: u64 = 120_000;

/// Most characters of a client's field name that an error message repeats.
const FIELD_CHARS: usize = 64;
/// Longest error message that may repeat a client's text, in characters.
const MESSAGE_CHARS: usize = 500;

/// A message that is not a valid request. The connection stays open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadRequest {
    /// The request's id, if it could be parsed.
    pub request_id: Option<RequestId>,
    /// The kind of request, if it could be parsed.
    pub kind: Option<RequestKind>,
    /// The invalid field, unless the message as a whole is invalid.
    pub field: Option<String>,
    /// Why it was refused, and what was expected.
    pub message: String,
    /// For a message over the limit: its size.
    pub oversize: Option<Oversize>,
}

/// The size of a message over the limit, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oversize {
    /// What it had.
    pub bytes: u64,
    /// What it may have.
    pub max_bytes: u64,
}

impl BadRequest {
    /// A message over the limit. What is there of it was left out at `cut`, a byte between two characters; with
    /// all of it before `cut`, only its end may be missing.
    pub fn too_large(text: &str, cut: usize, oversize: Oversize) -> Self {
        let (beginning, _) = text.split_at_checked(cut).unwrap_or((text, ""));
        let (request_id, kind) = scan_shortened(text, beginning);
        let Oversize { bytes, max_bytes } = oversize;
        Self {
            oversize: Some(oversize),
            ..bad(
                request_id,
                kind,
                format!(
                    "the message has {bytes} bytes, more than the {max_bytes} that a message may have \
                     (limits.maxMessageBytes, server.max_message_bytes); a file can be sent in parts \
                     with stageFile"
                ),
            )
        }
    }

    /// `BAD_REQUEST`, or `TOO_LARGE`.
    pub fn code(&self) -> ErrorCode {
        match self.oversize {
            None => ErrorCode::BadRequest,
            Some(_) => ErrorCode::TooLarge,
        }
    }

    /// The error that answers it.
    pub fn to_event(&self) -> ErrorEvent {
        let details = ErrorDetails {
            field: self.field.clone(),
            bytes: self.oversize.map(|it| it.bytes),
            max_bytes: self.oversize.map(|it| it.max_bytes),
            ..ErrorDetails::default()
        };
        ErrorEvent {
            details: (details != ErrorDetails::default()).then_some(details),
            ..ErrorEvent::new(self.code(), self.message.clone())
        }
    }
}

/// An invalid field.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct FieldError {
    field: Option<String>,
    message: String,
}

/// Rules that the types do not express, such as ranges.
pub(crate) trait Validate {
    /// Reports the first violated rule.
    fn validate(&self) -> Result<(), FieldError> {
        Ok(())
    }
}

/// Checks that a number is within its range.
pub(super) fn within<T: PartialOrd + Display + Copy>(
    field: &str,
    value: T,
    min: T,
    max: T,
) -> Result<(), FieldError> {
    if value >= min && value <= max {
        return Ok(());
    }
    Err(FieldError {
        field: Some(field.to_owned()),
        message: format!("{field}: {value} is out of range, expected {min} to {max}"),
    })
}

/// Checks the length of a list.
pub(super) fn at_most(field: &str, count: usize, most: usize) -> Result<(), FieldError> {
    if count <= most {
        return Ok(());
    }
    broken(
        field,
        &format!("{count} are too many, expected at most {most}"),
    )
}

/// The error of a field that conflicts with others.
pub(super) fn broken<T>(field: &str, problem: &str) -> Result<T, FieldError> {
    Err(FieldError {
        field: Some(field.to_owned()),
        message: format!("{field}: {problem}"),
    })
}

/// Parses and validates the fields of one body; an error names the field.
pub(crate) fn parse_body<T>(fields: Map<String, Value>) -> Result<T, FieldError>
where
    T: DeserializeOwned + Validate,
{
    let body: T = deserialize(fields)?;
    body.validate()?;
    Ok(body)
}

/// Parses the fields of an object that is no request, such as the body of an HTTP request; an error names the field.
pub fn parse_fields<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, BadRequest> {
    deserialize(fields).map_err(|error| error.of(None, None))
}

fn deserialize<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let path = clip(&error.path().to_string(), FIELD_CHARS);
        let message = clip(
            &in_json_terms(error.into_inner().to_string()),
            MESSAGE_CHARS,
        );
        if path == "." {
            // For an unknown or missing field serde has no path, but its message names the field.
            {
                let field = quoted(&message).map(|field| clip(&field, FIELD_CHARS));
                FieldError { field, message }
            }
        } else {
            FieldError {
                message: format!("{path}: {message}"),
                field: Some(path),
            }
        }
    })
}

/// serde's message without its words for Rust's types: what it calls a struct or a map is an object in JSON.
fn in_json_terms(message: String) -> String {
    const EXPECTED: &str = ", expected ";
    let Some((found, expected)) = message.rsplit_once(EXPECTED) else {
        return message;
    };
    let found = match found {
        "invalid type: map" => "invalid type: object",
        "invalid type: sequence" => "invalid type: array",
        found => found,
    };
    let expected = match expected.split(' ').next() {
        Some("struct" | "map") => "an object",
        _ if expected == "a sequence" => "an array",
        _ => expected,
    };
    format!("{found}{EXPECTED}{expected}")
}

/// The text between the first two backticks of serde's message: the field's name.
fn quoted(message: &str) -> Option<String> {
    let (_, rest) = message.split_once('`')?;
    let (field, _) = rest.split_once('`')?;
    Some(field.to_owned())
}

impl Request {
    /// Parses one text frame.
    pub fn parse(text: &str) -> Result<Self, BadRequest> {
        Self::of_fields(object(text)?)
    }

    /// Parses one binary frame: a `stageFile` whose `data` stands behind its JSON.
    pub fn parse_binary(frame: &Bytes) -> Result<Self, BadRequest> {
        const DATA: &str = "data";
        let frame =
            BinaryFrame::decode(frame).map_err(|error| bad(None, None, error.to_string()))?;
        let mut fields = object(&frame.head)?;
        let sent = fields.insert(DATA.to_owned(), Value::String(String::new()));
        let mut request = Self::of_fields(fields)?;
        let RequestBody::StageFile(file) = &mut request.body else {
            let kind = request.body.kind();
            let message = format!(
                "a {} is sent as text; binary messages are for stageFile",
                kind.as_str()
            );
            return Err(bad(request.request_id, Some(kind), message));
        };
        if sent.is_some() {
            let message = "data: it stands behind the JSON of a binary message, not in it";
            let error = FieldError {
                field: Some(DATA.to_owned()),
                message: message.to_owned(),
            };
            return Err(error.of(request.request_id, Some(RequestKind::StageFile)));
        }
        file.data = frame.payload.into();
        Ok(request)
    }

    /// Parses the fields of one message, `type` and the envelope's among them.
    pub fn of_fields(mut fields: Map<String, Value>) -> Result<Self, BadRequest> {
        let request_id = take(&mut fields, "requestId").map_err(|error| error.of(None, None))?;
        let kind = kind_of(&mut fields).map_err(|error| error.of(request_id.clone(), None))?;
        let rest = || {
            let timeout = timeout_of(&mut fields)?;
            // Elsewhere the key is an unknown field.
            let idempotency_key = if kind.takes_idempotency_key() {
                take(&mut fields, "idempotencyKey")?
            } else {
                None
            };
            Ok(Self {
                request_id: request_id.clone(),
                timeout,
                idempotency_key,
                body: kind.parse(fields)?,
            })
        };
        rest().map_err(|error: FieldError| error.of(request_id.clone(), Some(kind)))
    }
}

fn object(text: &str) -> Result<Map<String, Value>, BadRequest> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => {
            let found = type_name(&other);
            let message = format!("expected a JSON object, found {found}");
            Err(bad(None, None, message))
        }
        Err(error) => {
            let (request_id, kind) = scan(text);
            Err(bad(request_id, kind, format!("not JSON: {error}")))
        }
    }
}

/// Takes `type`.
fn kind_of(fields: &mut Map<String, Value>) -> Result<RequestKind, FieldError> {
    let of_type = |message| FieldError {
        field: Some("type".to_owned()),
        message,
    };
    let names = || {
        let names: Vec<_> = RequestKind::ALL.iter().map(|kind| kind.as_str()).collect();
        names.join(", ")
    };
    match fields.remove("type") {
        Some(Value::String(name)) => RequestKind::from_name(&name).ok_or_else(|| {
            of_type(format!(
                "type: unknown request `{}`, expected one of {}",
                clip(&name, FIELD_CHARS),
                names()
            ))
        }),
        Some(other) => Err(of_type(format!(
            "type: expected a string, found {}",
            type_name(&other)
        ))),
        None => Err(of_type(format!(
            "missing field `type`, expected one of {}",
            names()
        ))),
    }
}

/// Takes and checks `timeoutMs`.
fn timeout_of(fields: &mut Map<String, Value>) -> Result<Option<Duration>, FieldError> {
    let Some(ms) = take::<u64>(fields, "timeoutMs")? else {
        return Ok(None);
    };
    within("timeoutMs", ms, MIN_TIMEOUT_MS, MAX_TIMEOUT_MS)?;
    Ok(Some(Duration::from_millis(ms)))
}

/// Takes an optional field of the envelope. Unlike the optional fields of a body it must not be null, because a null
/// `requestId` could not be echoed.
fn take<'de, T: Deserialize<'de>>(
    fields: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<T>, FieldError> {
    let Some(value) = fields.remove(name) else {
        return Ok(None);
    };
    T::deserialize(value).map(Some).map_err(|error| FieldError {
        field: Some(name.to_owned()),
        message: format!("{name}: {error}"),
    })
}

impl FieldError {
    fn of(self, request_id: Option<RequestId>, kind: Option<RequestKind>) -> BadRequest {
        BadRequest {
            request_id,
            kind,
            field: self.field,
            message: self.message,
            oversize: None,
        }
    }
}

fn bad(request_id: Option<RequestId>, kind: Option<RequestKind>, message: String) -> BadRequest {
    BadRequest {
        request_id,
        kind,
        field: None,
        message,
        oversize: None,
    }
}

/// Truncates a client's text for an error message.
fn clip(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TabId;
    use crate::request::{CreateTab, GetScreenshot, ImageFormat, Navigate, Viewport, WaitUntil};

    fn refused(text: &str) -> BadRequest {
        Request::parse(text).unwrap_err()
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let request = Request {
            request_id: Some("r1".into()),
            timeout: Some(Duration::from_millis(500)),
            idempotency_key: Some("order 66".try_into().unwrap()),
            body: CreateTab {
                url: Some("https://example.com/".to_owned()),
                logged_out: Some(true),
                viewport: Some(Viewport {
                    width: 800,
                    height: 600,
                    device_scale_factor: Some(2.0),
                }),
                wait_until: Some(WaitUntil::Load),
                session_id: None,
            }
            .into(),
        };
        assert_eq!(Request::parse(&request.to_json()), Ok(request));
    }

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in RequestKind::ALL {
            assert_eq!(RequestKind::from_name(kind.as_str()), Some(*kind));
        }
    }

    #[test]
    fn what_is_no_json_object_is_refused_without_an_id() {
        for text in [
            "",
            "{",
            "nonsense",
            "[]",
            "1",
            "\"x\"",
            "null",
            "{\"a\":1}}",
        ] {
            let error = refused(text);
            assert_eq!(error.request_id, None, "{text}");
            assert!(
                error.message.contains("JSON"),
                "{text}: the message says what was expected: {error}"
            );
        }
    }

    #[test]
    fn an_unknown_type_is_refused_with_the_known_ones() {
        let error = refused(r#"{"type":"jump","requestId":7}"#);
        assert_eq!(error.request_id, Some(RequestId::Number(7)));
        assert_eq!(error.field.as_deref(), Some("type"));
        assert!(error.message.contains("`jump`") && error.message.contains("getDomSnapshot"));
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        let cases = [
            (r#"{"type":"navigate","requestId":"a","tabId":"t1"}"#, "url"),
            (
                r#"{"type":"navigate","requestId":"a","tabId":5,"url":"x"}"#,
                "tabId",
            ),
            (
                r#"{"type":"navigate","requestId":"a","tabId":"t1","url":"x","wait":1}"#,
                "wait",
            ),
            (r#"{"type":"ping","requestId":"a","tabId":"t1"}"#, "tabId"),
            (
                r#"{"type":"ping","requestId":"a","timeoutMs":99}"#,
                "timeoutMs",
            ),
            (
                r#"{"type":"ping","requestId":"a","timeoutMs":"1"}"#,
                "timeoutMs",
            ),
            (
                r#"{"type":"createTab","requestId":"a","idempotencyKey":""}"#,
                "idempotencyKey",
            ),
            (
                r#"{"type":"createTab","requestId":"a","idempotencyKey":null}"#,
                "idempotencyKey",
            ),
            (
                r#"{"type":"ping","requestId":"a","idempotencyKey":"k"}"#,
                "idempotencyKey",
            ),
            (
                r#"{"type":"getScreenshot","requestId":"a","tabId":"t1","quality":0}"#,
                "quality",
            ),
            (
                r#"{"type":"getScreenshot","requestId":"a","tabId":"t1","format":"gif"}"#,
                "format",
            ),
            (
                r#"{"type":"createTab","requestId":"a","viewport":{"width":1,"height":"2"}}"#,
                "viewport.height",
            ),
            (
                r#"{"type":"createTab","requestId":"a","viewport":{"width":0,"height":2}}"#,
                "viewport.width",
            ),
        ];
        for (text, field) in cases {
            let error = refused(text);
            assert_eq!(error.field.as_deref(), Some(field), "{text}: {error}");
            assert!(error.message.contains(field), "{text}: {error}");
            assert_eq!(error.request_id, Some("a".into()), "{text}");
        }
    }

    #[test]
    fn what_a_client_sent_is_not_sent_back_at_length() {
        let long = "x".repeat(100_000);
        let error = refused(&format!(r#"{{"type":"ping","{long}":1}}"#));
        assert!(error.message.len() < 1000 && error.field.is_some_and(|field| field.len() <= 64));
    }

    #[test]
    fn what_is_no_json_is_answered_by_its_id_if_that_can_be_read() {
        let deep = "[".repeat(200);
        for rest in [deep.as_str(), "nonsense", "\"cut off"] {
            let error = refused(&format!(
                r#"{{"type":"evaluate","requestId":7,"args":{rest}"#
            ));
            assert_eq!(error.request_id, Some(RequestId::Number(7)), "{rest}");
            assert_eq!(error.kind, Some(RequestKind::Evaluate), "{rest}");
            assert_eq!(error.code(), ErrorCode::BadRequest, "{rest}");
        }
    }

    #[test]
    fn a_message_over_the_limit_is_answered_by_its_id_with_the_limit() {
        let oversize = Oversize {
            bytes: 3000,
            max_bytes: 1024,
        };
        let text = r#"{"type":"upload","requestId":"a","files":[{"#;
        let error = BadRequest::too_large(text, text.len(), oversize);
        assert_eq!(error.request_id, Some("a".into()));
        let event = error.to_event();
        assert_eq!((event.code, event.retryable), (ErrorCode::TooLarge, false));
        assert!(event.message.contains("1024") && event.message.contains("stageFile"));
        let details = event.details.unwrap();
        assert_eq!((details.bytes, details.max_bytes), (Some(3000), Some(1024)));
    }

    #[test]
    fn a_binary_message_is_a_staged_file_with_its_bytes_behind_it() {
        let parse = |head: &str| Request::parse_binary(&BinaryFrame::encode(head, &[0, 0xff]));
        let request = parse(r#"{"type":"stageFile","requestId":1,"name":"a","size":2}"#).unwrap();
        let RequestBody::StageFile(file) = &request.body else {
            panic!("{request:?}")
        };
        assert_eq!(file.data.expose(), &[0, 0xff][..]);
        assert_eq!(Request::parse(&request.to_json()), Ok(request));
        for (head, field) in [
            (
                r#"{"type":"stageFile","requestId":1,"name":"a","size":2,"data":""}"#,
                Some("data"),
            ),
            (
                r#"{"type":"stageFile","requestId":1,"name":"a"}"#,
                Some("size"),
            ),
            (r#"{"type":"ping","requestId":1}"#, Some("data")),
            (
                r#"{"type":"fill","requestId":1,"tabId":"t1","selector":"a","value":"b"}"#,
                Some("data"),
            ),
            (r#"{"requestId":1,"type":"stageFile","#, None),
        ] {
            let error = parse(head).unwrap_err();
            assert_eq!(error.request_id, Some(1.into()), "{head}");
            assert_eq!(error.field.as_deref(), field, "{head}: {error}");
        }
        let short = Request::parse_binary(&Bytes::from_static(b"{\"type\":\"ping\"}")).unwrap_err();
        assert!(short.message.contains("too short"), "{short}");
    }

    #[test]
    fn a_bad_request_id_is_refused_and_not_echoed() {
        let error = refused(r#"{"type":"ping","requestId":1.5}"#);
        assert_eq!(
            (error.request_id, error.field.as_deref()),
            (None, Some("requestId"))
        );
    }

    #[test]
    fn defaults_are_the_contracts() {
        let text = r#"{"type":"getScreenshot","tabId":"t3"}"#;
        let Ok(Request {
            request_id: None,
            timeout: None,
            idempotency_key: None,
            body,
        }) = Request::parse(text)
        else {
            panic!("{text} is a request");
        };
        let RequestBody::GetScreenshot(shot) = body else {
            panic!("it is a screenshot")
        };
        assert_eq!(shot.quality(), 70);
        assert_eq!(shot.format.unwrap_or_default(), ImageFormat::Jpeg);
        assert_eq!(shot.tab_id.id(), Some(TabId::new(3)));
    }

    #[test]
    fn an_absent_field_may_be_null() {
        let text = r#"{"type":"getScreenshot","tabId":"t3","quality":null}"#;
        let expected = GetScreenshot::of(TabId::new(3));
        assert_eq!(
            Request::parse(text).map(|request| request.body),
            Ok(expected.into())
        );
    }

    #[test]
    fn a_tab_that_cannot_exist_is_not_a_bad_request() {
        let text = r#"{"type":"navigate","tabId":"nope","url":"about:blank"}"#;
        let Ok(Request {
            body: RequestBody::Navigate(Navigate { tab_id, .. }),
            ..
        }) = Request::parse(text)
        else {
            panic!("{text} is a request");
        };
        assert_eq!(tab_id.id(), None);
    }
}
