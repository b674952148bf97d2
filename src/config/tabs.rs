//! Section `tabs`: how many tabs there may be and how long they live.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration::{self, DurationText};

/// How many tabs there may be and how long they live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TabsConfig {
    /// How many tabs may be open at a time: from 1 to 10000.
    #[schemars(range(min = 1, max = 10000))]
    pub max: usize,
    /// A tab that nobody used for this long is closed, at least 1s.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub idle_timeout: Duration,
    /// How long a page may give no answer while it owes one, from 1s to 10min. Then its script is
    /// terminated; after as long again, the tab gets a new page.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub hang_timeout: Duration,
    /// What becomes of createTab when a client may have no more tabs: "refuse" or `"close_lru"` (of the
    /// client's own tabs, the one that was used least recently is closed).
    pub when_full: WhenFull,
    /// What becomes of a client's tabs when its last connection ends: "keep" (until idle) or "close".
    pub on_disconnect: OnDisconnect,
}

impl Default for TabsConfig {
    fn default() -> Self {
        Self {
            max: 64,
            idle_timeout: Duration::from_mins(30),
            hang_timeout: Duration::from_secs(15),
            when_full: WhenFull::Refuse,
            on_disconnect: OnDisconnect::Keep,
        }
    }
}

/// What becomes of `createTab` when a client may have no more tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// It is refused.
    #[default]
    Refuse,
    /// Of the client's own tabs, the one that was used least recently is closed.
    CloseLru,
}

/// What becomes of a client's tabs when its last connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnDisconnect {
    /// They stay, until they are idle for too long.
    #[default]
    Keep,
    /// They are closed.
    Close,
}
