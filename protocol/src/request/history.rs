//! The fields of the requests about what was done in a session.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::{FieldError, Validate, at_most, within};
use crate::ids::{SessionRef, TabRef};

/// Asks for what was done in a session, the oldest first; also for one that has ended, while its history is kept. Answered by
/// `history`. It never has what was typed, cookies, passwords, scripts or the query of a URL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetHistory {
    /// The session; the connection's own if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionRef>,
    /// Only what was done in this tab, which may be closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tab_id: Option<TabRef>,
    /// Only entries of this type, such as `click`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub entry_type: Option<String>,
    /// Only what has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<bool>,
    /// The newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_first: Option<bool>,
    /// The most entries of one answer; 100 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<u32>,
    /// The `nextCursor` of an earlier answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Asks for the totals of a session: its requests, those that failed, the slowest ones, and what it has used; also of
/// one that has ended, while its history is kept. Answered by `usage`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetUsage {
    /// The session; the connection's own if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionRef>,
}

impl Validate for GetHistory {
    fn validate(&self) -> Result<(), FieldError> {
        let kind = self.entry_type.as_ref().map_or(0, String::len);
        at_most("entryType", kind, 64)?;
        self.limit
            .map_or(Ok(()), |limit| within("limit", limit, 1, 500))
    }
}

impl Validate for GetUsage {}
