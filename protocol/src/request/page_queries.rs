//! The fields of the requests that look at a page, and of `evaluate`, which may also change it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::parse::Validate;
use crate::ids::TabRef;

/// What is asked of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum What {
    /// Its text as it is shown: a string.
    Text,
    /// Its `innerHTML`: a string.
    Html,
    /// The value of a field: a string; of a `<select multiple>` a list of them.
    Value,
    /// Whether it is in the page, has a box and is not hidden.
    Visible,
    /// Whether it is not disabled.
    Enabled,
    /// Whether it is on: a checkbox, a radio button, a switch.
    Checked,
    /// How many elements there are.
    Count,
    /// `{x, y, width, height}` in CSS pixels of the page's visible part; `null` without a box.
    Box,
    /// Its attributes by name.
    Attributes,
}

/// Asks something of an element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Query {
    /// The tab.
    pub tab_id: TabRef,
    /// The element.
    pub selector: String,
    /// What is asked. `count` and `visible` are answered at once, also where there is no element; the
    /// others wait for one.
    pub what: What,
}

/// Runs a script in the page. Answered by `evaluated`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evaluate {
    /// The tab.
    pub tab_id: TabRef,
    /// JavaScript: an expression, or statements, of which the last one gives the value. What they declare
    /// does not stay in the page. A function is called, and a promise is awaited.
    pub expression: String,
    /// What the function is called with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<Vec<Value>>,
    /// The element that is the function's first argument, before `args`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// The client's promise that the script changes nothing, which is not checked: it then does not wait behind an
    /// action that waits, and no other request waits for it. `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}

/// How a page's content is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ContentFormat {
    /// The text as it is shown.
    Text,
    /// Markdown.
    Markdown,
}

impl ContentFormat {
    /// The name as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
        }
    }
}

/// Asks for a page's content. Answered by `content`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetContent {
    /// The tab.
    pub tab_id: TabRef,
    /// How it is written down.
    pub format: ContentFormat,
    /// The element whose content is wanted; the whole page if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
}

/// Asks for what was downloaded. Answered by `download`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetDownload {
    /// The tab.
    pub tab_id: TabRef,
    /// The `downloadId` of its `downloadFinished`.
    pub download_id: String,
}

impl Validate for Query {}
impl Validate for Evaluate {}
impl Validate for GetContent {}
impl Validate for GetDownload {}
