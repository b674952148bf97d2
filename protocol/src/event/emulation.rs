//! The answers about what a tab's pages are emulated with, and may do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::TabId;
use crate::request::{
    ColorScheme, Device, Geolocation, Media, PagePermission, ReducedMotion, ViewportSize,
};

/// What a tab's pages see of the device, the place and the user. What is absent is not emulated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Emulation {
    /// The device whose properties hold where no others were set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// Size of the page's visible part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewport: Option<ViewportSize>,
    /// Physical pixels for each CSS pixel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_scale_factor: Option<f64>,
    /// Whether pages are laid out as on a phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<bool>,
    /// Whether pages see a touch screen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touch: Option<bool>,
    /// The `User-Agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The language and region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone_id: Option<String>,
    /// The position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geolocation: Option<Geolocation>,
    /// `prefers-color-scheme`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color_scheme: Option<ColorScheme>,
    /// `prefers-reduced-motion`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reduced_motion: Option<ReducedMotion>,
    /// The medium.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<Media>,
    /// Whether the network is unreachable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offline: Option<bool>,
    /// The names of the headers that are added to every request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_headers: Option<Vec<String>>,
}

/// A tab's pages see what was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Emulated {
    /// The tab.
    pub id: TabId,
    /// All that holds now.
    pub emulation: Emulation,
}

/// Pages have the permissions that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PermissionsSet {
    /// The tab.
    pub id: TabId,
    /// The origin; absent for the default of origins that no request has named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub origin: Option<String>,
    /// What its pages may do.
    pub permissions: Vec<PagePermission>,
}

/// A script runs in each further document of a tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitScriptAdded {
    /// The tab.
    pub id: TabId,
    /// Names the script in `removeInitScript`.
    pub script_id: String,
}
