//! The history and the totals of sessions as they stand in messages.

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::{History, HistoryEntry, SessionUsageCounts, TypeUsage, Usage};

use crate::operations::history::{HistoryPage, KindTotals, StoredHistory, UsageReport};
use crate::operations::sessions::SessionUsage;

/// The answer to `getHistory`.
pub fn history(page: HistoryPage) -> History {
    History {
        session_id: page.session.to_string(),
        entries: page.rows.into_iter().map(entry).collect(),
        next_cursor: page.next.map(|next| next.to_string()),
    }
}

/// The answer to `getUsage`.
pub fn usage(report: UsageReport) -> Usage {
    let sum = |of: fn(&KindTotals) -> u64| report.kinds.iter().map(of).sum::<u64>();
    let (total_us, requests) = (sum(|it| it.total_us), sum(|it| it.count));
    let (failed, bytes) = (sum(|it| it.failed), sum(|it| it.bytes));
    Usage {
        session_id: report.session.to_string(),
        requests,
        failed,
        total_ms: millis(total_us),
        bytes,
        by_type: report.kinds.into_iter().map(of_type).collect(),
        slowest: report.slowest.into_iter().map(entry).collect(),
        used: used(report.used),
    }
}

/// One entry.
pub fn entry(stored: StoredHistory) -> HistoryEntry {
    let row = stored.row;
    let detail = row.detail.and_then(|text| serde_json::from_str(&text).ok());
    HistoryEntry {
        ts: row.at_ms,
        r#type: row.kind,
        tab_id: row.tab.map(TabId::new),
        outcome: row.outcome,
        ms: row.took_us.map(millis),
        bytes: row.bytes,
        detail,
    }
}

/// What a session has used.
pub fn used(usage: SessionUsage) -> SessionUsageCounts {
    SessionUsageCounts {
        pages: usage.pages,
        requests: usage.requests,
        cdp_messages: usage.cdp_messages,
        egress_bytes: usage.egress_bytes,
        blocked_requests: usage.blocked_requests,
    }
}

fn of_type(totals: KindTotals) -> (String, TypeUsage) {
    let usage = TypeUsage {
        requests: totals.count,
        failed: totals.failed,
        total_ms: millis(totals.total_us),
        max_ms: millis(totals.max_us),
        bytes: totals.bytes,
    };
    (totals.kind, usage)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of more than 200 years may be rounded"
)]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}
