//! Subscriptions to events that are sent only to subscribers (protocol section 9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::{FieldError, Validate, at_most};
use crate::ids::TabRef;

/// An event that is told only to those who subscribe to it. All others come unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Subscribable {
    /// `consoleMessage`.
    ConsoleMessage,
}

/// The most names in one list; there are fewer events than that.
const MAX_EVENTS: usize = 16;

/// Has events of a tab told to this connection, from the answer on, in place of those that it
/// subscribed to before; none for an empty list. Answered by `done`.
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
