//! Section `timeouts`: one time limit for each class of requests.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::duration::{self, DurationText};

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $seconds:literal,)*) => {
        /// Time limit of each class of requests, where a request brings none of its own.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct TimeoutsConfig {
            $(
                $(#[$doc])*
                #[serde(with = "duration")]
                #[schemars(with = "DurationText")]
                pub $name: Duration,
            )*
        }

        impl Default for TimeoutsConfig {
            fn default() -> Self {
                Self { $($name: Duration::from_secs($seconds),)* }
            }
        }

        impl TimeoutsConfig {
            /// Every limit with its key, in the order of the struct.
            pub(crate) fn entries(&self) -> Vec<(&'static str, Duration)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

classes! {
    /// Opening a tab, until its target is attached (createTab).
    create = 15,
    /// Closing a tab (closeTab).
    close = 5,
    /// Loading a page, until the main frame has committed (navigate, goBack, goForward, reload).
    navigate = 30,
    /// Moving a tab to another browser context, which loads its page again (setLoggedOutMode).
    rebuild = 35,
    /// Reading a page or a file as a payload (getDomSnapshot, getScreenshot, getAxSnapshot, getContent, getDownload).
    capture = 10,
    /// Asking a page for a value (query, evaluate).
    look = 10,
    /// Acting on a page, until the element is ready and the action is done (click, fill, type, scroll, upload and so on).
    act = 10,
    /// Waiting for a condition (waitFor).
    wait = 30,
    /// What is answered at once (activateTab, startScreencast, stopScreencast, subscribe, listTabs, ping).
    other = 5,
}
