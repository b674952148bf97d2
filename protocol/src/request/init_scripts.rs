//! The fields of `addInitScript` and `removeInitScript`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::Validate;
use crate::ids::TabRef;
use crate::typed_text::TypedText;

/// Has a script run in each document that the tab loads from now on, before the document's own scripts, also in frames. It
/// stays when the tab gets another page or target. Answered by `initScriptAdded`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddInitScript {
    /// The tab.
    pub tab_id: TabRef,
    /// JavaScript. It runs with the document's own global object, as the first script there.
    pub script: TypedText,
}

/// Has a script of `addInitScript` not run in further documents. What it has done stays. Answered by `done`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemoveInitScript {
    /// The tab.
    pub tab_id: TabRef,
    /// The `scriptId` of its `initScriptAdded`.
    pub script_id: String,
}

impl Validate for AddInitScript {}
impl Validate for RemoveInitScript {}
