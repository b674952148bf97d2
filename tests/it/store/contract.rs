//! What every database does.

use cdp_bridge::store::{
    Backend, HistoryQuery, KindTotals, Retention, Sealed, SessionEnd, StoreError, UsageRow, Write,
    next_in_chain,
};

use super::databases::{self, Database};
use super::rows::{audit, delivery, history, idempotency, job, key, scope, session, tab};

/// Runs each case against each kind of database.
macro_rules! for_each_database {
    ($($case:ident)*) => {
        mod fake {
            $(#[tokio::test] async fn $case() {
                super::$case(super::databases::fake()).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $case() {
                super::$case(super::databases::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test] async fn $case() {
                super::$case(super::databases::postgres().await).await;
            })*
        }
    };
}

for_each_database! {
    a_session_is_found_as_it_was_written
    a_row_that_is_written_late_does_not_bring_an_ended_session_back
    ended_sessions_are_listed_newest_first_in_pages
    the_end_of_a_session_takes_its_tabs_and_keys_with_it
    tabs_come_back_last_used_first_and_numbers_are_never_given_again
    idempotency_keys_are_replaced_and_expire
    a_transaction_is_made_whole_or_not_at_all
    one_refused_transaction_of_a_batch_leaves_the_others_alone
    the_history_is_read_in_pages_and_by_kind
    totals_of_the_history_count_what_was_slow_and_what_failed
    the_audit_is_a_chain
    keys_are_inserted_once_and_revoked_once
    jobs_deliveries_and_settings_are_replaced_and_removed
    retention_deletes_the_oldest_and_no_more_than_it_may
    hostile_texts_come_back_as_they_are
}

impl Database {
    fn reads(&self) -> &dyn Backend {
        self.store.reads().unwrap()
    }

    async fn write(&self, writes: Vec<Write>) {
        self.store.write(writes).await.unwrap();
    }
}

async fn a_session_is_found_as_it_was_written(db: Database) {
    let mut row = session("s1", "a");
    db.write(vec![Write::PutSession(row.clone())]).await;
    assert_eq!(db.reads().live_sessions().await.unwrap(), [row.clone()]);
    let usage = UsageRow {
        requests: 5,
        ..row.usage
    };
    db.write(vec![Write::SessionUsed {
        id: "s1".to_owned(),
        last_active_ms: 3_000,
        usage,
    }])
    .await;
    (row.last_active_ms, row.usage) = (3_000, usage);
    let found = |client: &str, id: &str| db.reads().session(client.to_owned(), id.to_owned());
    assert_eq!(found("a", "s1").await.unwrap(), Some(row.clone()));
    assert_eq!(found("b", "s1").await.unwrap(), None, "another client's");
    assert_eq!(found("a", "s2").await.unwrap(), None);
    row.expires_ms = 20_000;
    row.options = Sealed(Vec::new());
    row.external_id = None;
    db.write(vec![Write::PutSession(row.clone())]).await;
    assert_eq!(found("a", "s1").await.unwrap(), Some(row));
}

async fn a_row_that_is_written_late_does_not_bring_an_ended_session_back(db: Database) {
    let row = session("s1", "a");
    db.write(vec![Write::PutSession(row.clone())]).await;
    end_session(&db, "s1", 5_000).await;
    let ended = db.reads().session("a".to_owned(), "s1".to_owned());
    let ended = ended.await.unwrap();
    let used = Write::SessionUsed {
        id: "s1".to_owned(),
        last_active_ms: 9_000,
        usage: UsageRow::default(),
    };
    db.write(vec![Write::PutSession(row), used]).await;
    assert!(db.reads().live_sessions().await.unwrap().is_empty());
    let found = db.reads().session("a".to_owned(), "s1".to_owned());
    assert_eq!(found.await.unwrap(), ended);
}

fn end(ended_ms: u64) -> SessionEnd {
    SessionEnd {
        status: "completed".to_owned(),
        reason: "requested".to_owned(),
        ended_ms,
    }
}

async fn end_session(db: &Database, id: &str, ended_ms: u64) {
    let usage = UsageRow::default();
    let (id, end) = (id.to_owned(), end(ended_ms));
    db.write(vec![Write::EndSession { id, end, usage }]).await;
}

async fn ended_sessions_are_listed_newest_first_in_pages(db: Database) {
    for id in ["s1", "s2", "s3", "s4"] {
        db.write(vec![Write::PutSession(session(id, "a"))]).await;
    }
    db.write(vec![Write::PutSession(session("s5", "b"))]).await;
    for id in ["s1", "s2", "s4", "s5"] {
        end_session(&db, id, 50).await;
    }
    let listed = async |before: Option<&str>, limit| {
        let before = before.map(str::to_owned);
        let rows = db.reads().ended_sessions("a".to_owned(), before, limit);
        let rows = rows.await.unwrap();
        assert!(rows.iter().all(|it| it.end == Some(end(50))));
        rows.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, 2).await, ["s4", "s2"]);
    assert_eq!(listed(Some("s2"), 2).await, ["s1"]);
    let live = db.reads().live_sessions().await.unwrap();
    assert_eq!(live, [session("s3", "a")]);
}

async fn the_end_of_a_session_takes_its_tabs_and_keys_with_it(db: Database) {
    let (own, other) = (scope("a", "s1"), scope("a", "default"));
    db.write(vec![
        Write::PutSession(session("s1", "a")),
        Write::PutTab(tab(&own, 1)),
        Write::PutTab(tab(&other, 2)),
        Write::PutIdempotency(idempotency(&own, "k", 99)),
        Write::PutIdempotency(idempotency(&other, "k", 99)),
    ])
    .await;
    end_session(&db, "s1", 40).await;
    assert_eq!(db.reads().tabs().await.unwrap(), [tab(&other, 2)]);
    let keys = db.reads().idempotency_keys(0).await.unwrap();
    assert_eq!(keys, [idempotency(&other, "k", 99)]);
    let ended = db.reads().session("a".to_owned(), "s1".to_owned()).await;
    assert_eq!(ended.unwrap().unwrap().end, Some(end(40)));
}

async fn tabs_come_back_last_used_first_and_numbers_are_never_given_again(db: Database) {
    let (mine, theirs) = (scope("a", "default"), scope("b", "default"));
    for number in [1, 2, 3] {
        db.write(vec![Write::PutTab(tab(&mine, number))]).await;
    }
    db.write(vec![Write::PutTab(tab(&theirs, 8))]).await;
    db.write(vec![
        Write::TabsUsed(mine.clone(), vec![(1, 900), (2, 500), (77, 1)]),
        Write::RemoveTab(mine.clone(), 3),
    ])
    .await;
    let tabs = db.reads().tabs().await.unwrap();
    let order: Vec<_> = tabs.iter().map(|it| (it.tab, it.last_used_ms)).collect();
    assert_eq!(order, [(1, 900), (2, 500), (8, 108)]);
    let mut changed = tab(&mine, 2);
    changed.state = Sealed(vec![1; 2000]);
    changed.opener = None;
    db.write(vec![
        Write::PutTab(changed.clone()),
        Write::RemoveTabs(theirs),
    ])
    .await;
    let tabs = db.reads().tabs().await.unwrap();
    assert_eq!(tabs.len(), 2);
    assert!(tabs.contains(&changed));
    db.write(vec![Write::RemoveTabs(mine)]).await;
    assert!(db.reads().tabs().await.unwrap().is_empty());
    let numbers = db.reads().last_tab_numbers().await.unwrap();
    assert_eq!(numbers, [("a".to_owned(), 3), ("b".to_owned(), 8)]);
}

async fn idempotency_keys_are_replaced_and_expire(db: Database) {
    let scope = scope("a", "default");
    let (first, mut second) = (idempotency(&scope, "k1", 50), idempotency(&scope, "k2", 90));
    db.write(vec![
        Write::PutIdempotency(first),
        Write::PutIdempotency(second.clone()),
    ])
    .await;
    second.made = "4".to_owned();
    db.write(vec![Write::PutIdempotency(second.clone())]).await;
    assert_eq!(db.reads().idempotency_keys(0).await.unwrap().len(), 2);
    assert_eq!(db.reads().idempotency_keys(50).await.unwrap(), [second]);
}

async fn a_transaction_is_made_whole_or_not_at_all(db: Database) {
    db.write(vec![Write::InsertKey(key("k1"))]).await;
    let refused = vec![
        Write::PutSession(session("s1", "a")),
        Write::Audit(audit("key.create", 1)),
        Write::InsertKey(key("k1")),
        Write::PutSession(session("s2", "a")),
    ];
    let error = db.store.write(refused).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    assert!(db.reads().live_sessions().await.unwrap().is_empty());
    assert!(db.reads().audit(0, 9).await.unwrap().is_empty());
    db.write(vec![Write::PutSession(session("s3", "a"))]).await;
}

async fn one_refused_transaction_of_a_batch_leaves_the_others_alone(db: Database) {
    let batch = vec![
        vec![Write::InsertKey(key("k1"))],
        vec![Write::InsertKey(key("k2")), Write::InsertKey(key("k1"))],
        Vec::new(),
        vec![Write::InsertKey(key("k3"))],
    ];
    let outcomes = db.reads().commit(batch).await;
    let kept: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(kept, [true, false, true, true], "{outcomes:?}");
    let keys = db.reads().keys().await.unwrap();
    assert_eq!(keys, [key("k1"), key("k3")]);
}

async fn the_history_is_read_in_pages_and_by_kind(db: Database) {
    let (own, other) = (scope("a", "s1"), scope("a", "s2"));
    let mut writes = Vec::new();
    for at in 1..=6 {
        let kind = if at % 2 == 0 { "click" } else { "navigate" };
        let mut row = history(&own, kind, at);
        row.tab = Some(at);
        if at == 4 {
            row.outcome = "TIMEOUT".to_owned();
        }
        writes.push(Write::History(row));
        writes.push(Write::History(history(&other, "click", at)));
    }
    db.write(writes).await;
    let read = async |query: HistoryQuery| {
        let rows = db.reads().history(own.clone(), query).await.unwrap();
        assert!(rows.iter().all(|it| it.row.scope == own));
        rows
    };
    let all = read(HistoryQuery {
        limit: 9,
        ..HistoryQuery::default()
    })
    .await;
    let times = |rows: &[cdp_bridge::store::StoredHistory]| {
        rows.iter().map(|it| it.row.at_ms).collect::<Vec<_>>()
    };
    assert_eq!(times(&all), [1, 2, 3, 4, 5, 6]);
    assert!(all.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    let mut first = history(&own, "navigate", 1);
    first.tab = Some(1);
    assert_eq!(all[0].row, first);
    let page = HistoryQuery {
        after: Some(all[1].seq),
        limit: 2,
        ..HistoryQuery::default()
    };
    assert_eq!(times(&read(page.clone()).await), [3, 4]);
    let newest = HistoryQuery {
        after: None,
        newest_first: true,
        ..page
    };
    assert_eq!(times(&read(newest.clone()).await), [6, 5]);
    let before = HistoryQuery {
        after: Some(all[3].seq),
        ..newest
    };
    assert_eq!(times(&read(before).await), [3, 2]);
    for (query, expected) in [
        (
            HistoryQuery {
                kind: Some("click".to_owned()),
                limit: 9,
                ..HistoryQuery::default()
            },
            vec![2, 4, 6],
        ),
        (
            HistoryQuery {
                tab: Some(5),
                limit: 9,
                ..HistoryQuery::default()
            },
            vec![5],
        ),
        (
            HistoryQuery {
                failed: true,
                limit: 9,
                ..HistoryQuery::default()
            },
            vec![4],
        ),
    ] {
        assert_eq!(times(&read(query.clone()).await), expected, "{query:?}");
    }
}

async fn totals_of_the_history_count_what_was_slow_and_what_failed(db: Database) {
    let own = scope("a", "s1");
    let mut writes = Vec::new();
    for (kind, outcome, took_us, bytes) in [
        ("click", "ok", Some(10), None),
        ("click", "TIMEOUT", Some(90), Some(5)),
        ("getScreenshot", "ok", Some(50), Some(1 << 33)),
        ("gap", "ok", None, None),
    ] {
        let mut row = history(&own, kind, 1);
        row.outcome = outcome.to_owned();
        (row.took_us, row.bytes) = (took_us, bytes);
        writes.push(Write::History(row));
    }
    writes.push(Write::History(history(&scope("b", "s1"), "click", 1)));
    db.write(writes).await;
    let total = |kind: &str, count, failed, total_us, max_us, bytes| KindTotals {
        kind: kind.to_owned(),
        count,
        failed,
        total_us,
        max_us,
        bytes,
    };
    let totals = db.reads().history_totals(own.clone()).await.unwrap();
    assert_eq!(
        totals,
        [
            total("click", 2, 1, 100, 90, 5),
            total("gap", 1, 0, 0, 0, 0),
            total("getScreenshot", 1, 0, 50, 50, 1 << 33),
        ]
    );
    let slowest = db.reads().slowest(own, 2).await.unwrap();
    let slowest: Vec<_> = slowest.iter().map(|it| it.row.took_us).collect();
    assert_eq!(slowest, [Some(90), Some(50)]);
}

async fn the_audit_is_a_chain(db: Database) {
    for at in 1..=3 {
        db.write(vec![
            Write::Audit(audit("session.create", at)),
            Write::Audit(audit("session.end", at)),
        ])
        .await;
    }
    let rows = db.reads().audit(0, 99).await.unwrap();
    assert_eq!(rows.len(), 6);
    let mut chain: Option<Vec<u8>> = None;
    for row in &rows {
        assert_eq!(row.chain, next_in_chain(chain.as_deref(), &row.row));
        chain = Some(row.chain.clone());
    }
    let rest = db.reads().audit(rows[3].seq, 1).await.unwrap();
    assert_eq!(rest, rows[4..5]);
}

async fn keys_are_inserted_once_and_revoked_once(db: Database) {
    let before = db.reads().keys_version().await.unwrap();
    db.write(vec![Write::InsertKey(key("k1"))]).await;
    let inserted = db.reads().keys_version().await.unwrap();
    assert_ne!(before, inserted);
    let twice = db.store.write(vec![Write::InsertKey(key("k1"))]).await;
    assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
    let revoke = |at_ms| Write::RevokeKey {
        id: "k1".to_owned(),
        at_ms,
    };
    db.write(vec![revoke(7)]).await;
    db.write(vec![revoke(8)]).await;
    let used = Write::KeysUsed {
        ids: vec!["k1".to_owned(), "unknown".to_owned()],
        day: 20_000,
    };
    db.write(vec![used]).await;
    let mut expected = key("k1");
    (expected.revoked_ms, expected.last_used_day) = (Some(7), Some(20_000));
    assert_eq!(db.reads().keys().await.unwrap(), [expected]);
    let revoked = db.reads().keys_version().await.unwrap();
    assert_ne!(inserted, revoked);
    db.write(vec![Write::History(history(&scope("a", "s"), "click", 1))])
        .await;
    assert_eq!(db.reads().keys_version().await.unwrap(), revoked);
}

async fn jobs_deliveries_and_settings_are_replaced_and_removed(db: Database) {
    let mut done = job("j1", None);
    db.write(vec![
        Write::PutJob(done.clone()),
        Write::PutJob(job("j2", None)),
        Write::PutDelivery(delivery("d1", 30)),
        Write::PutDelivery(delivery("d2", 20)),
        Write::PutDelivery(delivery("d3", 10)),
    ])
    .await;
    done.status = "done".to_owned();
    (done.until_ms, done.state) = (Some(50), Sealed(vec![9; 9]));
    let mut tried = delivery("d3", 40);
    tried.attempts = 2;
    let setting = |value: u8| Write::PutSetting {
        name: "stopped".to_owned(),
        value: Sealed(vec![value]),
    };
    db.write(vec![
        Write::PutJob(done.clone()),
        Write::RemoveJob("j2".to_owned()),
        Write::PutDelivery(tried.clone()),
        Write::RemoveDelivery("d1".to_owned()),
        setting(1),
        setting(2),
    ])
    .await;
    assert_eq!(db.reads().jobs().await.unwrap(), [done]);
    let next = db.reads().deliveries(9).await.unwrap();
    assert_eq!(next, [delivery("d2", 20), tried]);
    assert_eq!(db.reads().deliveries(1).await.unwrap().len(), 1);
    let value = db.reads().setting("stopped".to_owned()).await.unwrap();
    assert_eq!(value, Some(Sealed(vec![2])));
    let none = db.reads().setting("other".to_owned()).await.unwrap();
    assert_eq!(none, None);
}

async fn retention_deletes_the_oldest_and_no_more_than_it_may(db: Database) {
    let own = scope("a", "s1");
    let mut writes = vec![
        Write::PutIdempotency(idempotency(&own, "old", 100)),
        Write::PutIdempotency(idempotency(&own, "new", 101)),
        Write::PutJob(job("old", Some(100))),
        Write::PutJob(job("running", None)),
        Write::PutSession(session("live", "a")),
        Write::PutSession(session("old", "a")),
        Write::PutSession(session("new", "a")),
    ];
    for at in 1..=6 {
        writes.push(Write::History(history(&own, "click", at * 10)));
        writes.push(Write::Audit(audit("session.create", at * 10)));
    }
    db.write(writes).await;
    end_session(&db, "old", 20).await;
    end_session(&db, "new", 40).await;
    let expire = |most| {
        Write::Expire(Retention {
            now_ms: 100,
            history_before_ms: 50,
            sessions_before_ms: 30,
            audit_before_ms: 20,
            most,
        })
    };
    let history = || {
        let query = HistoryQuery {
            limit: 99,
            ..HistoryQuery::default()
        };
        db.reads().history(own.clone(), query)
    };
    db.write(vec![expire(3)]).await;
    assert_eq!(
        history().await.unwrap().len(),
        3,
        "at most three are deleted"
    );
    db.write(vec![expire(3)]).await;
    db.write(vec![expire(3)]).await;
    let times: Vec<_> = history()
        .await
        .unwrap()
        .iter()
        .map(|it| it.row.at_ms)
        .collect();
    assert_eq!(times, [50, 60]);
    assert_eq!(db.reads().audit(0, 99).await.unwrap().len(), 5);
    let keys = db.reads().idempotency_keys(0).await.unwrap();
    assert_eq!(keys.len(), 1);
    let jobs = db.reads().jobs().await.unwrap();
    assert_eq!(jobs, [job("running", None)]);
    let ended = db.reads().ended_sessions("a".to_owned(), None, 9).await;
    assert_eq!(ended.unwrap().len(), 1);
    assert_eq!(db.reads().live_sessions().await.unwrap().len(), 1);
}

async fn hostile_texts_come_back_as_they_are(db: Database) {
    for text in [
        "'; DROP TABLE sessions; --",
        "$1 ?1 %s {}",
        "a\nb\tc\\",
        "\u{1F600} \u{202E}",
    ] {
        let mut row = session(text, text);
        row.external_id = Some(text.to_owned());
        row.metadata = [(text.to_owned(), text.to_owned())].into();
        db.write(vec![Write::PutSession(row.clone())]).await;
        let found = db.reads().session(text.to_owned(), text.to_owned()).await;
        assert_eq!(found.unwrap(), Some(row));
    }
}
