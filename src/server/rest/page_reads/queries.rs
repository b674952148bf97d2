//! What the queries of these operations have: the fields of the protocol's requests that a URL can carry.

use cdp_bridge_protocol::request::{Animations, Caret, ImageFormat, OutlineMode, Paper};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Of a screenshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ScreenshotQuery {
    /// The encoding; `png` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<ImageFormat>,
    /// Quality of `jpeg` and `webp`; 70 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub(crate) quality: Option<u8>,
    /// Whether the whole page is taken instead of its visible part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) full_page: Option<bool>,
    /// The element that is taken, all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) selector: Option<String>,
    /// The part of the page that is taken: `x,y,width,height` in CSS pixels.
    #[serde(skip_serializing)]
    pub(crate) clip: Option<String>,
    /// Whether the rest is transparent where the page has no background of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) omit_background: Option<bool>,
    /// Whether animations run; `allow` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) animations: Option<Animations>,
    /// Whether the text caret is shown; `initial` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caret: Option<Caret>,
    /// The time limit in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 120_000))]
    pub(crate) timeout_ms: Option<u64>,
}

/// Of a PDF.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PdfQuery {
    /// The size of the paper; `letter` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) paper: Option<Paper>,
    /// Width of the paper in inches, in place of that of `paper`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 200.0))]
    pub(crate) width: Option<f64>,
    /// Height of the paper in inches, in place of that of `paper`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 200.0))]
    pub(crate) height: Option<f64>,
    /// Whether the paper is turned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) landscape: Option<bool>,
    /// The margins in inches: `top,right,bottom,left`; none if absent.
    #[serde(skip_serializing)]
    pub(crate) margin: Option<String>,
    /// The pages, such as `1-3, 5`; all if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) page_ranges: Option<String>,
    /// Whether backgrounds are printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) print_background: Option<bool>,
    /// The scale; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 2.0))]
    pub(crate) scale: Option<f64>,
    /// HTML at the top of each sheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) header_template: Option<String>,
    /// HTML at the bottom of each sheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) footer_template: Option<String>,
    /// Whether `@page` of the page's style sheets decides the size of the paper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prefer_css_page_size: Option<bool>,
    /// The time limit in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 120_000))]
    pub(crate) timeout_ms: Option<u64>,
}

/// How content is written down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ContentForm {
    /// The page's HTML; of a `selector`, what is inside of the element.
    #[default]
    Html,
    /// The text as it is shown.
    Text,
    /// Markdown.
    Markdown,
    /// The page as assistive technology sees it, with a reference for each element.
    Outline,
    /// The JSON of CDP's `DOMSnapshot.captureSnapshot`.
    Structured,
}

impl ContentForm {
    /// Its media type.
    pub(crate) fn mime(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Text | Self::Outline => "text/plain; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Structured => "application/json",
        }
    }
}

/// Of content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ContentQuery {
    /// How it is written down; `html` if absent.
    #[serde(default, rename = "as", skip_serializing)]
    pub(crate) form: ContentForm,
    /// The element whose content is wanted; the whole page if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) selector: Option<String>,
    /// Outline: what is listed; `outline` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<OutlineMode>,
    /// Outline: whether only what can be operated is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interactive_only: Option<bool>,
    /// Outline: whether the same content takes fewer lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compact: Option<bool>,
    /// Outline: only lines that have this text, and those of the elements around them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) find: Option<String>,
    /// Outline: the most characters; all if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 200, max = 1_048_576))]
    pub(crate) max_chars: Option<u64>,
    /// Outline: how many lines are skipped; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<u64>,
    /// The time limit in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 120_000))]
    pub(crate) timeout_ms: Option<u64>,
}

impl ContentQuery {
    /// The first field that only an outline has.
    pub(crate) fn field_of_outline(&self) -> Option<&'static str> {
        let given = [
            ("mode", self.mode.is_some()),
            ("interactiveOnly", self.interactive_only.is_some()),
            ("compact", self.compact.is_some()),
            ("find", self.find.is_some()),
            ("maxChars", self.max_chars.is_some()),
            ("offset", self.offset.is_some()),
        ];
        given
            .iter()
            .find(|(_, is_given)| *is_given)
            .map(|(name, _)| *name)
    }
}
