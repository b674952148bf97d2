//! The latest rows of each client, in memory (pure).

use std::collections::{HashMap, VecDeque};

use crate::store::history_in_memory;
use crate::store::{HistoryQuery, HistoryRow, KindTotals, ScopeKey, StoredHistory};

/// The most rows of a client. The oldest make room.
const MOST: usize = 10_000;

/// The most clients whose rows are kept. The one that was used last of all is not forgotten for another.
const CLIENTS: usize = 64;

/// The rows of all clients.
#[derive(Debug, Default)]
pub(super) struct Rings {
    clients: HashMap<String, VecDeque<StoredHistory>>,
    last: u64,
}

impl Rings {
    pub(super) fn push(&mut self, row: HistoryRow) {
        self.last += 1;
        if !self.clients.contains_key(&row.scope.client) && self.clients.len() >= CLIENTS {
            self.forget_one();
        }
        let rows = self.clients.entry(row.scope.client.clone()).or_default();
        if rows.len() >= MOST {
            rows.pop_front();
        }
        let seq = self.last;
        rows.push_back(StoredHistory { seq, row });
    }

    /// Forgets the client that has done nothing for the longest time.
    fn forget_one(&mut self) {
        let last = |rows: &VecDeque<StoredHistory>| rows.back().map_or(0, |row| row.seq);
        let oldest = self.clients.iter().min_by_key(|(_, rows)| last(rows));
        if let Some(client) = oldest.map(|(client, _)| client.clone()) {
            self.clients.remove(&client);
        }
    }

    fn of<'a>(&'a self, scope: &'a ScopeKey) -> impl DoubleEndedIterator<Item = &'a StoredHistory> {
        let rows = self.clients.get(&scope.client).into_iter().flatten();
        rows.filter(|it| it.row.scope == *scope)
    }

    pub(super) fn history(&self, scope: &ScopeKey, query: &HistoryQuery) -> Vec<StoredHistory> {
        history_in_memory::select(self.of(scope), query)
    }

    pub(super) fn totals(&self, scope: &ScopeKey) -> Vec<KindTotals> {
        history_in_memory::totals(self.of(scope))
    }

    pub(super) fn slowest(&self, scope: &ScopeKey, limit: usize) -> Vec<StoredHistory> {
        history_in_memory::slowest(self.of(scope), limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::history_in_memory::OK;

    fn row(client: &str, session: &str, kind: &str, took_us: u64) -> HistoryRow {
        HistoryRow {
            scope: ScopeKey {
                client: client.to_owned(),
                session: session.to_owned(),
            },
            tab: Some(1),
            at_ms: 0,
            kind: kind.to_owned(),
            outcome: if kind == "fill" { "NOT_FOUND" } else { OK }.to_owned(),
            took_us: Some(took_us),
            bytes: None,
            detail: None,
        }
    }

    fn kinds(rows: &[StoredHistory]) -> Vec<&str> {
        rows.iter().map(|it| it.row.kind.as_str()).collect()
    }

    #[test]
    fn a_session_reads_its_own_rows_page_by_page_in_either_order() {
        let mut rings = Rings::default();
        for (session, kind) in [
            ("s", "click"),
            ("other", "type"),
            ("s", "fill"),
            ("s", "query"),
        ] {
            rings.push(row("a", session, kind, 5));
        }
        rings.push(row("b", "s", "navigate", 5));
        let scope = row("a", "s", "", 0).scope;
        let mut query = HistoryQuery {
            limit: 2,
            ..HistoryQuery::default()
        };
        let first = rings.history(&scope, &query);
        assert_eq!(kinds(&first), ["click", "fill"]);
        query.after = Some(first[1].seq);
        assert_eq!(kinds(&rings.history(&scope, &query)), ["query"]);
        query.newest_first = true;
        assert_eq!(kinds(&rings.history(&scope, &query)), ["click"]);
        let failed = HistoryQuery {
            failed: true,
            limit: 9,
            ..HistoryQuery::default()
        };
        assert_eq!(kinds(&rings.history(&scope, &failed)), ["fill"]);
    }

    #[test]
    fn the_oldest_rows_make_room_and_totals_are_of_one_session() {
        let mut rings = Rings::default();
        for number in 0..MOST as u64 + 5 {
            rings.push(row("a", "s", "click", number));
        }
        let scope = row("a", "s", "", 0).scope;
        let totals = rings.totals(&scope);
        assert_eq!((totals[0].count, totals[0].failed), (MOST as u64, 0));
        assert_eq!(totals[0].max_us, MOST as u64 + 4);
        assert_eq!(
            rings.slowest(&scope, 1)[0].row.took_us,
            Some(MOST as u64 + 4)
        );
        assert!(rings.totals(&row("a", "t", "", 0).scope).is_empty());
    }

    #[test]
    fn there_are_rows_of_so_many_clients_and_no_more() {
        let mut rings = Rings::default();
        for number in 0..CLIENTS + 3 {
            rings.push(row(&number.to_string(), "s", "click", 1));
        }
        assert_eq!(rings.clients.len(), CLIENTS);
        assert!(!rings.clients.contains_key("0") && rings.clients.contains_key("3"));
    }
}
