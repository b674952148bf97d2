//! Parses frames of CDP, one JSON object each, and serializes commands.
//!
//! A frame is scanned in one pass that finds its members; `params` and `result` stay slices of the
//! frame and are decoded later, by their reader. Unknown events and values of a newer Chromium
//! therefore never break the routing. Of a large frame, which holds a snapshot or a screenshot, only
//! the two ends are parsed.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use memchr::memmem;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::ids::SessionId;
use super::json::without_lone_surrogates;
use super::raw_route::RawFrame;

/// A parsed frame from Chromium.
#[derive(Debug)]
pub enum CdpMessage {
    Response {
        id: u64,
        outcome: Result<Bytes, ErrorReply>,
    },
    Event(RawFrame),
}

/// Chromium's `error` object.
#[derive(Debug, Clone, Deserialize)]
pub struct ErrorReply {
    #[serde(default)]
    pub code: i64,
    #[serde(default)]
    pub message: Arc<str>,
    pub data: Option<Arc<RawValue>>,
}

#[derive(Debug, thiserror::Error)]
pub enum InvalidMessage {
    #[error("a frame is not a CDP message: {0}")]
    Json(#[from] serde_json::Error),
    #[error("a frame has neither an id nor a method")]
    Neither,
}

#[derive(Deserialize)]
struct Outline<'a> {
    id: Option<u64>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "sessionId")]
    session: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<ErrorReply>,
}

/// Frames from this size on are parsed by their ends.
const LARGE: usize = 16 * 1024;

/// The longest `,"sessionId":"…"}` at the end of a large frame.
const TAIL_BYTES: usize = 128;

impl CdpMessage {
    /// Parses a frame; the parts are slices of it.
    pub fn parse(frame: &Bytes) -> Result<Self, InvalidMessage> {
        if frame.len() >= LARGE
            && let Some(frame) = Self::of_ends(frame)
        {
            return Ok(frame);
        }
        let outline: Outline<'_> = match serde_json::from_slice(frame) {
            Ok(outline) => outline,
            // The message of an error may quote a page's text.
            Err(error) => match without_lone_surrogates(frame) {
                Cow::Owned(replaced) => return Self::parse(&replaced.into()),
                Cow::Borrowed(_) => return Err(error.into()),
            },
        };
        let slice = |raw: Option<&RawValue>| match raw {
            Some(raw) => frame.slice_ref(raw.get().as_bytes()),
            None => Bytes::from_static(b"{}"),
        };
        if let Some(method) = outline.method {
            return Ok(Self::Event(RawFrame {
                session: outline.session.as_deref().map(SessionId::from),
                method: method.into(),
                params: slice(outline.params),
                frame: frame.clone(),
            }));
        }
        // An error without an id answers a command that was not valid JSON, which is never sent.
        let id = outline.id.ok_or(InvalidMessage::Neither)?;
        let outcome = outline.error.map_or_else(|| Ok(slice(outline.result)), Err);
        Ok(Self::Response { id, outcome })
    }

    /// Parses a frame of a session by its ends, assuming the order in which Chromium writes the members;
    /// `None` if it looks different. Chromium sends valid JSON, so an unescaped quote before the last
    /// brace belongs to the frame's own last member. The payload in between is validated by its
    /// reader.
    fn of_ends(frame: &Bytes) -> Option<Self> {
        const TAIL: &[u8] = b",\"sessionId\":\"";
        let tail = frame.len() - TAIL_BYTES;
        let end = tail + memmem::rfind(&frame[tail..], TAIL)?;
        let session = frame[end + TAIL.len()..].strip_suffix(b"\"}")?;
        let session = std::str::from_utf8(session).ok()?;
        if !session.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let body = |head: &[u8], key: &[u8]| {
            let rest = head.strip_prefix(key)?;
            let start = end - rest.len();
            (rest.first() == Some(&b'{') && rest.last() == Some(&b'}'))
                .then(|| frame.slice(start..end))
        };
        let head = &frame[..end];
        if let Some(rest) = head.strip_prefix(b"{\"id\":") {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let id = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
            let result = body(&rest[digits..], b",\"result\":")?;
            let outcome = Ok(result);
            return Some(Self::Response { id, outcome });
        }
        let rest = head.strip_prefix(b"{\"method\":\"")?;
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.';
        let name = rest.iter().take_while(|byte| plain(byte)).count();
        let params = body(&rest[name..], b"\",\"params\":")?;
        Some(Self::Event(RawFrame {
            session: Some(SessionId::from(session)),
            method: std::str::from_utf8(&rest[..name]).ok()?.into(),
            params,
            frame: frame.clone(),
        }))
    }
}

/// Serializes a command.
pub fn command<P: Serialize + ?Sized>(
    id: u64,
    method: &str,
    params: &P,
    session: Option<&SessionId>,
) -> Result<Bytes, serde_json::Error> {
    #[derive(Serialize)]
    struct Command<'a, P: ?Sized> {
        id: u64,
        method: &'a str,
        params: &'a P,
        #[serde(rename = "sessionId", skip_serializing_if = "Option::is_none")]
        session: Option<&'a SessionId>,
    }
    serde_json::to_vec(&Command {
        id,
        method,
        params,
        session,
    })
    .map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &'static str) -> Result<CdpMessage, InvalidMessage> {
        CdpMessage::parse(&Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn a_result_is_a_slice_of_its_frame() {
        let frame = Bytes::from_static(br#"{"id":7,"result":{"value":"a\"b"},"sessionId":"S"}"#);
        let Ok(CdpMessage::Response {
            id: 7,
            outcome: Ok(result),
        }) = CdpMessage::parse(&frame)
        else {
            panic!("it is a response");
        };
        assert_eq!(&result[..], br#"{"value":"a\"b"}"#);
        assert!(frame.as_ptr_range().contains(&result.as_ptr()));
    }

    #[test]
    fn an_event_of_an_unknown_domain_is_still_a_message() {
        let frame =
            parse(r#"{"method":"New.thing","params":{"a":[1]},"sessionId":"S","extra":{}}"#);
        let Ok(CdpMessage::Event(RawFrame {
            session: Some(session),
            method,
            params,
            ..
        })) = frame
        else {
            panic!("it is an event");
        };
        assert_eq!(
            (session.as_str(), &*method, &params[..]),
            ("S", "New.thing", &b"{\"a\":[1]}"[..])
        );
    }

    /// Parsing by the ends gives the same as parsing in full.
    #[track_caller]
    fn agrees(frame: &str) -> Option<CdpMessage> {
        let frame = Bytes::copy_from_slice(frame.as_bytes());
        assert!(frame.len() >= LARGE);
        let ends = CdpMessage::of_ends(&frame);
        let outline: Result<Outline<'_>, _> = serde_json::from_slice(&frame);
        let outline = outline.unwrap();
        match &ends {
            None => {}
            Some(CdpMessage::Response { id, outcome }) => {
                assert_eq!(outline.id, Some(*id));
                let result = outline.result.unwrap().get();
                assert_eq!(outcome.as_ref().unwrap(), result.as_bytes());
            }
            Some(CdpMessage::Event(RawFrame {
                session,
                method,
                params,
                ..
            })) => {
                assert_eq!(outline.method.as_deref(), Some(&**method));
                assert_eq!(outline.params.unwrap().get().as_bytes(), params);
                assert_eq!(
                    outline.session.as_deref(),
                    session.as_ref().map(SessionId::as_str)
                );
            }
        }
        ends
    }

    #[test]
    fn a_large_frame_is_parsed_by_its_ends() {
        let text = "x".repeat(LARGE);
        let tail = r#","sessionId":"F00D""#;
        let frames = [
            format!(r#"{{"id":42,"result":{{"a":"{text}"}}{tail}}}"#),
            format!(r#"{{"method":"Page.screencastFrame","params":{{"a":"{text}"}}{tail}}}"#),
            // Text of a page is escaped, and something like the end may be in the middle.
            format!(
                r#"{{"id":42,"result":{{"a":"{text}","b":"\"}},\"sessionId\":\"BAD\"}}"}}{tail}}}"#
            ),
            format!(r#"{{"id":42,"result":{{"a":"{text}","b":{{"x":1{tail}}}}}{tail}}}"#),
        ];
        for frame in frames {
            assert!(agrees(&frame).is_some(), "{frame}");
        }
    }

    #[test]
    fn a_large_frame_of_another_form_is_parsed_in_full() {
        let text = "x".repeat(LARGE);
        for frame in [
            format!(r#"{{"id":42,"result":{{"a":"{text}"}}}}"#),
            format!(r#"{{"sessionId":"S","id":42,"result":{{"a":"{text}"}}}}"#),
            format!(r#"{{"id":42,"error":{{"code":1,"message":"{text}"}},"sessionId":"S"}}"#),
            format!(r#"{{ "id":42,"result":{{"a":"{text}"}},"sessionId":"S"}}"#),
            format!(r#"{{"id":42,"result":{{"a":"{text}","sessionId":"S"}}}}"#),
        ] {
            assert!(agrees(&frame).is_none(), "{frame}");
            assert!(CdpMessage::parse(&Bytes::from(frame)).is_ok());
        }
    }

    #[test]
    fn an_error_is_a_response_with_chromiums_words() {
        let frame =
            parse(r#"{"id":1,"error":{"code":-32000,"message":"No \"x\"","data":{"a":[1]}}}"#);
        let Ok(CdpMessage::Response {
            outcome: Err(error),
            ..
        }) = frame
        else {
            panic!("it is an error")
        };
        assert_eq!((error.code, &*error.message), (-32000, "No \"x\""));
        assert_eq!(error.data.unwrap().get(), r#"{"a":[1]}"#);
    }

    #[test]
    fn an_invalid_message_is_an_error_and_not_a_panic() {
        for text in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"id":"x"}"#,
            r#"{"error":{"code":-32700}}"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_command_to_the_root_has_no_session_id() {
        let params = serde_json::json!({});
        let root = command(1, "Browser.getVersion", &params, None).unwrap();
        assert_eq!(
            &root[..],
            br#"{"id":1,"method":"Browser.getVersion","params":{}}"#
        );
        let page = command(2, "Page.enable", &params, Some(&"S".into())).unwrap();
        assert_eq!(
            &page[..],
            br#"{"id":2,"method":"Page.enable","params":{},"sessionId":"S"}"#
        );
    }
}
