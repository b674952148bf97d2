//! The bodies of one-shots.

use cdp_bridge_protocol::request::{
    ActionWait, Animations, Caret, Clip, ExtraHeaders, ImageFormat, Margin, Viewport,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::server::rest::page_reads::queries::ContentForm;

/// What a one-shot is given. Exactly one of `url` and `html`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "OneShot{O}")]
pub(crate) struct OneShotBody<O> {
    /// The page: an `http` or `https` URL that the policy allows.
    pub(crate) url: Option<String>,
    /// The page itself, in place of a URL. What it loads is under the policy.
    pub(crate) html: Option<String>,
    /// How the result is made.
    pub(crate) options: Option<O>,
    /// Size of the page's visible part; the configured window size if absent.
    pub(crate) viewport: Option<Viewport>,
    /// How far the page shall be.
    pub(crate) goto_options: Option<GotoOptions>,
    /// What is waited for then, as after an action.
    pub(crate) wait_for: Option<ActionWait>,
    /// An element that is waited for then.
    pub(crate) wait_for_selector: Option<SelectorWait>,
    /// How long is waited then, in milliseconds.
    #[schemars(range(max = 60_000))]
    pub(crate) wait_for_timeout: Option<u64>,
    /// Cookies that are set before.
    #[schemars(length(max = 100))]
    pub(crate) cookies: Option<Vec<OneShotCookie>>,
    /// Headers of every request of the page.
    pub(crate) headers: Option<ExtraHeaders>,
    /// The same under another name.
    #[serde(rename = "setExtraHTTPHeaders")]
    pub(crate) set_extra_http_headers: Option<ExtraHeaders>,
    /// The `User-Agent`.
    #[schemars(length(min = 1, max = 1024))]
    pub(crate) user_agent: Option<String>,
    /// Whether the result is made though the page was not as far as it should be in time; `false` if absent.
    pub(crate) best_attempt: Option<bool>,
    /// The time limit of all of it, in milliseconds; 60 s if absent.
    #[schemars(range(min = 1000, max = 120_000))]
    pub(crate) timeout_ms: Option<u64>,
}

/// How far a page shall be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GotoOptions {
    /// The time limit in milliseconds.
    #[schemars(range(min = 100, max = 120_000))]
    pub(crate) timeout: Option<u64>,
    /// How far; `load` if absent.
    pub(crate) wait_until: Option<GotoWait>,
}

/// How far a page is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GotoWait {
    /// Its document is there.
    Commit,
    /// Its HTML has been read.
    DomContentLoaded,
    /// What belongs to it has been loaded.
    #[default]
    Load,
    /// It has asked for nothing for half a second since.
    NetworkIdle,
    /// The same.
    NetworkIdle0,
    /// The same.
    NetworkIdle2,
}

/// An element that is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SelectorWait {
    /// The element.
    pub(crate) selector: String,
    /// Whether it shall be visible; otherwise it shall be in the page.
    pub(crate) visible: Option<bool>,
    /// Whether it shall be hidden, or not in the page.
    pub(crate) hidden: Option<bool>,
    /// The time limit in milliseconds.
    #[schemars(range(min = 100, max = 120_000))]
    pub(crate) timeout: Option<u64>,
}

/// A cookie. Exactly one of `url` and `domain`; with neither, it belongs to the page's own URL.
#[derive(Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OneShotCookie {
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
    /// The page that it belongs to, which says its domain and path.
    pub(crate) url: Option<String>,
    /// The hosts that it is sent to.
    pub(crate) domain: Option<String>,
    /// The path that it is sent to; `/` if absent.
    pub(crate) path: Option<String>,
    /// Whether it is sent over HTTPS only.
    pub(crate) secure: Option<bool>,
    /// Whether scripts cannot read it.
    pub(crate) http_only: Option<bool>,
    /// Which requests from other sites it is sent with.
    pub(crate) same_site: Option<CookieSameSite>,
    /// When it ends, in seconds since the epoch.
    pub(crate) expires: Option<f64>,
}

/// Which requests from other sites a cookie is sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum CookieSameSite {
    /// None.
    Strict,
    /// Those that open the page.
    Lax,
    /// All.
    None,
}

/// How a picture is made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ScreenshotOptions")]
pub(crate) struct ShotOptions {
    /// The encoding; `png` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<ImageFormat>,
    /// The same under another name.
    #[serde(skip_serializing)]
    pub(crate) r#type: Option<ImageFormat>,
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
    /// The part of the page that is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clip: Option<Clip>,
    /// Locators of elements that are covered with a box of one colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub(crate) mask: Option<Vec<String>>,
    /// The colour of these boxes, as `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^#[0-9A-Fa-f]{6}$"))]
    pub(crate) mask_color: Option<String>,
    /// Whether the rest is transparent where the page has no background of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) omit_background: Option<bool>,
    /// Whether animations run; `allow` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) animations: Option<Animations>,
    /// Whether the text caret is shown; `initial` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caret: Option<Caret>,
}

/// How a PDF is made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PdfOptions {
    /// The size of the paper, such as `a4`; `letter` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) paper: Option<String>,
    /// The same under another name, such as `A4`.
    #[serde(skip_serializing)]
    pub(crate) format: Option<String>,
    /// Width of the paper in inches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 200.0))]
    pub(crate) width: Option<f64>,
    /// Height of the paper in inches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 200.0))]
    pub(crate) height: Option<f64>,
    /// Whether the paper is turned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) landscape: Option<bool>,
    /// The margins in inches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) margin: Option<Margin>,
    /// The pages, such as `1-3, 5`.
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
    #[serde(rename = "preferCSSPageSize", skip_serializing)]
    pub(crate) prefer_css_page_size: Option<bool>,
}

/// How content is written down.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ContentOptions {
    /// How it is written down; `html` if absent.
    #[serde(default, rename = "as")]
    pub(crate) form: ContentForm,
    /// The element whose content is wanted; the whole page if absent.
    pub(crate) selector: Option<String>,
}
