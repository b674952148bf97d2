//! What was read of a page, as an HTTP answer.

use axum::body::Body;
use axum::http::header::{
    CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use cdp_bridge_protocol::payload::{Payload, PayloadFields};
use cdp_bridge_protocol::{ErrorCode, RequestKind};
use futures::stream;
use schemars::JsonSchema;
use serde::Serialize;

use super::payload_body::PayloadBody;
use super::requests::ContentForm;
use crate::operations::{Answer, AnswerKind, OperationOutcome, Success};
use crate::server::problem::Problem;
use crate::server::rest::disposition;

/// Width of a picture in its own pixels.
pub(crate) const IMAGE_WIDTH: HeaderName = HeaderName::from_static("x-image-width");
/// Height of a picture in its own pixels.
pub(crate) const IMAGE_HEIGHT: HeaderName = HeaderName::from_static("x-image-height");
/// Whether the end of a text is missing, because it would be too long.
pub(crate) const TRUNCATED: HeaderName = HeaderName::from_static("x-truncated");

/// What a page wrote is shown without its scripts and as another origin, where a web browser opens it: it must not act as the
/// bridge's own page.
pub(crate) const SANDBOX: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'");

/// The fields of a picture beside its bytes.
#[derive(Debug, Serialize)]
struct PictureHead<'a> {
    mime: &'a str,
    width: u32,
    height: u32,
}

/// A picture as JSON.
#[derive(Debug, JsonSchema)]
#[schemars(rename = "Picture")]
#[expect(dead_code, reason = "it is written by hand, so that its bytes are not copied")]
pub(crate) struct PictureView {
    /// Its media type.
    mime: String,
    /// Width in its own pixels.
    width: u32,
    /// Height in its own pixels.
    height: u32,
    /// The picture in base64.
    #[schemars(extend("contentEncoding" = "base64"))]
    data: String,
}

/// A picture: its bytes, or JSON with its base64.
pub(crate) fn picture(outcome: OperationOutcome, as_json: bool) -> Result<Response, Problem> {
    const KIND: RequestKind = RequestKind::GetScreenshot;
    let (fields, payload) = payload_of(KIND, outcome)?;
    let PayloadFields::Screenshot {
        mime,
        width,
        height,
    } = fields
    else {
        return Err(unexpected());
    };
    if as_json && let Payload::Base64(data) = payload {
        let head = PictureHead {
            mime: &mime,
            width,
            height,
        };
        return picture_json(&head, data);
    }
    let mut response = bytes(&mime, payload)?;
    let headers = response.headers_mut();
    headers.insert(IMAGE_WIDTH, width.into());
    headers.insert(IMAGE_HEIGHT, height.into());
    Ok(response)
}

/// The base64 that Chromium sent is passed on as it is.
fn picture_json(head: &PictureHead<'_>, data: Bytes) -> Result<Response, Problem> {
    let head = serde_json::to_string(head).map_err(|_| unexpected())?;
    let open = head.strip_suffix('}').unwrap_or(&head);
    let open = Bytes::from(format!("{open},\"data\":\""));
    let close = Bytes::from_static(b"\"}");
    let length = open.len() + data.len() + close.len();
    let pieces = [open, data, close].map(Ok::<_, std::convert::Infallible>);
    let body = Body::from_stream(stream::iter(pieces));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_LENGTH, length.into()),
    ];
    Ok((headers, body).into_response())
}

/// Text of a page.
pub(crate) fn content(
    kind: RequestKind,
    form: ContentForm,
    outcome: OperationOutcome,
) -> Result<Response, Problem> {
    let (payload, truncated) = match answer_of(kind, outcome)? {
        AnswerKind::Queried(serde_json::Value::String(html)) => (Payload::Raw(html.into()), false),
        AnswerKind::Payload {
            fields, payload, ..
        } => {
            let truncated = match fields {
                PayloadFields::Content { truncated, .. } => truncated == Some(true),
                PayloadFields::AxSnapshot {
                    omitted,
                    lines_left,
                    ..
                } => omitted.or(lines_left).is_some(),
                _ => false,
            };
            (payload, truncated)
        }
        _ => return Err(unexpected()),
    };
    let mut response = bytes(form.mime(), payload)?;
    let headers = response.headers_mut();
    let truncated = if truncated { "true" } else { "false" };
    headers.insert(TRUNCATED, HeaderValue::from_static(truncated));
    headers.insert(CONTENT_SECURITY_POLICY, SANDBOX);
    Ok(response)
}

/// A page on paper.
pub(crate) fn pdf(outcome: OperationOutcome) -> Result<Response, Problem> {
    let (_, payload) = payload_of(RequestKind::PrintToPdf, outcome)?;
    let mut response = bytes("application/pdf", payload)?;
    let name = disposition::inline("page.pdf");
    response.headers_mut().insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

/// A file that a page has handed out.
pub(crate) fn download(outcome: OperationOutcome) -> Result<Response, Problem> {
    let (fields, payload) = payload_of(RequestKind::GetDownload, outcome)?;
    let PayloadFields::Download { name, .. } = fields else {
        return Err(unexpected());
    };
    let mut response = bytes("application/octet-stream", payload)?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_DISPOSITION, disposition::attachment(&name));
    headers.insert(CONTENT_SECURITY_POLICY, SANDBOX);
    Ok(response)
}

fn bytes(mime: &str, payload: Payload) -> Result<Response, Problem> {
    let PayloadBody { body, length } = PayloadBody::new(payload);
    let mime = HeaderValue::from_str(mime).map_err(|_| unexpected())?;
    let headers = [(CONTENT_TYPE, mime), (CONTENT_LENGTH, length.into())];
    Ok((headers, body).into_response())
}

fn payload_of(
    kind: RequestKind,
    outcome: OperationOutcome,
) -> Result<(PayloadFields, Payload), Problem> {
    match answer_of(kind, outcome)? {
        AnswerKind::Payload {
            fields, payload, ..
        } => Ok((fields, payload)),
        _ => Err(unexpected()),
    }
}

fn answer_of(kind: RequestKind, outcome: OperationOutcome) -> Result<AnswerKind, Problem> {
    match outcome {
        Ok(Success::Tab(Answer { kind, .. })) => Ok(kind),
        Ok(_) => Err(unexpected()),
        Err(error) => Err(Problem::of_operation(kind, &error, None)),
    }
}

fn unexpected() -> Problem {
    Problem::protocol(
        ErrorCode::Internal,
        "internal error of the bridge; its log has the details",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use cdp_bridge_protocol::TabId;
    use cdp_bridge_protocol::payload::EscapedText;
    use cdp_bridge_protocol::request::ContentFormat;

    fn read(fields: PayloadFields, payload: Payload) -> OperationOutcome {
        Ok(Success::Tab(Answer {
            tab: TabId::new(1),
            kind: AnswerKind::Payload {
                fields,
                payload,
                superseded: Vec::new(),
            },
        }))
    }

    fn screenshot() -> OperationOutcome {
        let fields = PayloadFields::Screenshot {
            mime: "image/png".to_owned(),
            width: 3,
            height: 2,
        };
        read(fields, Payload::Base64(Bytes::from_static(b"AAECAw==")))
    }

    fn header(response: &Response, name: &HeaderName) -> String {
        let value = response.headers().get(name);
        value.map_or_else(String::new, |it| it.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_picture_is_its_bytes_or_json_with_the_base64_that_came() {
        let response = picture(screenshot(), false).unwrap();
        let heads = [CONTENT_TYPE, CONTENT_LENGTH, IMAGE_WIDTH, IMAGE_HEIGHT];
        let heads = heads.map(|name| header(&response, &name));
        assert_eq!(heads, ["image/png", "4", "3", "2"]);
        let body = to_bytes(response.into_body(), 99).await.unwrap();
        assert_eq!(&body[..], [0, 1, 2, 3]);
        let response = picture(screenshot(), true).unwrap();
        let length = header(&response, &CONTENT_LENGTH);
        let body = to_bytes(response.into_body(), 999).await.unwrap();
        assert_eq!(body.len().to_string(), length);
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let expected =
            serde_json::json!({"mime": "image/png", "width": 3, "height": 2, "data": "AAECAw=="});
        assert_eq!(json, expected);
    }

    #[tokio::test]
    async fn text_of_a_page_says_whether_its_end_is_missing_and_cannot_act_as_the_bridge() {
        let text = "<p>Grüße</p>\n";
        for truncated in [None, Some(true)] {
            let fields = PayloadFields::Content {
                url: "https://a.test/".to_owned(),
                format: ContentFormat::Text,
                truncated,
            };
            let payload = Payload::Text(EscapedText::from_text(text));
            let outcome = read(fields, payload);
            let response = content(RequestKind::GetContent, ContentForm::Html, outcome).unwrap();
            let expected = if truncated.is_some() { "true" } else { "false" };
            assert_eq!(header(&response, &TRUNCATED), expected);
            assert!(header(&response, &CONTENT_SECURITY_POLICY).starts_with("sandbox"));
            let body = to_bytes(response.into_body(), 99).await.unwrap();
            assert_eq!(&body[..], text.as_bytes());
        }
    }
}
