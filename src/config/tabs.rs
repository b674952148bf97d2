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
    /// What becomes of a client's tabs when its last connection ends: "keep" (until idle) or "close".
    pub on_disconnect: OnDisconnect,
}

impl Default for TabsConfig {
    fn default() -> Self {
        Self {
            max: 64,
            idle_timeout: Duration::from_mins(30),
            on_disconnect: OnDisconnect::Keep,
        }
    }
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
