//! The reads of a history whose rows are in memory, oldest first. What they give is what the statements of a database give.

use std::collections::BTreeMap;

use super::rows::{HistoryQuery, KindTotals, StoredHistory};

/// The outcome of what succeeded, and of events.
pub const OK: &str = "ok";

/// The rows that a query asks for, in its order.
pub fn select<'a>(
    rows: impl DoubleEndedIterator<Item = &'a StoredHistory>,
    query: &HistoryQuery,
) -> Vec<StoredHistory> {
    if query.newest_first {
        let newest = rows.rev().filter(|it| is_asked_for(it, query));
        newest.take(query.limit).cloned().collect()
    } else {
        let oldest = rows.filter(|it| is_asked_for(it, query));
        oldest.take(query.limit).cloned().collect()
    }
}

fn is_asked_for(it: &StoredHistory, query: &HistoryQuery) -> bool {
    let in_range = query.after.is_none_or(|after| {
        if query.newest_first {
            it.seq < after
        } else {
            it.seq > after
        }
    });
    in_range
        && query.tab.is_none_or(|tab| it.row.tab == Some(tab))
        && query.kind.as_ref().is_none_or(|kind| it.row.kind == *kind)
        && (!query.failed || it.row.outcome != OK)
}

/// The totals of these rows, by kind.
pub fn totals<'a>(rows: impl Iterator<Item = &'a StoredHistory>) -> Vec<KindTotals> {
    let mut totals = BTreeMap::<&str, KindTotals>::new();
    for StoredHistory { row, .. } in rows {
        let of_kind = totals.entry(&row.kind).or_insert_with(|| KindTotals {
            kind: row.kind.clone(),
            count: 0,
            failed: 0,
            total_us: 0,
            max_us: 0,
            bytes: 0,
        });
        let took = row.took_us.unwrap_or(0);
        of_kind.count += 1;
        of_kind.failed += u64::from(row.outcome != OK);
        of_kind.total_us += took;
        of_kind.max_us = of_kind.max_us.max(took);
        of_kind.bytes += row.bytes.unwrap_or(0);
    }
    totals.into_values().collect()
}

/// The slowest of these rows, slowest first.
pub fn slowest<'a>(
    rows: impl Iterator<Item = &'a StoredHistory>,
    limit: usize,
) -> Vec<StoredHistory> {
    let mut slowest: Vec<_> = rows.filter(|it| it.row.took_us.is_some()).collect();
    slowest.sort_by_key(|it| std::cmp::Reverse(it.row.took_us));
    slowest.into_iter().take(limit).cloned().collect()
}
