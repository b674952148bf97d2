//! What the store keeps, as plain rows. Times are milliseconds since 1970. Texts that may hold what a client typed, a
//! token or a query string are not here: they stand in `sealed`, encrypted by whoever writes the row.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sealed::Sealed;

/// A session that a client has created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    pub id: String,
    pub client: String,
    /// The client's own name for it.
    pub external_id: Option<String>,
    pub metadata: BTreeMap<String, String>,
    /// The options it was created with, with what `updateSession` changed.
    pub options: Sealed,
    /// Tokens of an earlier generation are void.
    pub token_generation: u32,
    pub created_ms: u64,
    pub expires_ms: u64,
    pub last_active_ms: u64,
    pub usage: UsageRow,
    /// `None` while it lives.
    pub end: Option<SessionEnd>,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEnd {
    /// The status that is shown, such as `completed`.
    pub status: String,
    /// Such as `expired`.
    pub reason: String,
    pub ended_ms: u64,
}

/// What a session has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UsageRow {
    pub pages: u64,
    pub requests: u64,
    pub cdp_messages: u64,
    pub egress_bytes: u64,
    pub blocked_requests: u64,
}

/// The owner of tabs: a session of a client, or its implicit one (`default`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeKey {
    pub client: String,
    pub session: String,
}

/// An open tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabRow {
    pub scope: ScopeKey,
    /// Its number: 3 for `t3`.
    pub tab: u64,
    /// Its URL, title, viewport, emulation and what else it is opened again with.
    pub state: Sealed,
    pub logged_out: bool,
    /// The number of the tab that opened it, for a popup.
    pub opener: Option<u64>,
    pub created_ms: u64,
    pub last_used_ms: u64,
    /// The number of its latest creation or activation, ascending over all tabs.
    pub activated: u64,
}

/// An idempotency key with what was made under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRow {
    pub scope: ScopeKey,
    pub key: String,
    /// SHA-256 of the request.
    pub fingerprint: Vec<u8>,
    /// What was made: `session` or `tab`.
    pub kind: String,
    /// Its id: the session's, or the tab's number.
    pub made: String,
    pub expires_ms: u64,
}

/// A request that was carried out, or an event of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    pub scope: ScopeKey,
    pub tab: Option<u64>,
    pub at_ms: u64,
    /// The request's type, such as `click`; `gap` for rows that were dropped under overload.
    pub kind: String,
    /// `ok`, or the error's code.
    pub outcome: String,
    pub took_us: Option<u64>,
    /// Bytes of its payload.
    pub bytes: Option<u64>,
    /// A JSON object of the fields that are allowed for its kind.
    pub detail: Option<String>,
}

/// A row of the history as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHistory {
    /// Ascending over all sessions.
    pub seq: u64,
    pub row: HistoryRow,
}

/// What the history of a session says about one kind of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindTotals {
    pub kind: String,
    pub count: u64,
    pub failed: u64,
    pub total_us: u64,
    pub max_us: u64,
    pub bytes: u64,
}

/// Which part of a history is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Rows after this number.
    pub after: Option<u64>,
    pub tab: Option<u64>,
    pub kind: Option<String>,
    /// The rows with an error alone.
    pub failed: bool,
    pub limit: usize,
    /// The newest rows first; `after` then means rows before this number.
    pub newest_first: bool,
}

/// A change that was made to a session, a key, a link or a stored context, by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    pub at_ms: u64,
    pub client: String,
    /// Who acted: a client's token, a key's id, a session's token, `operator` or `daemon`.
    pub actor: String,
    /// Such as `session.create`.
    pub action: String,
    /// Such as `session/0198…`.
    pub object: String,
    /// `ok`, or the error's code.
    pub outcome: String,
    /// The address that it came from.
    pub peer: Option<String>,
    /// A JSON object.
    pub detail: Option<String>,
}

/// A row of the audit as it is read, with its link to the row before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAudit {
    pub seq: u64,
    pub row: AuditRow,
    /// `SHA-256(chain of the row before ‖ this row)`.
    pub chain: Vec<u8>,
}

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// The 8 characters after `cbk_`.
    pub id: String,
    pub client: String,
    pub secret_sha256: Vec<u8>,
    /// Words divided by spaces.
    pub scopes: String,
    /// A JSON object of limits, where it has its own.
    pub limits: Option<String>,
    pub created_ms: u64,
    pub expires_ms: Option<u64>,
    /// The day of its last use, in days since 1970.
    pub last_used_day: Option<u64>,
    pub revoked_ms: Option<u64>,
}

/// A job: a request whose client does not wait for the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    pub id: String,
    pub client: String,
    pub status: String,
    pub created_ms: u64,
    /// When its result is forgotten, once it is over.
    pub until_ms: Option<u64>,
    /// The result or the error, and where it is told.
    pub state: Sealed,
}

/// A webhook that is still to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// The `webhook-id`.
    pub id: String,
    pub client: String,
    /// Such as `session.ended`.
    pub event: String,
    /// The URL and the body.
    pub message: Sealed,
    pub attempts: u32,
    pub next_ms: u64,
    pub give_up_ms: u64,
}
