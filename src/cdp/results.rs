//! Results with large payloads, which are located without parsing them into values.

use std::borrow::Cow;

use bytes::Bytes;
use memchr::{memchr2, memmem};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::client::shape;
use super::error::CallError;
use super::json;
use super::methods::{CaptureScreenshot, Evaluate, Method, StartScreencast};

/// The outcome of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvaluateResult {
    /// A string: the JSON string with its quotes, a slice of the frame.
    Text(Bytes),
    /// Any other value as JSON, a slice of the frame.
    Value(Bytes),
    /// The id of an object that stays in the page.
    Handle(Box<str>),
    Undefined,
    /// A primitive value that JSON cannot represent, as Chromium writes it: `NaN`, `Infinity`, `-0`, `10n`.
    Unserializable(Box<str>),
    Threw,
}

/// Reads the result of `Runtime.evaluate` or `Runtime.callFunctionOn`.
pub fn evaluated(result: &Bytes) -> Result<EvaluateResult, CallError> {
    #[derive(Deserialize)]
    struct Outline<'a> {
        #[serde(borrow)]
        result: RemoteObject<'a>,
        #[serde(borrow, default, rename = "exceptionDetails")]
        exception: Option<&'a RawValue>,
    }

    #[derive(Deserialize)]
    struct RemoteObject<'a> {
        #[serde(borrow)]
        r#type: Cow<'a, str>,
        #[serde(borrow, default, deserialize_with = "present")]
        value: Option<&'a RawValue>,
        #[serde(borrow, default, rename = "objectId")]
        handle: Option<Cow<'a, str>>,
        #[serde(borrow, default, rename = "unserializableValue")]
        unserializable: Option<Cow<'a, str>>,
    }

    // The form in which Chromium writes a string, so that a snapshot of megabytes is not parsed. Every
    // quote inside the string is escaped, so `},"exceptionDetails":{` can only be after it.
    const TEXT: &[u8] = b"{\"result\":{\"type\":\"string\",\"value\":";
    const END: &[u8] = b"}}";
    if let Some(rest) = result.strip_prefix(TEXT)
        && let Some(quoted) = rest.strip_suffix(END)
        && quoted.len() >= 2
        && quoted.ends_with(b"\"")
        && memmem::find(quoted, b"},\"exceptionDetails\":{").is_none()
    {
        return Ok(EvaluateResult::Text(result.slice_ref(quoted)));
    }
    let outline: Outline<'_> =
        serde_json::from_slice(result).map_err(|error| shape::<Evaluate<'_>>(&error))?;
    if outline.exception.is_some() {
        return Ok(EvaluateResult::Threw);
    }
    let object = outline.result;
    if object.r#type == "undefined" {
        return Ok(EvaluateResult::Undefined);
    }
    if let Some(handle) = object.handle {
        return Ok(EvaluateResult::Handle(handle.into()));
    }
    if let Some(value) = object.unserializable {
        return Ok(EvaluateResult::Unserializable(value.into()));
    }
    let value = object
        .value
        .map(|value| result.slice_ref(value.get().as_bytes()))
        .ok_or_else(|| shape::<Evaluate<'_>>(&"no value"))?;
    Ok(if object.r#type == "string" {
        EvaluateResult::Text(value)
    } else {
        EvaluateResult::Value(value)
    })
}

/// A member that is present, even if it is `null`, which an `Option` would take for absent.
fn present<'de: 'a, 'a, D>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// The message of the exception that a script threw: its first lines, without the stack.
pub fn exception(result: &Bytes) -> String {
    const MOST: usize = 500;

    let outcome: Value = json::parse(result).unwrap_or_default();
    let details = &outcome["exceptionDetails"];
    let thrown = &details["exception"];
    let text = match (&thrown["description"], &thrown["value"]) {
        (Value::String(text), _) | (_, Value::String(text)) => text.clone(),
        _ if thrown.is_null() => details["text"].as_str().unwrap_or_default().to_owned(),
        _ if thrown["type"] == "undefined" => "undefined".to_owned(),
        (_, other) => other.to_string(),
    };
    let lines = text.lines().take_while(|line| !line.starts_with("    at "));
    let lines: Vec<_> = lines.collect();
    lines.join(" ").chars().take(MOST).collect()
}

/// One frame of a screencast.
#[derive(Debug, Clone, PartialEq)]
pub struct ScreencastFrame {
    /// In base64; a slice of the CDP message.
    pub data: Bytes,
    /// Seconds since the epoch.
    pub timestamp: Option<f64>,
    /// The number for its acknowledgement.
    pub ack: i64,
}

/// Reads `Page.screencastFrame`.
pub fn screencast_frame(params: &Bytes) -> Result<ScreencastFrame, CallError> {
    #[derive(Deserialize)]
    struct Outline {
        metadata: Metadata,
        #[serde(rename = "sessionId")]
        ack: i64,
    }

    #[derive(Deserialize)]
    struct Metadata {
        timestamp: Option<f64>,
    }

    let (data, rest) = split_data::<StartScreencast>(params)?;
    let Outline { metadata, ack } =
        serde_json::from_slice(&rest).map_err(|error| shape::<StartScreencast>(&error))?;
    Ok(ScreencastFrame {
        data,
        timestamp: metadata.timestamp,
        ack,
    })
}

/// The image data of a screenshot in base64, as a slice of the result.
pub fn screenshot_data(result: &Bytes) -> Result<Bytes, CallError> {
    let (data, _) = split_data::<CaptureScreenshot>(result)?;
    Ok(data)
}

/// The content of the member `data` of an object, which is image data in base64, as a slice; and an
/// object with the other members. Chromium writes `data` first, so that most of the bytes are scanned
/// only once.
fn split_data<M: Method>(object: &Bytes) -> Result<(Bytes, Cow<'_, [u8]>), CallError> {
    #[derive(Deserialize)]
    struct Outline<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }

    const DATA: &[u8] = b"{\"data\":\"";
    if let Some(content) = object.strip_prefix(DATA)
        && let Some(end) = memchr2(b'"', b'\\', content)
        && let Some(rest) = content[end..].strip_prefix(b"\"")
    {
        let others = [b"{".as_slice(), rest.strip_prefix(b",").unwrap_or(rest)].concat();
        return Ok((object.slice_ref(&content[..end]), others.into()));
    }
    let outline: Outline<'_> =
        serde_json::from_slice(object).map_err(|error| shape::<M>(&error))?;
    let string = outline.data.get().strip_prefix('"');
    let content = string
        .and_then(|string| string.strip_suffix('"'))
        .filter(|content| !content.contains('\\'))
        .ok_or_else(|| shape::<M>(&"data is not a plain string"))?;
    Ok((object.slice_ref(content.as_bytes()), Cow::Borrowed(object)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_stays_as_chromium_escaped_it() {
        for result in [
            r#"{"result":{"type":"string","value":"a\"\u003c"}}"#,
            r#"{"result":{"value":"a\"\u003c","type":"string","new":1}}"#,
        ] {
            let result = Bytes::from(result);
            let EvaluateResult::Text(text) = evaluated(&result).unwrap() else {
                panic!("it is text");
            };
            assert_eq!(text, &br#""a\"\u003c""#[..]);
            assert!(result.as_ptr_range().contains(&text.as_ptr()));
        }
    }

    #[test]
    fn a_string_that_was_thrown_is_no_result() {
        let threw = Bytes::from_static(
            br#"{"result":{"type":"string","value":"x"},"exceptionDetails":{"text":"Uncaught","exception":{"type":"string","value":"x"}}}"#,
        );
        assert_eq!(evaluated(&threw).unwrap(), EvaluateResult::Threw);
        let threw = Bytes::from_static(
            br#"{"result":{"type":"string","value":"x"},"exceptionDetails":{"text":"Uncaught"}}"#,
        );
        assert_eq!(evaluated(&threw).unwrap(), EvaluateResult::Threw);
    }

    #[test]
    fn other_values_and_exceptions_are_told_apart() {
        let value = Bytes::from_static(br#"{"result":{"type":"object","value":{"nodes":3}}}"#);
        let expected = EvaluateResult::Value(Bytes::from_static(br#"{"nodes":3}"#));
        assert_eq!(evaluated(&value).unwrap(), expected);
        let threw = Bytes::from_static(
            br#"{"result":{"type":"object","subtype":"error"},"exceptionDetails":{"text":"x"}}"#,
        );
        assert_eq!(evaluated(&threw).unwrap(), EvaluateResult::Threw);
        assert!(evaluated(&Bytes::from_static(b"{}")).is_err());
    }

    #[test]
    fn null_is_a_value() {
        let null =
            Bytes::from_static(br#"{"result":{"type":"object","subtype":"null","value":null}}"#);
        let expected = EvaluateResult::Value(Bytes::from_static(b"null"));
        assert_eq!(evaluated(&null).unwrap(), expected);
        let nan = Bytes::from_static(
            br#"{"result":{"type":"number","unserializableValue":"NaN","description":"NaN"}}"#,
        );
        let expected = EvaluateResult::Unserializable("NaN".into());
        assert_eq!(evaluated(&nan).unwrap(), expected);
    }

    #[test]
    fn an_exception_is_named_whatever_was_thrown() {
        for (thrown, expected) in [
            (r#"{"type":"object","subtype":"null","value":null}"#, "null"),
            (r#"{"type":"undefined"}"#, "undefined"),
            (r#"{"type":"string","value":"no"}"#, "no"),
            (
                r#"{"type":"object","description":"Error: no\n    at x"}"#,
                "Error: no",
            ),
        ] {
            let result = format!(
                r#"{{"result":{thrown},"exceptionDetails":{{"text":"Uncaught","exception":{thrown}}}}}"#
            );
            assert_eq!(exception(&Bytes::from(result)), expected);
        }
    }

    #[test]
    fn an_object_that_stays_in_the_page_is_a_handle() {
        let array = Bytes::from_static(
            br#"{"result":{"type":"object","subtype":"array","className":"Array","description":"Array(2)","objectId":"1.2.3"}}"#,
        );
        assert_eq!(
            evaluated(&array).unwrap(),
            EvaluateResult::Handle("1.2.3".into())
        );
        let nothing = Bytes::from_static(br#"{"result":{"type":"undefined"}}"#);
        assert_eq!(evaluated(&nothing).unwrap(), EvaluateResult::Undefined);
    }

    #[test]
    fn a_screencast_frame_has_data_timestamp_and_number() {
        let params = Bytes::from_static(
            br#"{"data":"/9j/","metadata":{"offsetTop":0,"timestamp":1.5},"sessionId":7}"#,
        );
        let data = Bytes::from_static(b"/9j/");
        let expected = ScreencastFrame {
            data,
            timestamp: Some(1.5),
            ack: 7,
        };
        assert_eq!(screencast_frame(&params).unwrap(), expected);
        assert!(screencast_frame(&Bytes::from_static(b"{}")).is_err());
    }

    #[test]
    fn a_screenshot_is_a_slice_of_its_result() {
        let result = Bytes::from_static(br#"{"data":"/9j/4AAQ"}"#);
        assert_eq!(&screenshot_data(&result).unwrap()[..], b"/9j/4AAQ");
        for bad in [r#"{"data":5}"#, r#"{"data":"a\/b"}"#, "{}"] {
            assert!(
                screenshot_data(&Bytes::copy_from_slice(bad.as_bytes())).is_err(),
                "{bad}"
            );
        }
    }
}
