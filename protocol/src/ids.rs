//! Ids of tabs and of requests.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The id of a tab: `t1`, `t2`, …. It is never used again while the bridge runs, and it stays
/// the same when the tab's target, session or browser context is replaced underneath it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TabId(u64);

impl TabId {
    /// The id with this number, from 1.
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number behind the `t`.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for TabId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}", self.0)
    }
}

/// The text was not a tab id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a tab id such as \"t1\"")]
pub struct NotATabId;

impl FromStr for TabId {
    type Err = NotATabId;

    fn from_str(text: &str) -> Result<Self, NotATabId> {
        let digits = text.strip_prefix('t').ok_or(NotATabId)?;
        let canonical = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if !canonical {
            return Err(NotATabId);
        }
        digits.parse().map(Self).map_err(|_| NotATabId)
    }
}

impl Serialize for TabId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TabId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for TabId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TabId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^t[1-9][0-9]*$",
            "description": "A tab: t1, t2, …; never reused while the bridge runs.",
        })
    }
}

/// A tab as a request names it. Any string is accepted by the parser: one that names no tab is
/// answered `UNKNOWN_TAB`, not `BAD_REQUEST`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TabRef(String);

impl TabRef {
    /// The tab id, if the text has the form of one.
    pub fn id(&self) -> Option<TabId> {
        self.0.parse().ok()
    }

    /// The text as the client sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<TabId> for TabRef {
    fn from(id: TabId) -> Self {
        Self(id.to_string())
    }
}

/// A session as a request names it: its id, or `default`. Any string is accepted by the parser: one that names no session
/// is answered `UNKNOWN_SESSION`, not `BAD_REQUEST`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SessionRef(String);

impl SessionRef {
    /// The text as the client sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SessionRef {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

/// The client's own name for a request: a string of 1 to 64 characters, or an integer. It is
/// echoed as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum RequestId {
    /// A whole number below zero.
    Negative(i64),
    /// A whole number from zero up.
    Number(u64),
    /// 1 to 64 characters.
    Text(String),
}

impl RequestId {
    /// The longest text allowed, in characters.
    pub const MAX_CHARS: usize = 64;

    const EXPECTED: &'static str = "a string of 1 to 64 characters, or an integer";
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Negative(n) => n.fmt(f),
            Self::Number(n) => n.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl From<u64> for RequestId {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for RequestId {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;

        impl Visitor<'_> for IdVisitor {
            type Value = RequestId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(RequestId::EXPECTED)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<RequestId, E> {
                Ok(RequestId::Number(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<RequestId, E> {
                Ok(u64::try_from(number).map_or(RequestId::Negative(number), RequestId::Number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RequestId, E> {
                if (1..=RequestId::MAX_CHARS).contains(&text.chars().count()) {
                    Ok(RequestId::Text(text.to_owned()))
                } else {
                    Err(E::invalid_length(text.chars().count(), &self))
                }
            }
        }

        deserializer.deserialize_any(IdVisitor)
    }
}

impl JsonSchema for RequestId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RequestId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The client's own name for a request, echoed as it was given.",
            "oneOf": [
                { "type": "string", "minLength": 1, "maxLength": RequestId::MAX_CHARS },
                { "type": "integer" },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_id_is_read_as_it_is_written_and_nothing_else_is_one() {
        assert_eq!("t17".parse(), Ok(TabId::new(17)));
        assert_eq!(TabId::new(17).to_string(), "t17");
        for text in [
            "",
            "t",
            "17",
            "t0",
            "t01",
            "t-1",
            "t+1",
            "T1",
            "t1 ",
            "t99999999999999999999",
        ] {
            assert_eq!(text.parse::<TabId>(), Err(NotATabId), "{text:?}");
        }
    }

    #[test]
    fn request_ids_are_echoed_as_given() {
        for text in [
            "1",
            "-5",
            "0",
            "18446744073709551615",
            "\"r1\"",
            "\"7\"",
            "\"äöü\"",
        ] {
            let id: RequestId = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&id).unwrap(), text);
        }
    }

    #[test]
    fn other_values_are_no_request_ids() {
        let long = format!("\"{}\"", "x".repeat(65));
        for text in ["1.5", "null", "true", "\"\"", "{}", "[]", "1e3", &long] {
            let error = serde_json::from_str::<RequestId>(text)
                .unwrap_err()
                .to_string();
            assert!(error.contains(RequestId::EXPECTED), "{text}: {error}");
        }
    }
}
