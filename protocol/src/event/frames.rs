//! The fields of the answer to `listFrames`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::TabId;

/// The frames of a tab, each behind the one that it is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Frames {
    /// The tab.
    pub id: TabId,
    /// The page itself first.
    pub frames: Vec<FrameInfo>,
    /// Whether there are more frames than are listed; absent if not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub truncated: Option<bool>,
}

/// One frame of a tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FrameInfo {
    /// Where it is. Of a frame that does not answer, what its element says.
    pub url: String,
    /// Its name, if it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The frame that it is in, by its place in the list, from 0. Absent for the page itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<u32>,
    /// A locator of its element: what is in the frame is found by `SELECTOR >> …`. Absent for the page itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub selector: Option<String>,
    /// Whether it does not answer, so that nothing in it is known; absent if it does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unresponsive: Option<bool>,
}
