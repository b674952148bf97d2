//! Section `timeouts`: the time limit of each request type.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::duration::{self, DurationText};

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
    /// Acting on a page: clicking, filling, typing and their like, until the element can be acted on and
    /// it is done.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub act: Duration,
    /// Going back or forward in a tab's history, or loading its page anew, until the main frame has
    /// committed.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub travel: Duration,
    /// Waiting until something is so.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub wait_for: Duration,
    /// Asking something of an element, until there is one.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub query: Duration,
    /// Running a client's script in a page.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub evaluate: Duration,
    /// Writing the outline of a page.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub get_ax_snapshot: Duration,
    /// Reading a page's content.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub get_content: Duration,
    /// Subscribing to events.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub subscribe: Duration,
    /// Reading what was downloaded.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub get_download: Duration,
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
            act: Duration::from_secs(10),
            travel: Duration::from_secs(30),
            wait_for: Duration::from_secs(30),
            query: Duration::from_secs(10),
            evaluate: Duration::from_secs(10),
            get_ax_snapshot: Duration::from_secs(10),
            get_content: Duration::from_secs(10),
            subscribe: Duration::from_secs(5),
            get_download: Duration::from_secs(10),
        }
    }
}

impl TimeoutsConfig {
    /// Every limit with its key, in the order of the struct.
    pub(crate) fn entries(&self) -> [(&'static str, Duration); 18] {
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
            ("act", self.act),
            ("travel", self.travel),
            ("wait_for", self.wait_for),
            ("query", self.query),
            ("evaluate", self.evaluate),
            ("get_ax_snapshot", self.get_ax_snapshot),
            ("get_content", self.get_content),
            ("subscribe", self.subscribe),
            ("get_download", self.get_download),
        ]
    }
}
