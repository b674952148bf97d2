//! Headers that a tab adds to every request. Their values may be credentials, so they are redacted.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

use crate::typed_text::TypedText;

/// The most headers.
const MAX_HEADERS: usize = 64;
/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 128;
/// The longest value, in characters.
const MAX_VALUE_CHARS: usize = 8192;

/// Headers that Chromium and the bridge set themselves: the bridge's proxy relies on them, or they frame the message.
const RESERVED: [&str; 10] = [
    "host",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// What such headers begin with.
const RESERVED_PREFIXES: [&str; 2] = ["proxy-", "sec-"];

/// Headers that cannot be added. The messages say nothing of values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHeaders {
    /// There are too many.
    #[error("{count} headers are too many, expected at most {MAX_HEADERS}")]
    TooMany {
        /// How many.
        count: usize,
    },
    /// A name is none.
    #[error("a name of a header has a character that is not allowed there, or a wrong length")]
    Name,
    /// The browser or the bridge sets it.
    #[error("the header {name} is set by the browser or the bridge and cannot be replaced")]
    Reserved {
        /// Its name.
        name: String,
    },
    /// Names that differ only in their case.
    #[error("the header {name} stands twice")]
    Twice {
        /// Its name, in lower case.
        name: String,
    },
    /// A value is none.
    #[error(
        "the value of {name} has a control character, or is longer than {MAX_VALUE_CHARS} characters"
    )]
    Value {
        /// The name of its header.
        name: String,
    },
}

/// Names and values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ExtraHeaders(BTreeMap<String, TypedText>);

impl ExtraHeaders {
    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Names and values, in order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &TypedText)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks names and values.
    pub fn new(headers: BTreeMap<String, TypedText>) -> Result<Self, BadHeaders> {
        if headers.len() > MAX_HEADERS {
            let count = headers.len();
            return Err(BadHeaders::TooMany { count });
        }
        let mut known = Vec::new();
        for (name, value) in &headers {
            let lower = name.to_ascii_lowercase();
            check_name(name, &lower)?;
            if known.contains(&lower) {
                return Err(BadHeaders::Twice { name: lower });
            }
            known.push(lower);
            let value = value.expose();
            if value.chars().count() > MAX_VALUE_CHARS || !value.chars().all(is_of_value) {
                return Err(BadHeaders::Value { name: name.clone() });
            }
        }
        Ok(Self(headers))
    }
}

fn check_name(name: &str, lower: &str) -> Result<(), BadHeaders> {
    let is_token = !name.is_empty() && name.chars().all(is_of_name);
    if !is_token || name.len() > MAX_NAME_CHARS {
        return Err(BadHeaders::Name);
    }
    let is_reserved = RESERVED.contains(&lower)
        || RESERVED_PREFIXES
            .iter()
            .any(|prefix| lower.starts_with(prefix));
    if is_reserved {
        let name = name.to_owned();
        return Err(BadHeaders::Reserved { name });
    }
    Ok(())
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

fn is_of_value(c: char) -> bool {
    c == '\t' || !c.is_control()
}

impl<'de> Deserialize<'de> for ExtraHeaders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's own message would repeat what was sent in place of the headers.
        let headers = BTreeMap::deserialize(deserializer)
            .map_err(|_| de::Error::custom("expected an object whose values are strings"))?;
        Self::new(headers).map_err(de::Error::custom)
    }
}

impl JsonSchema for ExtraHeaders {
    fn schema_name() -> Cow<'static, str> {
        "ExtraHeaders".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let reserved = RESERVED.map(|name| format!("{}$", in_any_case(name)));
        let prefixes = RESERVED_PREFIXES.map(in_any_case);
        let refused = [&reserved[..], &prefixes[..]].concat().join("|");
        json_schema!({
            "type": "object",
            "maxProperties": MAX_HEADERS,
            "propertyNames": {
                "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$",
                "not": { "pattern": format!("^(?:{refused})") },
            },
            "additionalProperties": {
                "type": "string",
                "maxLength": MAX_VALUE_CHARS,
                "pattern": r"^[^\u0000-\u0008\u000a-\u001f\u007f-\u009f]*$",
            },
        })
    }
}

/// A regular expression for a name of letters and hyphens.
fn in_any_case(name: &str) -> String {
    let mut pattern = String::new();
    for c in name.chars() {
        if c.is_ascii_alphabetic() {
            // Writing to a string cannot fail.
            let _ = write!(pattern, "[{}{}]", c.to_ascii_uppercase(), c);
        } else {
            pattern.push(c);
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ExtraHeaders, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn headers_that_the_bridge_relies_on_are_refused_in_any_case() {
        for name in [
            "Host",
            "HOST",
            "proxy-authorization",
            "Proxy-X",
            "Sec-CH-UA",
            "Transfer-Encoding",
        ] {
            let error = read(&format!(r#"{{"{name}":"x"}}"#)).unwrap_err();
            assert!(error.contains("cannot be replaced"), "{name}: {error}");
        }
        let names = ["Authorization", "X-Host", "Accept-Language", "DNT"];
        for name in names {
            assert!(read(&format!(r#"{{"{name}":"x"}}"#)).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_header_cannot_add_a_line() {
        for json in [
            r#"{"X":"a\r\nHost: b"}"#,
            r#"{"X\r\nY":"a"}"#,
            r#"{"":"a"}"#,
            r#"{"X:":"a"}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
        assert!(read(r#"{"X":"a","x":"b"}"#).is_err());
    }

    #[test]
    fn nothing_of_a_value_is_shown() {
        let headers = read(r#"{"Authorization":"s3cret"}"#).unwrap();
        assert!(!format!("{headers:?}").contains("s3cret"));
        for json in [r#"{"X":"s3cret\u0000"}"#, r#"{"Host":"s3cret"}"#] {
            assert!(!read(json).unwrap_err().contains("s3cret"), "{json}");
        }
        for json in [r#"{"X":4711}"#, r#""4711""#, r#"["4711"]"#] {
            assert!(!read(json).unwrap_err().contains("4711"), "{json}");
        }
        assert_eq!(headers.names().collect::<Vec<_>>(), ["Authorization"]);
    }
}
