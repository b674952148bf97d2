//! What was done in a session.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::SessionUsageCounts;
use crate::ids::TabId;

/// What was done in a session: a part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// The session.
    pub session_id: String,
    /// Its requests and events, in the order that was asked for.
    pub entries: Vec<HistoryEntry>,
    /// For the `cursor` of the next request; absent where no more follow now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_cursor: Option<String>,
}

/// A request that was carried out, or something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// When it was answered, in milliseconds since 1970.
    pub ts: u64,
    /// The type of the request, such as `click`, or of the event, such as `tabCrashed`; `gap` where entries are missing
    /// that could not be kept.
    pub r#type: String,
    /// Its tab.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tab_id: Option<TabId>,
    /// `ok`, or the code of its error.
    pub outcome: String,
    /// How long it took, in milliseconds; absent for an event.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ms: Option<f64>,
    /// Bytes of its payload; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes: Option<u64>,
    /// Some of its fields; none that may hold a secret.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<Map<String, Value>>,
}

/// The totals of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// The session.
    pub session_id: String,
    /// Requests in its history.
    pub requests: u64,
    /// Those that failed.
    pub failed: u64,
    /// How long they took together, in milliseconds.
    pub total_ms: f64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// The same for each type of request.
    pub by_type: BTreeMap<String, TypeUsage>,
    /// The slowest requests, the slowest first.
    pub slowest: Vec<HistoryEntry>,
    /// What the session has used since its creation; since the start of the bridge for the implicit one.
    pub used: SessionUsageCounts,
}

/// The totals of one type of request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypeUsage {
    /// How many.
    pub requests: u64,
    /// Those that failed.
    pub failed: u64,
    /// How long they took together, in milliseconds.
    pub total_ms: f64,
    /// How long the slowest took, in milliseconds.
    pub max_ms: f64,
    /// Bytes of their payloads.
    pub bytes: u64,
}
