//! Results with a payload: where it stands is found out without parsing it into values.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::shape;
use super::error::CallError;
use super::methods::{CaptureScreenshot, Evaluate, StartScreencast};

/// What an expression came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evaluated {
    /// A string: the JSON string with its quotes, a slice of the frame.
    Text(Bytes),
    /// Any other value as JSON, a slice of the frame.
    Value(Bytes),
    /// The expression threw.
    Threw,
}

/// Reads the result of `Runtime.evaluate` with `returnByValue`.
pub fn evaluated(result: &Bytes) -> Result<Evaluated, CallError> {
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
        #[serde(borrow, default)]
        value: Option<&'a RawValue>,
    }

    let outline: Outline<'_> =
        serde_json::from_slice(result).map_err(|error| shape::<Evaluate<'_>>(&error))?;
    if outline.exception.is_some() {
        return Ok(Evaluated::Threw);
    }
    let value = outline
        .result
        .value
        .map(|value| result.slice_ref(value.get().as_bytes()))
        .ok_or_else(|| shape::<Evaluate<'_>>(&"no value"))?;
    Ok(if outline.result.r#type == "string" {
        Evaluated::Text(value)
    } else {
        Evaluated::Value(value)
    })
}

/// One picture of a screencast.
#[derive(Debug, Clone, PartialEq)]
pub struct ScreencastFrame {
    /// In base64: a slice of the frame that brought it.
    pub data: Bytes,
    /// When it was drawn, in seconds since the epoch, where Chromium says so.
    pub timestamp: Option<f64>,
    /// What its acknowledgement must carry.
    pub ack: i64,
}

/// Reads `Page.screencastFrame`.
pub fn screencast_frame(params: &Bytes) -> Result<ScreencastFrame, CallError> {
    #[derive(Deserialize)]
    struct Outline<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
        metadata: Metadata,
        #[serde(rename = "sessionId")]
        ack: i64,
    }

    #[derive(Deserialize)]
    struct Metadata {
        #[serde(default)]
        timestamp: Option<f64>,
    }

    let outline: Outline<'_> =
        serde_json::from_slice(params).map_err(|error| shape::<StartScreencast>(&error))?;
    let data = plain(params, outline.data)
        .ok_or_else(|| shape::<StartScreencast>(&"data is not a plain string"))?;
    Ok(ScreencastFrame {
        data,
        timestamp: outline.metadata.timestamp,
        ack: outline.ack,
    })
}

/// The content of a JSON string that holds no escapes, as a slice of the frame it stands in.
fn plain(frame: &Bytes, string: &RawValue) -> Option<Bytes> {
    let content = string.get().strip_prefix('"')?.strip_suffix('"')?;
    (!content.contains('\\')).then(|| frame.slice_ref(content.as_bytes()))
}

/// The base64 of a picture: a slice of the frame.
pub fn screenshot_data(result: &Bytes) -> Result<Bytes, CallError> {
    #[derive(Deserialize)]
    struct Outline<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }

    let outline: Outline<'_> =
        serde_json::from_slice(result).map_err(|error| shape::<CaptureScreenshot>(&error))?;
    plain(result, outline.data)
        .ok_or_else(|| shape::<CaptureScreenshot>(&"data is not a plain string"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_stays_as_chromium_escaped_it() {
        let result = Bytes::from_static(br#"{"result":{"type":"string","value":"a\"\u003c"}}"#);
        let expected = Evaluated::Text(Bytes::from_static(br#""a\"\u003c""#));
        assert_eq!(evaluated(&result).unwrap(), expected);
    }

    #[test]
    fn other_values_and_exceptions_are_told_apart() {
        let value = Bytes::from_static(br#"{"result":{"type":"object","value":{"nodes":3}}}"#);
        let expected = Evaluated::Value(Bytes::from_static(br#"{"nodes":3}"#));
        assert_eq!(evaluated(&value).unwrap(), expected);
        let threw = Bytes::from_static(
            br#"{"result":{"type":"object","subtype":"error"},"exceptionDetails":{"text":"x"}}"#,
        );
        assert_eq!(evaluated(&threw).unwrap(), Evaluated::Threw);
        assert!(evaluated(&Bytes::from_static(b"{}")).is_err());
    }

    #[test]
    fn a_screencast_frame_is_a_picture_with_a_number() {
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
    fn a_picture_is_a_slice_of_its_frame() {
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
