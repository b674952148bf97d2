//! Subscriptions to events that are sent only to subscribers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::{FieldError, Validate, at_most};
use crate::ids::TabRef;

/// An event that is sent only to subscribers. All others are sent without a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Subscribable {
    /// `consoleMessage`.
    ConsoleMessage,
}

/// The most names in one list; there are fewer events than that.
const MAX_EVENTS: usize = 16;

/// Subscribes this connection to events of a tab, from the answer on, in place of those that it
/// subscribed to before; an empty list ends the subscription. Answered by `done`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subscribe {
    /// The tab.
    pub tab_id: TabRef,
    /// The events.
    #[schemars(length(max = 16))]
    pub events: Vec<Subscribable>,
}

impl Validate for Subscribe {
    fn validate(&self) -> Result<(), FieldError> {
        at_most("events", self.events.len(), MAX_EVENTS)
    }
}
