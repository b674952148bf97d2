//! The fields of the answers to page actions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::TabId;
use crate::request::Point;

/// A page action, or another request that has no result, is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// The tab. Absent only for `cancel`, where the cancelled request names none or there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<TabId>,
    /// The request's `type`.
    pub action: String,
    /// `select`: the values of the options that are chosen now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub values: Option<Vec<String>>,
    /// `scroll`: the position that was reached.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub position: Option<Point>,
    /// `scroll`: whether anything has moved; false where everything was scrolled as far already, or does
    /// not scroll.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub moved: Option<bool>,
    /// `fill`: whether the field holds the value afterwards; false where the page or a limit of the field
    /// made something else of it. Absent if the field is gone, or if its text is elsewhere, as in code editors.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub matches: Option<bool>,
    /// `cancel`: whether the request was ended by this; false where it was answered already, or is not known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cancelled: Option<bool>,
    /// With `trial`: nothing was done, and the action would work now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trial: Option<bool>,
    /// With `waitFor`: what was waited for is so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waited: Option<WaitOutcome>,
}

/// What an action has waited for afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitOutcome {
    /// Where the tab is then.
    pub url: String,
    /// Of `any`: which condition is so, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub index: Option<u32>,
    /// Of `expression`: its value; absent if it cannot be written as JSON.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<Value>,
}

/// What was waited for is so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waited {
    /// The tab.
    pub id: TabId,
    /// Where it is.
    pub url: String,
    /// Of `any`: which condition is so, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub index: Option<u32>,
    /// Of `expression`: its value; absent if it cannot be written as JSON.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<Value>,
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
