//! From calls and facts to rows of the history (pure).

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::SessionStatus;
use serde_json::{Map, Value, json};

use super::detail::{Detail, location};
use crate::operations::keeping::scope_key;
use crate::operations::{Call, OperationError, OperationOutcome, Success};
use crate::store::HistoryRow;
use crate::store::history_in_memory::OK;
use crate::tabs::{AnswerKind, Fact, FactKind};

/// Whether a call was turned away before anything was carried out. Such calls leave no rows: a flood of them would push
/// out all others.
pub(super) fn was_turned_away(outcome: &OperationOutcome) -> bool {
    matches!(
        outcome,
        Err(OperationError::RateLimited(_)
            | OperationError::TooManyInFlight(_)
            | OperationError::TooManyKeys { .. }
            | OperationError::DuplicateRequestId { .. })
    )
}

/// The row of a call that was answered after `took_us`.
pub(super) fn of_call(
    call: &Call,
    outcome: &OperationOutcome,
    took_us: u64,
    sent_bytes: Option<u64>,
    detail: Detail,
) -> HistoryRow {
    let made = outcome.as_ref().ok().and_then(tab_of);
    HistoryRow {
        scope: scope_key(&call.scope),
        tab: call.tab.or(made).map(TabId::number),
        at_ms: call.arrival.at_ms + took_us / 1000,
        kind: call.kind.as_str().to_owned(),
        outcome: match outcome {
            Ok(_) => OK.to_owned(),
            Err(error) => error.code(call.kind).as_str().to_owned(),
        },
        took_us: Some(took_us),
        bytes: outcome.as_ref().ok().and_then(payload_bytes).or(sent_bytes),
        detail: text(detail),
    }
}

/// The row of what happened, where the history has it.
pub(super) fn of_fact(fact: &Fact, at_ms: u64) -> Option<HistoryRow> {
    // The answer of the call that caused it has a row already.
    let is_of_call = fact.cause.is_some();
    let (kind, detail) = match &fact.kind {
        FactKind::SessionStateChanged { status, end_reason } => {
            if matches!(status, SessionStatus::Running | SessionStatus::Initializing) {
                return None;
            }
            let reason = end_reason.map(|reason| ("endReason", json!(reason)));
            let fields = [Some(("status", json!(status))), reason];
            ("sessionStateChanged", fields)
        }
        FactKind::TabCreated { url, .. } if !is_of_call => {
            ("tabCreated", [None, Some(("url", json!(location(url))))])
        }
        FactKind::TabClosed { reason } if !is_of_call => {
            ("tabClosed", [None, Some(("reason", json!(reason)))])
        }
        FactKind::TabCrashed { url } => ("tabCrashed", [None, Some(("url", json!(location(url))))]),
        FactKind::TabRebuilt { url, reason } if !is_of_call => {
            let url = Some(("url", json!(location(url))));
            ("tabRebuilt", [url, Some(("reason", json!(reason)))])
        }
        FactKind::DownloadFinished { bytes, state, .. } => {
            let bytes = Some(("bytes", json!(bytes)));
            ("downloadFinished", [bytes, Some(("state", json!(state)))])
        }
        FactKind::RequestBlocked { count, .. } => {
            ("requestBlocked", [None, Some(("count", json!(count)))])
        }
        FactKind::PopupBlocked { count, .. } => {
            ("popupBlocked", [None, Some(("count", json!(count)))])
        }
        _ => return None,
    };
    let detail = detail.into_iter().flatten();
    let detail: Map<_, _> = detail
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Some(HistoryRow {
        scope: scope_key(fact.audience.scope()?),
        tab: fact.tab.map(TabId::number),
        at_ms,
        kind: kind.to_owned(),
        outcome: OK.to_owned(),
        took_us: None,
        bytes: None,
        detail: text(detail),
    })
}

fn text(detail: Detail) -> Option<String> {
    (!detail.is_empty()).then(|| Value::Object(detail).to_string())
}

/// The tab that a call has made.
fn tab_of(success: &Success) -> Option<TabId> {
    match success {
        Success::Tab(answer) => Some(answer.tab),
        _ => None,
    }
}

fn payload_bytes(success: &Success) -> Option<u64> {
    match success {
        Success::Tab(answer) => match &answer.kind {
            AnswerKind::Payload { payload, .. } => Some(payload.len() as u64),
            _ => None,
        },
        _ => None,
    }
}
