//! The fields of the requests about sessions.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Viewport;
use super::bodies::check_viewport;
use super::emulation::{Geolocation, check_place};
use super::parse::{FieldError, Validate, at_most, within};
use super::upstream_proxy::UpstreamProxyOptions;
use crate::event::SessionStatus;
use crate::ids::SessionRef;

const MINUTE_MS: u64 = 60_000;

/// Creates a session: a browser context of its own, with tabs, limits and an end. Answered by `sessionCreated`, which
/// waits for a place if all are taken. While a session with the same `externalId` is live, the answer is that one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateSession {
    /// How long it lives at most, in milliseconds; the configuration sets the default, and may lower the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60_000, max = 86_400_000))]
    pub max_duration_ms: Option<u64>,
    /// How long it lives without being used, in milliseconds; the configuration sets the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10_000, max = 3_600_000))]
    pub idle_timeout_ms: Option<u64>,
    /// It ends when no heartbeat has come within this time, in milliseconds; none is needed if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1000, max = 3_600_000))]
    pub heartbeat_timeout_ms: Option<u64>,
    /// Size of the visible part of its pages, where `createTab` sets none; the configured window size if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewport: Option<Viewport>,
    /// Opened in it at once. The session is there also if this page cannot be loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_url: Option<String>,
    /// Whether it begins without cookies and storage; true if absent. If false, its tabs live in the profile that the
    /// bridge keeps, where it keeps one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_out: Option<bool>,
    /// Where its pages may navigate and load from: entries as in `policy.allowlist`. It narrows what the client may,
    /// and never widens it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub allowlist: Option<Vec<String>>,
    /// What happens to files that its pages offer; what the configuration says if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downloads: Option<SessionDownloads>,
    /// Texts of the client, to find it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub metadata: Option<BTreeMap<String, String>>,
    /// The client's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub external_id: Option<String>,
    /// How long to wait for a place, in milliseconds; 0 not to wait. The configuration sets the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 600_000))]
    pub queue_timeout_ms: Option<u64>,
    /// The proxy that its pages go through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<UpstreamProxyOptions>,
    /// Where its tabs start to be, as `geolocation` of `emulate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geolocation: Option<Geolocation>,
    /// The language and region that its tabs start with, as `locale` of `emulate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,7}$"))]
    pub locale: Option<String>,
    /// The time zone that its tabs start with, as `timezoneId` of `emulate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub timezone_id: Option<String>,
    /// Receives a `POST` once it has ended, if the configuration allows that host (`webhooks.allow`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub webhook_url: Option<String>,
}

/// What happens to files that the pages of a session offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionDownloads {
    /// None is written.
    Deny,
    /// They can be fetched, where the configuration allows that.
    Keep,
}

/// Asks for a session, as it is now; also for one that has ended, while its record is kept. Answered by `session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetSession {
    /// The session.
    pub session_id: SessionRef,
}

/// Asks for the client's sessions, the newest first. Answered by `sessions`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListSessions {
    /// Only those with this status, or `all`; if absent, those that count against the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<SessionStatusFilter>,
    /// Only the one with this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Only those that have each of these texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub metadata: Option<BTreeMap<String, String>>,
    /// The most sessions of one answer; 20 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// The `nextCursor` of an earlier answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Which statuses a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionStatusFilter {
    /// Every one.
    All,
    /// As [`SessionStatus::Initializing`].
    Initializing,
    /// As [`SessionStatus::Ready`].
    Ready,
    /// As [`SessionStatus::Running`].
    Running,
    /// As [`SessionStatus::Takeover`].
    Takeover,
    /// As [`SessionStatus::Completed`].
    Completed,
    /// As [`SessionStatus::Error`].
    Error,
    /// As [`SessionStatus::Destroyed`].
    Destroyed,
}

impl SessionStatusFilter {
    /// The status; `None` for all.
    pub fn status(self) -> Option<SessionStatus> {
        Some(match self {
            Self::All => return None,
            Self::Initializing => SessionStatus::Initializing,
            Self::Ready => SessionStatus::Ready,
            Self::Running => SessionStatus::Running,
            Self::Takeover => SessionStatus::Takeover,
            Self::Completed => SessionStatus::Completed,
            Self::Error => SessionStatus::Error,
            Self::Destroyed => SessionStatus::Destroyed,
        })
    }
}

/// Ends a session: its tabs are closed, its connections too, and nothing of it is kept but its record. Answered by
/// `sessionStateChanged` once it takes no more work; a second one with `destroyed` follows once nothing of it is left.
/// One that has ended already stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndSession {
    /// The session.
    pub session_id: SessionRef,
}

impl Validate for CreateSession {
    fn validate(&self) -> Result<(), FieldError> {
        let ranges = [
            (
                "maxDurationMs",
                self.max_duration_ms,
                MINUTE_MS,
                1440 * MINUTE_MS,
            ),
            (
                "idleTimeoutMs",
                self.idle_timeout_ms,
                10_000,
                60 * MINUTE_MS,
            ),
            (
                "heartbeatTimeoutMs",
                self.heartbeat_timeout_ms,
                1000,
                60 * MINUTE_MS,
            ),
            ("queueTimeoutMs", self.queue_timeout_ms, 0, 10 * MINUTE_MS),
        ];
        for (field, value, min, max) in ranges {
            value.map_or(Ok(()), |value| within(field, value, min, max))?;
        }
        self.viewport.as_ref().map_or(Ok(()), check_viewport)?;
        let list = self.allowlist.as_ref().map_or(0, Vec::len);
        at_most("allowlist", list, 256)?;
        let webhook = self.webhook_url.as_ref().map_or(0, String::len);
        at_most("webhookUrl", webhook, 2048)?;
        if let Some(proxy) = &self.proxy {
            at_most("proxy.bypass", proxy.bypass.len(), 64)?;
        }
        check_place(
            self.locale.as_deref(),
            self.timezone_id.as_deref(),
            self.geolocation.as_ref(),
        )?;
        at_most(
            "metadata",
            self.metadata.as_ref().map_or(0, BTreeMap::len),
            16,
        )
    }
}

impl Validate for ListSessions {
    fn validate(&self) -> Result<(), FieldError> {
        at_most(
            "metadata",
            self.metadata.as_ref().map_or(0, BTreeMap::len),
            16,
        )?;
        self.limit
            .map_or(Ok(()), |limit| within("limit", limit, 1, 100))
    }
}

impl Validate for GetSession {}
impl Validate for EndSession {}
