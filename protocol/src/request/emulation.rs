//! The fields of `emulate`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::devices::Device;
use super::extra_headers::ExtraHeaders;
use super::parse::{FieldError, Validate, broken, within};
use super::setting::Setting;
use crate::ids::TabRef;

/// A size in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ViewportSize {
    /// Width in CSS pixels.
    #[schemars(range(min = 1, max = 8192))]
    pub width: u32,
    /// Height in CSS pixels.
    #[schemars(range(min = 1, max = 8192))]
    pub height: u32,
}

/// A place on the earth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Geolocation {
    /// Degrees to the north.
    #[schemars(range(min = -90.0, max = 90.0))]
    pub latitude: f64,
    /// Degrees to the east.
    #[schemars(range(min = -180.0, max = 180.0))]
    pub longitude: f64,
    /// How far the position may be off, in metres; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub accuracy: Option<f64>,
}

/// The colours that a user prefers: `prefers-color-scheme`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ColorScheme {
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
    /// No preference.
    NoPreference,
}

/// The motion that a user wants: `prefers-reduced-motion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReducedMotion {
    /// As little as possible.
    Reduce,
    /// No preference.
    NoPreference,
}

/// The medium that a page is laid out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Media {
    /// A screen.
    Screen,
    /// Paper.
    Print,
}

/// Makes a tab's pages see another device, place or user. A field that is absent stays as it is, and `null` resets it. What
/// is set holds until it is reset, for each page that the tab loads, with its frames, workers and popups. Answered by
/// `emulated`, which states all that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Emulate {
    /// The tab.
    pub tab_id: TabRef,
    /// A device, with its viewport, scale, touch screen and user agent. Each of those that is given too, in this or another
    /// request, takes precedence.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    pub device: Setting<Device>,
    /// Size of the page's visible part.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    pub viewport: Setting<ViewportSize>,
    /// Physical pixels for each CSS pixel.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    #[schemars(range(min = 0.1, max = 5.0))]
    pub device_scale_factor: Setting<f64>,
    /// Whether pages are laid out as on a phone, by `<meta name=viewport>`.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    pub mobile: Setting<bool>,
    /// Whether pages see a touch screen.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    pub touch: Setting<bool>,
    /// The `User-Agent`; client hints and `navigator` follow from it.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    #[schemars(
        length(min = 1, max = 1024),
        regex(pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$")
    )]
    pub user_agent: Setting<String>,
    /// The language and region, such as `de-DE`: of `navigator.language`, `Accept-Language`, numbers and dates.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    #[schemars(regex(pattern = "^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,7}$"))]
    pub locale: Setting<String>,
    /// The time zone, such as `Europe/Berlin`.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    #[schemars(length(min = 1, max = 64))]
    pub timezone_id: Setting<String>,
    /// The position that `navigator.geolocation` reports to pages with the permission `geolocation`.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    pub geolocation: Setting<Geolocation>,
    /// `prefers-color-scheme`.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    pub color_scheme: Setting<ColorScheme>,
    /// `prefers-reduced-motion`.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    pub reduced_motion: Setting<ReducedMotion>,
    /// The medium that style sheets are chosen for.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    pub media: Setting<Media>,
    /// Whether the network is unreachable.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    pub offline: Setting<bool>,
    /// Headers of every request of the tab, to whichever host it goes. They replace those of an earlier `emulate`. The values
    /// appear nowhere else; the answer and `listTabs` have the names.
    #[serde(default, skip_serializing_if = "Setting::is_keep")]
    pub extra_headers: Setting<ExtraHeaders>,
}

impl Emulate {
    /// A request that changes nothing yet.
    pub fn of(tab: impl Into<TabRef>) -> Self {
        Self {
            tab_id: tab.into(),
            device: Setting::Keep,
            viewport: Setting::Keep,
            device_scale_factor: Setting::Keep,
            mobile: Setting::Keep,
            touch: Setting::Keep,
            user_agent: Setting::Keep,
            locale: Setting::Keep,
            timezone_id: Setting::Keep,
            geolocation: Setting::Keep,
            color_scheme: Setting::Keep,
            reduced_motion: Setting::Keep,
            media: Setting::Keep,
            offline: Setting::Keep,
            extra_headers: Setting::Keep,
        }
    }
}

/// The longest side of a viewport, in pixels.
const MAX_SIDE: u32 = 8192;
/// The longest user agent, in characters.
const MAX_USER_AGENT: usize = 1024;
/// The longest name of a time zone, in characters.
const MAX_TIMEZONE: usize = 64;

impl Validate for Emulate {
    fn validate(&self) -> Result<(), FieldError> {
        if let Some(size) = self.viewport.value() {
            within("viewport.width", size.width, 1, MAX_SIDE)?;
            within("viewport.height", size.height, 1, MAX_SIDE)?;
        }
        if let Some(factor) = self.device_scale_factor.value() {
            within("deviceScaleFactor", *factor, 0.1, 5.0)?;
        }
        if let Some(user_agent) = self.user_agent.value() {
            check_length("userAgent", user_agent, MAX_USER_AGENT)?;
            if user_agent.chars().any(char::is_control) {
                return broken("userAgent", "a control character is not allowed in it");
            }
        }
        check_place(
            self.locale.value().map(String::as_str),
            self.timezone_id.value().map(String::as_str),
            self.geolocation.value(),
        )
    }
}

/// Checks where a user is.
pub(super) fn check_place(
    locale: Option<&str>,
    zone: Option<&str>,
    geolocation: Option<&Geolocation>,
) -> Result<(), FieldError> {
    if locale.is_some_and(|locale| !is_locale(locale)) {
        return broken("locale", "expected a language tag such as de-DE");
    }
    if let Some(zone) = zone {
        check_length("timezoneId", zone, MAX_TIMEZONE)?;
    }
    if let Some(place) = geolocation {
        within("geolocation.latitude", place.latitude, -90.0, 90.0)?;
        within("geolocation.longitude", place.longitude, -180.0, 180.0)?;
        if let Some(accuracy) = place.accuracy {
            within("geolocation.accuracy", accuracy, 0.0, 100_000.0)?;
        }
    }
    Ok(())
}

fn check_length(field: &str, text: &str, most: usize) -> Result<(), FieldError> {
    let chars = text.chars().count();
    if chars == 0 || chars > most {
        return broken(
            field,
            &format!("it has {chars} characters, expected 1 to {most}"),
        );
    }
    Ok(())
}

/// The form of a language tag (BCP 47); Chromium knows which exist.
fn is_locale(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let is_language = parts.next().is_some_and(|language| {
        (2..=8).contains(&language.len()) && language.chars().all(|c| c.is_ascii_alphabetic())
    });
    let rest: Vec<_> = parts.collect();
    let is_part = |part: &&str| {
        (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    is_language && rest.len() <= 7 && rest.iter().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_are_distinguished_from_other_text() {
        for tag in ["de", "de-DE", "zh-Hant-TW", "sr-Latn"] {
            assert!(is_locale(tag), "{tag}");
        }
        for text in ["", "d", "de_DE", "de-", "-DE", "de DE", "de-Deutschland1"] {
            assert!(!is_locale(text), "{text}");
        }
    }
}
