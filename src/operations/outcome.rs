//! How an operation ended, as a value of the domain. Doors encode it; payloads travel in it as they are.

use cdp_bridge_protocol::event::TabInfo;

use super::OperationError;
use crate::tabs::{Answer, AnswerKind, FactKind};

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
        Ok(Success::Pong(_)) => 0,
        Ok(Success::Tabs(tabs)) => tabs.iter().map(|tab| tab.url.len() + tab.title.len()).sum(),
        Ok(Success::Tab(answer)) => answer_bytes(&answer.kind),
        Err(error) => error.to_string().len(),
    }
}

fn answer_bytes(kind: &AnswerKind) -> usize {
    match kind {
        AnswerKind::Fact(fact) => match &fact.kind {
            FactKind::TabCreated { url, .. } | FactKind::LoggedOutModeSet { url, .. } => url.len(),
            FactKind::Navigated(navigation) => navigation.url.len(),
            _ => 0,
        },
        AnswerKind::Evaluated(value) | AnswerKind::Queried(value) => value.to_string().len(),
        AnswerKind::Done(acted) => acted.values.iter().flatten().map(String::len).sum(),
        AnswerKind::Waited { url } => url.len(),
        AnswerKind::Snapshot { text, .. }
        | AnswerKind::Outline { text, .. }
        | AnswerKind::Content { text, .. } => text.as_bytes().len(),
        AnswerKind::Screenshot { picture, .. } => picture.data.len(),
        AnswerKind::Download { payload, .. } => payload.len(),
        AnswerKind::Superseded(_)
        | AnswerKind::ScreencastStarted
        | AnswerKind::ScreencastStopped
        | AnswerKind::Subscribed => 0,
    }
}
