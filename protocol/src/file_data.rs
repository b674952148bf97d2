//! The bytes of a file that a client sends, base64 in JSON. They are redacted in `Debug` output and in error messages.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

/// Bytes of a file.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct FileData(Bytes);

impl FileData {
    /// The bytes themselves.
    pub fn expose(&self) -> &Bytes {
        &self.0
    }
}

impl From<Bytes> for FileData {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for FileData {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for FileData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileData({} bytes)", self.0.len())
    }
}

impl Serialize for FileData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for FileData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The messages of serde and of the decoder would repeat what was sent.
        let base64 = String::deserialize(deserializer)
            .map_err(|_| de::Error::custom("expected base64 in a string"))?;
        let bytes = STANDARD
            .decode(base64)
            .map_err(|_| de::Error::custom("expected base64"))?;
        Ok(Self(bytes.into()))
    }
}

impl JsonSchema for FileData {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FileData".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_is_shown() {
        assert_eq!(
            format!("{:?}", FileData::from(b"s3cret".to_vec())),
            "FileData(6 bytes)"
        );
        for json in ["4711", "\"czNjcmV0?\""] {
            let error = serde_json::from_str::<FileData>(json).unwrap_err();
            assert!(!error.to_string().contains(&json[1..4]), "{error}");
        }
    }

    #[test]
    fn it_is_base64_in_json() {
        let data = FileData::from(vec![0, 1, 0xff]);
        let json = serde_json::to_string(&data).unwrap();
        assert_eq!(json, r#""AAH/""#);
        assert_eq!(serde_json::from_str::<FileData>(&json).unwrap(), data);
    }
}
