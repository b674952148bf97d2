//! What is kept of a session beyond the process: a value that can be written down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{EndReason, SessionId, SessionStatus};

/// The record of a session. Times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRecord {
    pub id: SessionId,
    /// The name of its client.
    pub client: String,
    pub status: SessionStatus,
    pub created_at_ms: u64,
    pub expires_at_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end_reason: Option<EndReason>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub destroyed_at_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_id: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub metadata: BTreeMap<String, String>,
}
