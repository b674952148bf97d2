//! Section `sessions` of the configuration.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::duration::{self, DurationText};

/// The sessions that clients create, and how long they live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionsConfig {
    /// Limit on the live sessions of all clients: from 0 (none can be created) to 1000.
    #[schemars(range(min = 0, max = 1000))]
    pub max: usize,
    /// Limit on the live sessions of each client, of those of all: from 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub max_per_client: usize,
    /// How many sessions a client may create in a minute, from 1 to 10000.
    #[schemars(range(min = 1, max = 10000))]
    pub creates_per_minute: u32,
    /// How many requests to create a session may wait for a place, of all clients; 0 to refuse them at once.
    #[schemars(range(min = 0, max = 1000))]
    pub queue: usize,
    /// How long such a request waits where it does not say, at most 10min.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub queue_timeout: Duration,
    /// How long a session lives at most where its client does not say, from 1min to `max_duration`.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub default_duration: Duration,
    /// The longest that a client may ask for, from 1min to 1d.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub max_duration: Duration,
    /// How long a session lives without being used where its client does not say, from 10s to 1h.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub default_idle_timeout: Duration,
    /// How long the record of an ended session is kept, at most 1d.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub retention: Duration,
    /// The most records of ended sessions, of all clients: from 1 to 100000. Beyond that the oldest are forgotten.
    #[schemars(range(min = 1, max = 100_000))]
    pub kept_records: usize,
}

impl Default for SessionsConfig {
    fn default() -> Self {
        Self {
            max: 32,
            max_per_client: 32,
            creates_per_minute: 60,
            queue: 16,
            queue_timeout: Duration::from_secs(30),
            default_duration: Duration::from_mins(15),
            max_duration: Duration::from_hours(24),
            default_idle_timeout: Duration::from_mins(30),
            retention: Duration::from_hours(1),
            kept_records: 1000,
        }
    }
}

impl SessionsConfig {
    /// The longest that a request may ask to wait for a place.
    pub(crate) fn max_queue_timeout(&self) -> Duration {
        self.queue_timeout.max(Duration::from_mins(10))
    }
}
