//! What was read of a page, as an HTTP answer.

use axum::body::Body;
use axum::http::header::{
    CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
};
use axum::http::{HeaderName, HeaderValue};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use cdp_bridge_protocol::event::Queried;
use cdp_bridge_protocol::payload::{Payload, PayloadHead};
use cdp_bridge_protocol::{ErrorCode, Event};
use futures::stream;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::payload_body::PayloadBody;
use super::queries::ContentForm;
use crate::server::problem::{Effect, Problem};
use crate::server::rest::disposition;
use crate::server::rest::route::RestResult;
use crate::server::wire::WireAnswer;

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
#[expect(
    dead_code,
    reason = "it is written by hand, so that its bytes are not copied"
)]
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
pub(crate) fn picture(answer: WireAnswer, as_json: bool) -> RestResult {
    let WireAnswer::Payload(PayloadHead::Screenshot(head), payload) = answer else {
        return Err(unexpected());
    };
    if as_json && let Payload::Base64(data) = payload {
        let head = PictureHead {
            mime: &head.mime,
            width: head.width,
            height: head.height,
        };
        return picture_json(&head, data);
    }
    let mut response = bytes(&head.mime, payload)?;
    let headers = response.headers_mut();
    headers.insert(IMAGE_WIDTH, head.width.into());
    headers.insert(IMAGE_HEIGHT, head.height.into());
    Ok(response)
}

/// The base64 that Chromium sent is passed on as it is.
fn picture_json(head: &PictureHead<'_>, data: Bytes) -> RestResult {
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
pub(crate) fn content(form: ContentForm, answer: WireAnswer) -> RestResult {
    let (payload, truncated) = match answer {
        WireAnswer::Event(event) => match *event {
            // What is inside of an element.
            Event::Queried(Queried {
                value: Value::String(html),
                ..
            }) => (Payload::Raw(html.into()), false),
            _ => return Err(unexpected()),
        },
        WireAnswer::Payload(head, payload) => {
            let truncated = match head {
                PayloadHead::Content(head) => head.truncated == Some(true),
                PayloadHead::AxSnapshot(head) => head.omitted.or(head.lines_left).is_some(),
                _ => false,
            };
            (payload, truncated)
        }
    };
    let mut response = bytes(form.mime(), payload)?;
    let headers = response.headers_mut();
    let truncated = if truncated { "true" } else { "false" };
    headers.insert(TRUNCATED, HeaderValue::from_static(truncated));
    headers.insert(CONTENT_SECURITY_POLICY, SANDBOX);
    Ok(response)
}

/// A page on paper.
pub(crate) fn pdf(answer: WireAnswer) -> RestResult {
    let WireAnswer::Payload(PayloadHead::Pdf(_), payload) = answer else {
        return Err(unexpected());
    };
    let mut response = bytes("application/pdf", payload)?;
    let name = disposition::inline("page.pdf");
    response.headers_mut().insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

/// A file that a page has handed out.
pub(crate) fn download(answer: WireAnswer) -> RestResult {
    let WireAnswer::Payload(PayloadHead::Download(head), payload) = answer else {
        return Err(unexpected());
    };
    let mut response = bytes("application/octet-stream", payload)?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_DISPOSITION, disposition::attachment(&head.name));
    headers.insert(CONTENT_SECURITY_POLICY, SANDBOX);
    Ok(response)
}

fn bytes(mime: &str, payload: Payload) -> RestResult {
    let PayloadBody { body, length } = PayloadBody::new(payload);
    let mime = HeaderValue::from_str(mime).map_err(|_| unexpected())?;
    let headers = [(CONTENT_TYPE, mime), (CONTENT_LENGTH, length.into())];
    Ok((headers, body).into_response())
}

/// The answer of another request: there is none that leads here.
fn unexpected() -> Problem {
    let detail = "internal error of the bridge; its log has the details";
    Problem::protocol(ErrorCode::Internal, detail).with_effect(Effect::ReadsOnly)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use axum::response::Response;
    use cdp_bridge_protocol::TabId;
    use cdp_bridge_protocol::payload::{EscapedText, PayloadFields};
    use cdp_bridge_protocol::request::ContentFormat;

    fn read(fields: PayloadFields, payload: Payload) -> WireAnswer {
        WireAnswer::Payload(fields.head(TabId::new(1)), payload)
    }

    fn screenshot() -> WireAnswer {
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
        let json: Value = serde_json::from_slice(&body).unwrap();
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
            let response = content(ContentForm::Html, read(fields, payload)).unwrap();
            let expected = if truncated.is_some() { "true" } else { "false" };
            assert_eq!(header(&response, &TRUNCATED), expected);
            assert!(header(&response, &CONTENT_SECURITY_POLICY).starts_with("sandbox"));
            let body = to_bytes(response.into_body(), 99).await.unwrap();
            assert_eq!(&body[..], text.as_bytes());
        }
    }
}
