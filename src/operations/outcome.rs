//! How an operation ended, as a value of the domain. Doors encode it; payloads travel in it as they are.

use cdp_bridge_protocol::event::TabInfo;
use cdp_bridge_protocol::{Event, Message};

use super::OperationError;
use crate::tabs::Answer;

/// A good answer.
#[derive(Debug, Clone)]
pub enum Success {
    /// To `ping`: the time in milliseconds since the epoch.
    Pong(u64),
    /// To `listTabs`.
    Tabs(Vec<TabInfo>),
    /// What a tab, or the supervisor of tabs, answered.
    Tab(Answer),
}

/// How an operation ended.
pub type Outcome = Result<Success, OperationError>;

/// About how much memory a remembered outcome takes.
pub(super) fn remembered_bytes(outcome: &Outcome) -> usize {
    match outcome {
        Ok(Success::Tab(Answer::Event(event))) => {
            Message::unasked(Event::clone(event)).to_json().len()
        }
        Ok(Success::Tab(Answer::Payload { payload, .. })) => payload.len(),
        Ok(Success::Tabs(tabs)) => tabs.iter().map(|tab| tab.url.len() + tab.title.len()).sum(),
        Ok(Success::Pong(_) | Success::Tab(Answer::Coalesced(_))) => 0,
        Err(error) => error.to_string().len(),
    }
}
