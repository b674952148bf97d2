//! The fields of the answers to page actions (protocol section 9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::TabId;
use crate::request::{ContentFormat, Point};

/// A page action is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// The tab.
    pub id: TabId,
    /// The request's `type`.
    pub action: String,
    /// `select`: the values of the options that are chosen now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub values: Option<Vec<String>>,
    /// `scroll`: the position that was reached.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub position: Option<Point>,
}

/// What was waited for is so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waited {
    /// The tab.
    pub id: TabId,
    /// Where it is.
    pub url: String,
}

/// What was asked of an element.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Queried {
    /// The tab.
    pub id: TabId,
    /// The answer; its shape depends on what was asked.
    pub value: Value,
}

/// What a script came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evaluated {
    /// The tab.
    pub id: TabId,
    /// As `JSON.stringify` writes it, even if the page has replaced that; `null` for `undefined`.
    pub value: Value,
}

/// An outline of a page without its payload: the JSON of a binary frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AxSnapshotHead {
    /// The tab.
    pub id: TabId,
    /// Where the tab was when it was taken.
    pub url: String,
    /// How many lines there are.
    pub lines: u64,
    /// How many elements were left out because the outline would be too long; absent if none was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub omitted: Option<u64>,
    /// Number of this part, from 0.
    pub seq: u32,
    /// How many parts there are.
    pub total: u32,
}

/// An outline of a page, or one part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AxSnapshot {
    /// Everything but the payload.
    #[serde(flatten)]
    pub head: AxSnapshotHead,
    /// The outline: a line an element, with its role, its name, its state and its `[ref=e12]`, indented
    /// by two spaces a level.
    pub snapshot: String,
}

/// A page's content without its payload: the JSON of a binary frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContentHead {
    /// The tab.
    pub id: TabId,
    /// Where the tab was when it was read.
    pub url: String,
    /// How it is written down.
    pub format: ContentFormat,
    /// Whether its end is missing because it would be too long; absent if not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub truncated: Option<bool>,
    /// Number of this part, from 0.
    pub seq: u32,
    /// How many parts there are.
    pub total: u32,
}

/// A page's content, or one part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// Everything but the payload.
    #[serde(flatten)]
    pub head: ContentHead,
    /// The text.
    pub content: String,
}
