//! The fields of `consoleMessage`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::TabId;

/// How much a message of a page's console matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ConsoleLevel {
    /// `console.debug`, and what Chromium calls verbose.
    Debug,
    /// `console.log` and its like.
    Log,
    /// `console.info`.
    Info,
    /// `console.warn`.
    Warning,
    /// `console.error`, a `console.assert` that failed, an exception, a request that failed.
    Error,
}

/// Who wrote to a page's console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ConsoleSource {
    /// The page, by `console.…`.
    Console,
    /// A script of the page threw an exception that nothing caught, or a promise was rejected.
    Exception,
    /// Chromium, about the page: requests that failed, content that was blocked, deprecations.
    Browser,
}

/// Something was written to a page's console. Comes only after `subscribe`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsoleMessage {
    /// The tab.
    pub id: TabId,
    /// How much it matters.
    pub level: ConsoleLevel,
    /// Who wrote it.
    pub source: ConsoleSource,
    /// What it says, at most 4096 characters.
    pub text: String,
    /// `true` where the end of the text is missing because it is longer than that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub truncated: Option<bool>,
    /// The script or document that wrote it, or that it is about; at most 1024 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// The line there, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
    /// The column there, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<u32>,
    /// When, in milliseconds since the epoch.
    pub ts: u64,
    /// How many messages right before this one were left out because the page wrote too many at a
    /// time; absent if none was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub omitted: Option<u64>,
}
