//! The size of a window, written `1280x720`.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Width and height of a window in CSS pixels; written `1280x720`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WindowSize {
    pub width: u32,
    pub height: u32,
}

impl Default for WindowSize {
    fn default() -> Self {
        Self {
            width: 1280,
            height: 720,
        }
    }
}

/// A text is not a window size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a window size; expected WIDTHxHEIGHT in pixels, such as \"1280x720\"")]
pub struct NotAWindowSize;

impl FromStr for WindowSize {
    type Err = NotAWindowSize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (width, height) = text.split_once(['x', 'X', ',']).ok_or(NotAWindowSize)?;
        let side = |part: &str| part.trim().parse::<u32>().map_err(|_| NotAWindowSize);
        Ok(Self {
            width: side(width)?,
            height: side(height)?,
        })
    }
}

impl TryFrom<String> for WindowSize {
    type Error = NotAWindowSize;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<WindowSize> for String {
    fn from(size: WindowSize) -> Self {
        size.to_string()
    }
}

impl fmt::Display for WindowSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}", self.width, self.height)
    }
}

impl JsonSchema for WindowSize {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WindowSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+[xX,][0-9]+$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_and_height_are_read_and_written_back() {
        let size: WindowSize = "800x600".parse().unwrap();
        assert_eq!(
            size,
            WindowSize {
                width: 800,
                height: 600
            }
        );
        assert_eq!(size.to_string(), "800x600");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "800", "800x", "x600", "axb", "800x-1", "1x2x3"] {
            assert_eq!(text.parse::<WindowSize>(), Err(NotAWindowSize), "{text}");
        }
    }
}
