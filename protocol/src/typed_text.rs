//! Text that a client types into a page. It may be a password, so it is redacted in `Debug` output and in error messages.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

/// Text that is typed.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TypedText(String);

impl TypedText {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for TypedText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for TypedText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for TypedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedText(..)")
    }
}

impl<'de> Deserialize<'de> for TypedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's own message would repeat a number that was sent in place of a text.
        String::deserialize(deserializer)
            .map(Self)
            .map_err(|_| de::Error::custom("expected a string"))
    }
}

impl JsonSchema for TypedText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TypedText".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_is_shown() {
        assert_eq!(format!("{:?}", TypedText::from("s3cret")), "TypedText(..)");
        let error = serde_json::from_str::<TypedText>("4711").unwrap_err();
        assert!(!error.to_string().contains("4711"), "{error}");
    }

    #[test]
    fn it_is_written_and_read_as_a_string() {
        let text = TypedText::from("a\"b");
        let json = serde_json::to_string(&text).unwrap();
        assert_eq!(json, r#""a\"b""#);
        assert_eq!(serde_json::from_str::<TypedText>(&json).unwrap(), text);
    }
}
