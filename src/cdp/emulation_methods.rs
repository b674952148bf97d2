//! The commands that decide what pages see of the device, the place, the user and the network, typed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::methods::{EmptyResult, Method, methods};
use super::objects::objects;

methods! {
    SetTouchEmulation = "Emulation.setTouchEmulationEnabled" -> EmptyResult {
        enabled: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        max_touch_points: Option<u32>,
    }

    SetUserAgent = "Emulation.setUserAgentOverride" -> EmptyResult {
        /// The browser's own if empty.
        user_agent: String,
        /// Of `Accept-Language` and `navigator.languages`; the browser's own if empty.
        accept_language: String,
        /// `navigator.platform`; the browser's own if empty.
        platform: String,
        /// Client hints. Without them pages get none.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_agent_metadata: Option<UserAgentMetadata>,
    }

    /// It holds for the whole renderer process; a second one there is refused.
    SetLocale = "Emulation.setLocaleOverride" -> EmptyResult {
        /// With `_` between its parts; the browser's own if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        locale: Option<String>,
    }

    /// It holds for the whole renderer process; a second one there is refused.
    SetTimezone = "Emulation.setTimezoneOverride" -> EmptyResult {
        /// The browser's own if empty.
        timezone_id: String,
    }

    SetGeolocation = "Emulation.setGeolocationOverride" -> EmptyResult {
        latitude: f64,
        longitude: f64,
        /// In metres.
        accuracy: f64,
    }

    ClearGeolocation = "Emulation.clearGeolocationOverride" -> EmptyResult {}

    SetMedia = "Emulation.setEmulatedMedia" -> EmptyResult {
        /// `screen` or `print`; the page's own if empty.
        media: &'static str,
        features: [MediaFeature; 2],
    }

    /// Needs `Network.enable`, and ends with `Network.disable`.
    SetNetworkConditions = "Network.emulateNetworkConditions" -> EmptyResult {
        offline: bool,
        /// In milliseconds.
        latency: f64,
        /// Bytes in a second; -1 for no limit.
        download_throughput: f64,
        /// Bytes in a second; -1 for no limit.
        upload_throughput: f64,
    }

    /// Needs `Network.enable`, and ends with `Network.disable`.
    SetExtraHeaders = "Network.setExtraHTTPHeaders" -> EmptyResult {
        headers: BTreeMap<String, String>,
    }

    /// Has a script run in each new document of the target, before its own scripts.
    AddInitScript = "Page.addScriptToEvaluateOnNewDocument" -> AddedInitScript {
        source: String,
    }

    RemoveInitScript = "Page.removeScriptToEvaluateOnNewDocument" -> EmptyResult {
        identifier: String,
    }

    /// Sets the color behind a page that has no background.
    SetDefaultBackground = "Emulation.setDefaultBackgroundColorOverride" -> EmptyResult {
        /// White if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        color: Option<Rgba>,
    }
}

/// `Emulation.ScreenOrientation`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ScreenOrientation {
    /// `portraitPrimary` or `landscapePrimary`.
    pub r#type: &'static str,
    pub angle: u32,
}

/// `Emulation.MediaFeature`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MediaFeature {
    pub name: &'static str,
    /// The browser's own if empty.
    pub value: &'static str,
}

/// `Emulation.UserAgentMetadata`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserAgentMetadata {
    pub brands: Vec<UserAgentBrand>,
    /// With versions of four parts.
    pub full_version_list: Vec<UserAgentBrand>,
    pub platform: &'static str,
    pub platform_version: String,
    pub architecture: &'static str,
    pub model: String,
    pub mobile: bool,
    pub bitness: &'static str,
    pub wow64: bool,
}

/// `Emulation.UserAgentBrandVersion`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserAgentBrand {
    pub brand: String,
    pub version: String,
}

/// `DOM.RGBA`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rgba {
    pub r: u8,
    pub g: u8,
    pub b: u8,
    /// From 0 to 1.
    pub a: f64,
}

objects! {
    /// Result of [`AddInitScript`].
    pub struct AddedInitScript {
        /// Of this session.
        pub identifier: String,
    }
}
