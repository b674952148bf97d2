//! The fields of a request for an outline.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::{FieldError, Validate, within};
use crate::ids::TabRef;

/// The fewest characters of a page of an outline.
const MIN_CHARS: u64 = 200;
/// The most characters of a page of an outline.
const MAX_CHARS: u64 = 1_048_576;

/// What an outline lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OutlineMode {
    /// The page as assistive technology sees it.
    #[default]
    Outline,
    /// Only what can be used, with the landmarks, names and headings that tell it apart; always compact.
    Controls,
}

/// Asks for an outline of the page as assistive technology sees it. Answered by `axSnapshot`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetAxSnapshot {
    /// The tab.
    pub tab_id: TabRef,
    /// The element whose inside is wanted; the whole page if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Whether only what can be operated is listed; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interactive_only: Option<bool>,
    /// What is listed; `outline` if absent. `controls` goes before `interactiveOnly`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<OutlineMode>,
    /// Whether the same content takes fewer lines, and only what can be used has a ref; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compact: Option<bool>,
    /// The `revision` of an outline of this tab on this connection: only what has changed since is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// The `revision` of such an outline: it is wanted again, or a further page of it, without reading the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Only lines that have this text are wanted, and those of the elements around them; case and the amount of white
    /// space do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub find: Option<String>,
    /// The most characters of the answer, which ends with a whole line and has at least one; all if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 200, max = 1_048_576))]
    pub max_chars: Option<u64>,
    /// How many lines are skipped; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

impl Validate for GetAxSnapshot {
    fn validate(&self) -> Result<(), FieldError> {
        self.max_chars
            .map_or(Ok(()), |max| within("maxChars", max, MIN_CHARS, MAX_CHARS))
    }
}
