//! The body of a request, as its route reads it, and the media types that client and route agree on.

use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use cdp_bridge_protocol::{ErrorCode, ErrorDetails};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::route::{BodyRule, Route};
use crate::server::problem::{HttpCode, Problem};

/// How long a JSON body may take to arrive.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// What was read.
#[derive(Debug)]
pub(crate) enum RestBody {
    None,
    Json(Map<String, Value>),
    /// Read by one handler only; the lock is there because a body cannot be shared by threads.
    Raw {
        body: Mutex<Body>,
        /// What `Content-Length` says.
        length: Vec<u8>,
    },
}

impl RestBody {
    /// The bytes that tell one request from another. Of a body that is not read yet there is only its length.
    pub(crate) fn fingerprint(&self) -> Vec<u8> {
        match self {
            Self::Json(fields) => serde_json::to_vec(fields).unwrap_or_default(),
            Self::Raw { length, .. } => length.clone(),
            Self::None => Vec::new(),
        }
    }
}

/// Reads a body by the rule of its route.
pub(crate) async fn read(
    rule: BodyRule,
    headers: &HeaderMap,
    body: Body,
    max_bytes: usize,
) -> Result<RestBody, Problem> {
    match rule {
        BodyRule::None => Ok(RestBody::None),
        BodyRule::Raw(types) => {
            let given = media_type(headers).unwrap_or_default();
            if types.iter().any(|known| fits(&given, known)) {
                let length = headers.get(CONTENT_LENGTH);
                return Ok(RestBody::Raw {
                    body: Mutex::new(body),
                    length: length.map_or_else(Vec::new, |it| it.as_bytes().to_vec()),
                });
            }
            Err(unsupported(&given, &types.join(" or ")))
        }
        BodyRule::Json { is_required, .. } => {
            let bytes = read_all(body, max_bytes).await?;
            let given = media_type(headers);
            if bytes.is_empty() && (!is_required || given.is_none()) {
                return if is_required {
                    let detail = "the body is missing; expected a JSON object";
                    Err(Problem::protocol(ErrorCode::BadRequest, detail))
                } else {
                    Ok(RestBody::Json(Map::new()))
                };
            }
            let given = given.unwrap_or_default();
            if given != "application/json" && !given.ends_with("+json") {
                return Err(unsupported(&given, "application/json"));
            }
            object(&bytes).map(RestBody::Json)
        }
    }
}

async fn read_all(body: Body, max_bytes: usize) -> Result<Bytes, Problem> {
    let limited = Limited::new(body, max_bytes).collect();
    match timeout(TIME_LIMIT, limited).await {
        Err(_) => Err(Problem::http(
            HttpCode::RequestTimeout,
            format!("the body did not arrive within {} s", TIME_LIMIT.as_secs()),
        )),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(max_bytes)),
        Ok(Err(error)) => Err(Problem::protocol(
            ErrorCode::BadRequest,
            format!("the body could not be read: {error}"),
        )),
    }
}

fn too_large(max_bytes: usize) -> Problem {
    let max = max_bytes as u64;
    let detail = format!(
        "the body has more than the {max} bytes that it may have (server.max_message_bytes)"
    );
    Problem::protocol(ErrorCode::TooLarge, detail).with_details(ErrorDetails {
        max_bytes: Some(max),
        ..ErrorDetails::default()
    })
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    let bad = |detail: String| Problem::protocol(ErrorCode::BadRequest, detail);
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(bad("the body is JSON, but no object".to_owned())),
        Err(error) => Err(bad(format!("the body is not JSON: {error}"))),
    }
}

fn unsupported(given: &str, expected: &str) -> Problem {
    let shown: String = given.chars().take(64).collect();
    let found = if shown.is_empty() { "nothing" } else { &shown };
    let detail = format!("Content-Type: {found}, expected {expected}");
    Problem::http(HttpCode::UnsupportedMediaType, detail)
}

/// The media type of the body, in lower case and without parameters.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = text.split(';').next().unwrap_or_default().trim();
    Some(essence.to_ascii_lowercase())
}

/// Refuses a request that accepts none of what its route answers with. Problems are always answered.
pub(crate) fn check_accept(headers: &HeaderMap, route: &Route) -> Result<(), Problem> {
    let types = route.media_types();
    let ranges: Vec<String> = accepted(headers).collect();
    let is_met = |media_type: &&str| ranges.iter().any(|range| fits(media_type, range));
    if ranges.is_empty() || types.is_empty() || types.iter().any(is_met) {
        return Ok(());
    }
    let detail = format!("Accept: this is answered with {}", types.join(" or "));
    Err(Problem::http(HttpCode::NotAcceptable, detail))
}

/// Whether the client names this media type and no wildcard.
pub(crate) fn accepts_only(headers: &HeaderMap, media_type: &str) -> bool {
    let mut named = false;
    for range in accepted(headers) {
        if range != media_type {
            return false;
        }
        named = true;
    }
    named
}

/// The media ranges of `Accept`, without those that the client excludes.
fn accepted(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let values = headers.get_all(ACCEPT).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let essence = parts.next()?.to_ascii_lowercase();
            let is_excluded =
                parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
            (!essence.is_empty() && !is_excluded).then_some(essence)
        })
}

/// Whether a media type is within a range such as `image/*`.
fn fits(media_type: &str, range: &str) -> bool {
    range == "*/*"
        || range == media_type
        || range
            .strip_suffix("/*")
            .is_some_and(|kind| media_type.split('/').next() == Some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn accept(value: &'static str) -> HeaderMap {
        [(ACCEPT, HeaderValue::from_static(value))]
            .into_iter()
            .collect()
    }

    #[test]
    fn a_media_type_is_within_its_ranges() {
        assert!(fits("image/png", "image/*") && fits("image/png", "*/*"));
        assert!(!fits("image/png", "text/*") && !fits("image/png", "image/jpeg"));
    }

    #[test]
    fn json_is_asked_for_by_its_name_alone() {
        assert!(accepts_only(
            &accept("application/json"),
            "application/json"
        ));
        assert!(accepts_only(
            &accept("application/json; q=0.9"),
            "application/json"
        ));
        for other in ["*/*", "application/json, */*", "image/png"] {
            assert!(!accepts_only(&accept(other), "application/json"), "{other}");
        }
        assert!(!accepts_only(&HeaderMap::new(), "application/json"));
    }

    #[tokio::test]
    async fn a_body_has_the_type_and_the_size_of_its_route() {
        let json = BodyRule::Json {
            schema: |generator| generator.subschema_for::<String>(),
            is_required: true,
        };
        let read = async |kind: Option<&'static str>, text: &'static str| {
            let kind = kind.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind)));
            let headers = kind.into_iter().collect();
            let read = read(json, &headers, Body::from(text), 16).await;
            read.map_err(|problem| problem.status().as_u16())
                .map(|body| body.fingerprint())
        };
        let good = Ok(br#"{"a":1}"#.to_vec());
        assert_eq!(read(Some("application/json"), r#"{"a": 1}"#).await, good);
        let with_charset = Some("Application/JSON; charset=utf-8");
        assert_eq!(read(with_charset, r#"{"a":1}"#).await, good);
        assert_eq!(read(Some("text/plain"), "{}").await, Err(415));
        assert_eq!(read(None, "{}").await, Err(415));
        assert_eq!(read(None, "").await, Err(400));
        assert_eq!(read(Some("application/json"), "[]").await, Err(400));
        assert_eq!(read(Some("application/json"), "{").await, Err(400));
        let long = r#"{"a":"0123456789"}"#;
        assert_eq!(read(Some("application/json"), long).await, Err(413));
    }
}
