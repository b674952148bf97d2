//! Sizes in bytes: plain integers, or texts such as `1MiB`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// The units with their length in bytes.
const UNITS: [(&str, usize); 9] = [
    ("", 1),
    ("b", 1),
    ("k", 1 << 10),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("kb", 1000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
];

const EXPECTED: &str = "a number of bytes, such as 65536 or \"1MiB\"";

/// A text is not a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a size; expected {EXPECTED}")]
pub(crate) struct NotASize;

/// Parses a whole number with an optional unit.
pub(crate) fn parse(text: &str) -> Result<usize, NotASize> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '_')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: usize = number.replace('_', "").parse().map_err(|_| NotASize)?;
    let unit = unit.trim().to_ascii_lowercase();
    let (_, length) = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or(NotASize)?;
    number.checked_mul(*length).ok_or(NotASize)
}

/// Writes a size with the largest unit that leaves a whole number.
pub(crate) fn text(bytes: usize) -> String {
    match bytes {
        0 => "0".to_owned(),
        _ if bytes.is_multiple_of(1 << 30) => format!("{}GiB", bytes >> 30),
        _ if bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{}KiB", bytes >> 10),
        _ => bytes.to_string(),
    }
}

// The signature is serde's.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(crate) fn serialize<S: Serializer>(bytes: &usize, serializer: S) -> Result<S::Ok, S::Error> {
    if bytes.is_multiple_of(1 << 20) && *bytes > 0 {
        serializer.serialize_str(&text(*bytes))
    } else {
        serializer.serialize_u64(*bytes as u64)
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    deserializer.deserialize_any(SizeVisitor)
}

/// A size that may be missing.
pub(crate) mod optional {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Size(#[serde(with = "super")] usize);

    // The signature is serde's.
    #[allow(clippy::ref_option)]
    pub(crate) fn serialize<S: Serializer>(
        bytes: &Option<usize>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        bytes.map(Size).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<usize>, D::Error> {
        Ok(Option::<Size>::deserialize(deserializer)?.map(|Size(bytes)| bytes))
    }
}

struct SizeVisitor;

impl Visitor<'_> for SizeVisitor {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<usize, E> {
        parse(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<usize, E> {
        usize::try_from(number).map_err(|_| E::custom(NotASize))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<usize, E> {
        usize::try_from(number).map_err(|_| E::custom(NotASize))
    }
}

/// The JSON Schema of a size.
pub(crate) struct ByteSizeText;

impl JsonSchema for ByteSizeText {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "minimum": 0,
            "pattern": "^\\s*[0-9][0-9_]*\\s*([kKmMgG]?[iI]?[bB]|[kK])?\\s*$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_units_are_read() {
        for (text, bytes) in [
            ("0", 0),
            ("262144", 262_144),
            ("262_144", 262_144),
            ("1MiB", 1 << 20),
            ("64 mib", 64 << 20),
            ("256KiB", 262_144),
            ("1MB", 1_000_000),
            ("3 B", 3),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "MiB", "-1", "1.5MiB", "1 apple", "99999999999999999GiB"] {
            assert_eq!(parse(text), Err(NotASize), "{text}");
        }
    }

    #[test]
    fn whole_units_are_written() {
        assert_eq!(text(64 << 20), "64MiB");
        assert_eq!(text(4096), "4KiB");
        assert_eq!(text(1000), "1000");
        assert_eq!(text(0), "0");
    }
}
