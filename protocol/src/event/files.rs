//! The fields of events about files that pages ask for (protocol section 9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::TabId;

/// A page asked its user to choose files, by an `<input type=file>` that was clicked. Nothing opens,
/// and nobody waits; `upload` puts files into that element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileChooserOpened {
    /// The tab.
    pub id: TabId,
    /// Whether several files may be chosen.
    pub multiple: bool,
}
