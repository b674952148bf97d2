//! The fields of each request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::{Check, FieldError, within};
use crate::ids::TabRef;

/// Opens a tab. Answered by `tabCreated` once its target is attached and its domains are
/// enabled; the first `navigated` follows by itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTab {
    /// Where to go first; `about:blank` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether the tab has a browser context of its own, with no cookies or storage; the
    /// configuration says what holds if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_out: Option<bool>,
    /// Size of the page's visible part; the configured window size if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewport: Option<Viewport>,
}

/// Size of the page's visible part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Viewport {
    /// Width in CSS pixels.
    #[schemars(range(min = 1, max = 8192))]
    pub width: u32,
    /// Height in CSS pixels.
    #[schemars(range(min = 1, max = 8192))]
    pub height: u32,
    /// Physical pixels for each CSS pixel; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 5.0))]
    pub device_scale_factor: Option<f64>,
}

/// Closes a tab. It waits for nothing: what the tab was doing is answered `TAB_CLOSED`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloseTab {
    /// The tab.
    pub tab_id: TabRef,
}

/// Brings a tab to the front of its window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActivateTab {
    /// The tab.
    pub tab_id: TabRef,
}

/// Sends a tab to a URL. Answered by `navigated` when the main frame has committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Navigate {
    /// The tab.
    pub tab_id: TabRef,
    /// An `http` or `https` URL, or exactly `about:blank`.
    pub url: String,
}

/// How a page's DOM is written down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SnapshotFormat {
    /// `document.documentElement.outerHTML`.
    #[default]
    Html,
    /// The JSON text of CDP's `DOMSnapshot.captureSnapshot`.
    Structured,
}

impl SnapshotFormat {
    /// The name as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Structured => "structured",
        }
    }
}

/// Reads a page's DOM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetDomSnapshot {
    /// The tab.
    pub tab_id: TabRef,
    /// How it is written down; `html` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<SnapshotFormat>,
}

/// The encoding of a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ImageFormat {
    /// JPEG, with a quality.
    #[default]
    Jpeg,
    /// PNG, without loss.
    Png,
    /// WebP, with a quality; at most 16,383 pixels a side.
    Webp,
}

impl ImageFormat {
    /// The name as it stands on the wire and in CDP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    /// The media type of such a picture.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// Takes a picture of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetScreenshot {
    /// The tab.
    pub tab_id: TabRef,
    /// Whether the whole page is taken instead of its visible part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_page: Option<bool>,
    /// The encoding; `jpeg` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<ImageFormat>,
    /// Quality of `jpeg` and `webp`; 70 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub quality: Option<u8>,
}

/// The quality of pictures where none is asked for.
pub(crate) const DEFAULT_QUALITY: u8 = 70;

impl StartScreencast {
    /// The quality asked for, or the protocol's default.
    pub fn quality(&self) -> u8 {
        self.quality.unwrap_or(DEFAULT_QUALITY)
    }
}

impl GetScreenshot {
    /// The quality asked for, or the protocol's default.
    pub fn quality(&self) -> u8 {
        self.quality.unwrap_or(DEFAULT_QUALITY)
    }
}

/// Moves a tab into a browser context of its own, or back into the client's shared one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetLoggedOutMode {
    /// The tab.
    pub tab_id: TabRef,
    /// Whether the tab shall be logged out.
    pub enabled: bool,
}

/// Asks for all tabs of this client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListTabs {}

/// Starts a stream of pictures of a tab. Answered by `screencastStarted`; `frame`s follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartScreencast {
    /// The tab.
    pub tab_id: TabRef,
    /// The most frames in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 60))]
    pub max_fps: Option<u8>,
    /// JPEG quality; 70 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub quality: Option<u8>,
    /// The most pixels across.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 8192))]
    pub max_width: Option<u32>,
    /// The most pixels down.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 8192))]
    pub max_height: Option<u32>,
}

/// Ends a stream of pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopScreencast {
    /// The tab.
    pub tab_id: TabRef,
}

/// Asks for a `pong`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ping {}

/// The longest side of a viewport or a screencast frame, in pixels.
const MAX_SIDE: u32 = 8192;

impl Check for CreateTab {
    fn check(&self) -> Result<(), FieldError> {
        let Some(viewport) = &self.viewport else {
            return Ok(());
        };
        within("viewport.width", viewport.width, 1, MAX_SIDE)?;
        within("viewport.height", viewport.height, 1, MAX_SIDE)?;
        match viewport.device_scale_factor {
            Some(factor) => within("viewport.deviceScaleFactor", factor, 0.1, 5.0),
            None => Ok(()),
        }
    }
}

impl Check for GetScreenshot {
    fn check(&self) -> Result<(), FieldError> {
        self.quality
            .map_or(Ok(()), |quality| within("quality", quality, 1, 100))
    }
}

impl Check for StartScreencast {
    fn check(&self) -> Result<(), FieldError> {
        self.max_fps
            .map_or(Ok(()), |fps| within("maxFps", fps, 1, 60))?;
        self.quality
            .map_or(Ok(()), |quality| within("quality", quality, 1, 100))?;
        self.max_width
            .map_or(Ok(()), |width| within("maxWidth", width, 1, MAX_SIDE))?;
        self.max_height
            .map_or(Ok(()), |height| within("maxHeight", height, 1, MAX_SIDE))
    }
}

impl Check for CloseTab {}
impl Check for ActivateTab {}
impl Check for Navigate {}
impl Check for GetDomSnapshot {}
impl Check for SetLoggedOutMode {}
impl Check for ListTabs {}
impl Check for StopScreencast {}
impl Check for Ping {}
