//! Durations with units: `300ms`, `20s`, `30min`, `1h30min`.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// The units with their length in milliseconds, longest first, the preferred name of each first.
const UNITS: [(&str, u64); 12] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("hours", 3_600_000),
    ("hour", 3_600_000),
    ("min", 60_000),
    ("minutes", 60_000),
    ("minute", 60_000),
    ("m", 60_000),
    ("s", 1000),
    ("sec", 1000),
    ("seconds", 1000),
    ("ms", 1),
];

/// A text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not a duration; expected whole numbers with a unit (ms, s, min, h, d), such as \"300ms\" or \"20s\""
)]
pub(crate) struct NotADuration;

/// Parses the sum of one or more numbers with units.
pub(crate) fn parse(text: &str) -> Result<Duration, NotADuration> {
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(NotADuration);
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .ok_or(NotADuration)?;
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let number: u64 = number.parse().map_err(|_| NotADuration)?;
        let (_, length) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or(NotADuration)?;
        let part = number.checked_mul(*length).ok_or(NotADuration)?;
        total = total.checked_add(part).ok_or(NotADuration)?;
        rest = after.trim_start();
    }
    Ok(Duration::from_millis(total))
}

/// Writes a duration with the largest unit that leaves a whole number.
pub(crate) fn text(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    let (unit, length) = UNITS
        .iter()
        .find(|(_, length)| millis.is_multiple_of(u128::from(*length)))
        .copied()
        .unwrap_or(("ms", 1));
    format!("{}{unit}", millis / u128::from(length))
}

pub(crate) fn serialize<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*duration))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    deserializer.deserialize_str(DurationVisitor)
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a duration with its unit, such as \"300ms\" or \"20s\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).map_err(E::custom)
    }
}

/// The JSON Schema of a duration.
pub(crate) struct DurationText;

impl JsonSchema for DurationText {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^\\s*([0-9]+\\s*[a-z]+\\s*)+$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_units_are_added_up() {
        let millis = |text: &str| parse(text).unwrap().as_millis();
        assert_eq!(millis("300ms"), 300);
        assert_eq!(millis("20s"), 20_000);
        assert_eq!(millis("30min"), 1_800_000);
        assert_eq!(millis("1h30min"), 5_400_000);
        assert_eq!(millis(" 1 h 30 m "), 5_400_000);
        assert_eq!(millis("0s"), 0);
    }

    #[test]
    fn a_number_without_a_unit_is_refused() {
        for text in [
            "",
            "5",
            "s",
            "5 apples",
            "-1s",
            "1.5s",
            "5s5",
            "99999999999999999999s",
        ] {
            assert_eq!(parse(text), Err(NotADuration), "{text}");
        }
        assert_eq!(parse("999999999999999999d"), Err(NotADuration));
    }

    #[test]
    fn the_largest_whole_unit_is_written() {
        for text_form in ["250ms", "1500ms", "20s", "90s", "5min", "1h", "2d", "0s"] {
            assert_eq!(text(parse(text_form).unwrap()), text_form);
        }
    }
}
