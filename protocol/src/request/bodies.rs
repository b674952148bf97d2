//! The fields of each request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::{FieldError, Validate, broken, within};
use super::picture_options::{Animations, Caret};
use super::waiting::WaitUntil;
use crate::ids::{RequestId, SessionRef, TabRef};

/// Opens a tab. Answered by `tabCreated` once its target is attached and its domains are
/// enabled, or with `waitUntil` once its first document is as far; `navigated` comes by itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTab {
    /// Where to go first; `about:blank` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether the tab has a browser context of its own, with no cookies or storage; the
    /// configuration says what holds if absent, and in a created session it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_out: Option<bool>,
    /// Size of the page's visible part; the configured window size if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewport: Option<Viewport>,
    /// How far the first document shall be before the answer. If absent, the answer does not wait for the page, and
    /// an `error` without a `requestId` follows if it cannot be loaded. If given, that error is the answer, and the tab
    /// stays: `tabCreated` has come as an event before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_until: Option<WaitUntil>,
    /// The session that it is opened in; the connection's own if absent. A connection that is limited to no session
    /// gets the events of that session from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionRef>,
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

/// Requests without fields other than the tab.
macro_rules! on_the_tab {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            pub struct $name {
                /// The tab.
                pub tab_id: TabRef,
            }

            impl Validate for $name {}
        )*
    };
}

on_the_tab! {
    /// Closes a tab. It waits for nothing: what the tab was doing is answered `TAB_CLOSED`.
    CloseTab,
    /// Brings a tab to the front of its window.
    ActivateTab,
    /// Ends a stream of pictures.
    StopScreencast,
    /// Asks for the frames of a tab, the page itself first. Answered by `frames`.
    ListFrames,
}

/// Sends a tab to a URL. Answered by `navigated` when the main frame has committed, or is as far as `waitUntil` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Navigate {
    /// The tab.
    pub tab_id: TabRef,
    /// An `http` or `https` URL, or exactly `about:blank`.
    pub url: String,
    /// How far the document shall be before the answer; `commit` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_until: Option<WaitUntil>,
}

/// How a page's DOM is written down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SnapshotFormat {
    /// The doctype and `document.documentElement.outerHTML`.
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

/// A part of the page, in CSS pixels from the page's own top left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Clip {
    /// Its left side.
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    pub x: f64,
    /// Its upper side.
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    pub y: f64,
    /// How wide it is.
    #[schemars(range(min = 1.0, max = 1_000_000.0))]
    pub width: f64,
    /// How high it is.
    #[schemars(range(min = 1.0, max = 1_000_000.0))]
    pub height: f64,
}

/// Takes a picture of a page: of its visible part or, of `fullPage`, `selector` and `clip`, of the one
/// that is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("not" = { "anyOf": [
    {
        "required": ["fullPage", "selector"],
        "properties": { "fullPage": { "const": true }, "selector": { "type": "string" } },
    },
    {
        "required": ["fullPage", "clip"],
        "properties": { "fullPage": { "const": true }, "clip": { "type": "object" } },
    },
    {
        "required": ["selector", "clip"],
        "properties": { "selector": { "type": "string" }, "clip": { "type": "object" } },
    },
    {
        "required": ["omitBackground"],
        "properties": { "omitBackground": { "const": true }, "format": { "enum": ["jpeg", null] } },
    },
] }))]
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
    /// The element that is taken, all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// The part of the page that is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip: Option<Clip>,
    /// Locators of elements that are covered with a box of one colour; one that matches none covers nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub mask: Option<Vec<String>>,
    /// The colour of these boxes, as `#rrggbb`; `#ff00ff` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^#[0-9A-Fa-f]{6}$"))]
    pub mask_color: Option<String>,
    /// Whether the page's own background is all that is behind it, so that the rest is transparent; `false` if absent. `jpeg`
    /// has no transparency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omit_background: Option<bool>,
    /// Whether animations run; `allow` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub animations: Option<Animations>,
    /// Whether the text caret is shown; `initial` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caret: Option<Caret>,
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
    /// The visible part of a tab, as the protocol's default has it.
    pub fn of(tab: impl Into<TabRef>) -> Self {
        Self {
            tab_id: tab.into(),
            full_page: None,
            format: None,
            quality: None,
            selector: None,
            clip: None,
            mask: None,
            mask_color: None,
            omit_background: None,
            animations: None,
            caret: None,
        }
    }

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

/// Asks for all tabs of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListTabs {
    /// The session; the connection's own if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionRef>,
}

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

/// Asks for a `pong`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ping {}

/// Ends a request that is not answered yet. That request is answered with the error `CANCELLED`, and then this one
/// with `done`, whose `cancelled` is false if there was nothing to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cancel {
    /// The `requestId` of the request to end, which was made on the same connection.
    pub target_request_id: RequestId,
}

/// The longest side of a viewport or a screencast frame, in pixels.
const MAX_SIDE: u32 = 8192;

/// How far from a page's top left a clip may reach, in CSS pixels.
const FARTHEST: f64 = 1_000_000.0;

impl Validate for CreateTab {
    fn validate(&self) -> Result<(), FieldError> {
        self.viewport.as_ref().map_or(Ok(()), check_viewport)
    }
}

/// Checks the field `viewport` of a request.
pub(super) fn check_viewport(viewport: &Viewport) -> Result<(), FieldError> {
    within("viewport.width", viewport.width, 1, MAX_SIDE)?;
    within("viewport.height", viewport.height, 1, MAX_SIDE)?;
    match viewport.device_scale_factor {
        Some(factor) => within("viewport.deviceScaleFactor", factor, 0.1, 5.0),
        None => Ok(()),
    }
}

impl Validate for GetScreenshot {
    fn validate(&self) -> Result<(), FieldError> {
        let full_page = self.full_page == Some(true);
        if full_page && self.selector.is_some() {
            return broken("selector", "either fullPage or a selector");
        }
        if self.clip.is_some() && (full_page || self.selector.is_some()) {
            return broken("clip", "only one of fullPage, selector and clip");
        }
        if let Some(clip) = &self.clip {
            within("clip.x", clip.x, 0.0, FARTHEST)?;
            within("clip.y", clip.y, 0.0, FARTHEST)?;
            within("clip.width", clip.width, 1.0, FARTHEST)?;
            within("clip.height", clip.height, 1.0, FARTHEST)?;
        }
        self.quality
            .map_or(Ok(()), |quality| within("quality", quality, 1, 100))?;
        self.check_options()
    }
}

impl Validate for StartScreencast {
    fn validate(&self) -> Result<(), FieldError> {
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

impl Validate for Navigate {}
impl Validate for GetDomSnapshot {}
impl Validate for SetLoggedOutMode {}
impl Validate for ListTabs {}
impl Validate for Ping {}
impl Validate for Cancel {}
