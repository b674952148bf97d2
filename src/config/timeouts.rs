//! Section `timeouts`: the time limit of each request type.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration::{self, DurationText};

/// Time limit per request type, where a request brings none of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TimeoutsConfig {
    /// Creating a tab, until its target is attached.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub create_tab: Duration,
    /// Closing a tab.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub close_tab: Duration,
    /// Bringing a tab to the front.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub activate_tab: Duration,
    /// Navigating, until the main frame has committed.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub navigate: Duration,
    /// Reading the DOM.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub get_dom_snapshot: Duration,
    /// Taking a picture.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub get_screenshot: Duration,
    /// Switching logged-out mode, which loads the page anew.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub set_logged_out_mode: Duration,
    /// Starting a screencast.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub start_screencast: Duration,
    /// Stopping a screencast.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub stop_screencast: Duration,
}

impl Default for TimeoutsConfig {
    fn default() -> Self {
        Self {
            create_tab: Duration::from_secs(15),
            close_tab: Duration::from_secs(5),
            activate_tab: Duration::from_secs(5),
            navigate: Duration::from_secs(30),
            get_dom_snapshot: Duration::from_secs(10),
            get_screenshot: Duration::from_secs(10),
            set_logged_out_mode: Duration::from_secs(35),
            start_screencast: Duration::from_secs(5),
            stop_screencast: Duration::from_secs(5),
        }
    }
}

impl TimeoutsConfig {
    /// Every limit with its key, in the order of the struct.
    pub(crate) fn entries(&self) -> [(&'static str, Duration); 9] {
        [
            ("create_tab", self.create_tab),
            ("close_tab", self.close_tab),
            ("activate_tab", self.activate_tab),
            ("navigate", self.navigate),
            ("get_dom_snapshot", self.get_dom_snapshot),
            ("get_screenshot", self.get_screenshot),
            ("set_logged_out_mode", self.set_logged_out_mode),
            ("start_screencast", self.start_screencast),
            ("stop_screencast", self.stop_screencast),
        ]
    }
}
