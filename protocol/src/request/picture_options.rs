//! How a picture is taken: what is stilled, hidden and covered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bodies::{GetScreenshot, ImageFormat};
use super::parse::{FieldError, at_most, broken};

/// What animations do while a picture is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Animations {
    /// They run.
    #[default]
    Allow,
    /// CSS animations, transitions and Web Animations stand still: finite ones at their end, endless ones as if they had not
    /// begun. They go on afterwards.
    Off,
}

/// Whether the text caret is in a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Caret {
    /// As the page shows it; it blinks.
    #[default]
    Initial,
    /// It is hidden.
    Hide,
}

/// The most locators of one mask.
const MAX_MASKS: usize = 64;

impl GetScreenshot {
    /// Checks the fields of this module.
    pub(super) fn check_options(&self) -> Result<(), FieldError> {
        at_most("mask", self.mask.as_ref().map_or(0, Vec::len), MAX_MASKS)?;
        if let Some(color) = &self.mask_color
            && !is_color(color)
        {
            return broken("maskColor", "expected a colour such as #ff00ff");
        }
        let is_jpeg = self.format.unwrap_or_default() == ImageFormat::Jpeg;
        if self.omit_background == Some(true) && is_jpeg {
            return broken(
                "omitBackground",
                "jpeg, the default format, has no transparency; use png or webp",
            );
        }
        Ok(())
    }
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit()))
}
