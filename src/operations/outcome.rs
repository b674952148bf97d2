//! How an operation ended, as a value of the domain. Doors encode it; payloads travel in it as they are.

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::TabInfo;

use super::OperationError;
use super::history::{HistoryPage, UsageReport};
use super::sessions::{CreatedSession, SessionPage, SessionView};
use super::staged_files::StagedPart;
use crate::tabs::{Answer, AnswerKind, FactKind};

/// A good answer.
#[derive(Debug, Clone)]
pub enum Success {
    /// To `ping`: the time in milliseconds since the epoch.
    Pong(u64),
    /// To `listTabs`.
    Tabs(Vec<TabInfo>),
    /// To `cancel`.
    Cancel {
        /// Whether the call was cancelled.
        cancelled: bool,
        /// The tab of the call.
        tab: Option<TabId>,
    },
    /// To `stageFile`.
    Staged(StagedPart),
    /// To `createSession`.
    SessionCreated(Box<CreatedSession>),
    /// To `getSession`.
    Session(Box<SessionView>),
    /// To `listSessions`.
    Sessions(Box<SessionPage>),
    /// To `endSession`: the session as it is then.
    SessionEnded(Box<SessionView>),
    /// To `getHistory`.
    History(Box<HistoryPage>),
    /// To `getUsage`.
    Usage(Box<UsageReport>),
    /// What a tab, or the supervisor of tabs, answered.
    Tab(Answer),
}

/// How an operation ended.
pub type OperationOutcome = Result<Success, OperationError>;

/// Of a created session: its token, its addresses, its view.
const CREATED_BYTES: usize = 2048;

/// About how much memory a remembered outcome takes, beside a small constant.
pub(super) fn remembered_bytes(outcome: &OperationOutcome) -> usize {
    let answer = match outcome {
        Ok(Success::Tab(answer)) => &answer.kind,
        Ok(Success::SessionCreated(created)) => {
            let metadata = created.view.metadata.iter();
            let texts = metadata.map(|(name, value)| name.len() + value.len());
            return CREATED_BYTES + texts.sum::<usize>();
        }
        Ok(
            Success::Pong(_)
            | Success::Tabs(_)
            | Success::Cancel { .. }
            | Success::Staged(_)
            | Success::Session(_)
            | Success::Sessions(_)
            | Success::SessionEnded(_)
            | Success::History(_)
            | Success::Usage(_),
        ) => return 0,
        Err(error) => return error.to_string().len(),
    };
    match answer {
        AnswerKind::Fact(fact) => match &fact.kind {
            FactKind::TabCreated { url, .. } | FactKind::LoggedOutModeSet { url, .. } => url.len(),
            FactKind::Navigated(navigation) => navigation.url.len(),
            _ => 0,
        },
        AnswerKind::Evaluated(value) => value.to_string().len(),
        AnswerKind::Emulated(emulation) => {
            let texts = [
                &emulation.user_agent,
                &emulation.locale,
                &emulation.timezone_id,
            ];
            let texts = texts.into_iter().flatten();
            let headers = emulation.extra_headers.iter().flatten();
            texts.chain(headers).map(String::len).sum()
        }
        AnswerKind::PermissionsSet(grant) => grant.origin.as_ref().map_or(0, String::len),
        AnswerKind::InitScriptAdded { id } => id.len(),
        AnswerKind::Done(acted) => acted.values.iter().flatten().map(String::len).sum(),
        // No other answer belongs to a request that takes a key.
        _ => 0,
    }
}
