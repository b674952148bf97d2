//! What the file looks like where a process, a disk or a migration ends in the middle.

use std::path::{Path, PathBuf};

use futures::FutureExt as _;

use super::connection::{self, Role};
use super::schema;
use super::statements::{self, step};
use super::{Sqlite, maintenance};
use crate::store::backend::Backend as _;
use crate::store::error::StoreError;
use crate::store::rows::{
    AuditRow, HistoryQuery, HistoryRow, ScopeKey, SessionEnd, SessionRow, TabRow, UsageRow,
};
use crate::store::sealed::Sealed;
use crate::store::sql::backend::SqlBackend;
use crate::store::sql::changes;
use crate::store::sql::migrations::{MIGRATIONS, Migration};
use crate::store::sql::statement::{Statement, Step};
use crate::store::write::Write;

fn scope() -> ScopeKey {
    ScopeKey {
        client: "a".to_owned(),
        session: "s1".to_owned(),
    }
}

fn session() -> SessionRow {
    SessionRow {
        id: "s1".to_owned(),
        client: "a".to_owned(),
        external_id: None,
        metadata: [].into(),
        options: Sealed(vec![1]),
        token_generation: 1,
        created_ms: 1,
        expires_ms: 2,
        last_active_ms: 1,
        usage: UsageRow::default(),
        end: None,
    }
}

fn tab(number: u64) -> TabRow {
    TabRow {
        scope: scope(),
        tab: number,
        state: Sealed(vec![2; 500]),
        logged_out: false,
        opener: None,
        created_ms: 1,
        last_used_ms: 1,
        activated: number,
    }
}

fn audit(action: &str) -> Write {
    Write::Audit(AuditRow {
        at_ms: 1,
        client: "a".to_owned(),
        actor: "a".to_owned(),
        action: action.to_owned(),
        object: "session/s1".to_owned(),
        outcome: "ok".to_owned(),
        peer: None,
        detail: None,
    })
}

fn row(detail: String) -> Write {
    Write::History(HistoryRow {
        scope: scope(),
        tab: None,
        at_ms: 1,
        kind: "click".to_owned(),
        outcome: "ok".to_owned(),
        took_us: Some(1),
        bytes: None,
        detail: Some(detail),
    })
}

async fn rows(db: &SqlBackend<Sqlite>) -> usize {
    let query = HistoryQuery {
        limit: usize::MAX,
        ..HistoryQuery::default()
    };
    db.history(scope(), query).await.unwrap().len()
}

/// The files as they are at this moment, as a machine would find them that lost its power now.
fn crashed(path: &Path, to: &Path) -> PathBuf {
    let copy = to.join("state.db");
    for ending in ["", "-wal"] {
        let from = format!("{}{ending}", path.display());
        std::fs::copy(from, format!("{}{ending}", copy.display())).unwrap();
    }
    // The index of the log is in memory that the processes share, and is made anew.
    let _ = std::fs::remove_file(format!("{}-shm", copy.display()));
    copy
}

/// What a client can see of the store: sessions that live, tabs, rows of the audit, and whether the session has ended.
async fn seen(path: &Path) -> (usize, usize, usize, bool) {
    assert_eq!(maintenance::check(path).unwrap().problems, [""; 0]);
    let db = Sqlite::open(path).unwrap();
    let session = db.session("a".to_owned(), "s1".to_owned()).await.unwrap();
    (
        db.live_sessions().await.unwrap().len(),
        db.tabs().await.unwrap().len(),
        db.audit(0, 99).await.unwrap().len(),
        session.is_some_and(|it| it.end.is_some()),
    )
}

#[tokio::test]
async fn a_crash_between_any_two_statements_leaves_all_of_a_transaction_or_nothing() {
    let created = vec![
        Write::PutSession(session()),
        Write::PutTab(tab(1)),
        Write::PutTab(tab(2)),
        audit("session.create"),
    ];
    let end = SessionEnd {
        status: "completed".to_owned(),
        reason: "requested".to_owned(),
        ended_ms: 5,
    };
    let ended = vec![
        Write::EndSession {
            id: "s1".to_owned(),
            end,
            usage: UsageRow::default(),
        },
        audit("session.end"),
    ];
    let steps = |writes: &[Write]| -> Vec<Step> {
        let steps = writes.iter().cloned().map(|it| changes::steps(it).unwrap());
        steps.flatten().collect()
    };
    let mut crashes = 0;
    for (before, writes, nothing, all) in [
        (vec![], created.clone(), (0, 0, 0, false), (1, 2, 1, false)),
        (created, ended, (1, 2, 1, false), (0, 0, 2, true)),
    ] {
        let steps = steps(&writes);
        // One more than there are: then it has been committed too.
        for crash in 0..=steps.len() + 1 {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("db");
            let db = Sqlite::open(&path).unwrap();
            assert_eq!(db.commit(vec![before.clone()]).await, [Ok(())]);
            drop(db);
            let connection = connection::open(&path, Role::Writer).unwrap();
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            for it in steps.iter().take(crash) {
                step(&connection, it.clone()).unwrap();
            }
            if crash > steps.len() {
                connection.execute_batch("COMMIT").unwrap();
            }
            let elsewhere = tempfile::tempdir().unwrap();
            let found = seen(&crashed(&path, elsewhere.path())).await;
            let expected = if crash > steps.len() { all } else { nothing };
            assert_eq!(
                found,
                expected,
                "after {crash} of {} statements",
                steps.len()
            );
            crashes += 1;
        }
    }
    assert!(
        crashes > 10,
        "there are statements to crash between: {crashes}"
    );
}

#[tokio::test]
async fn a_full_disk_fails_the_write_and_leaves_what_was_there_until_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let db = Sqlite::open(&path).unwrap();
    // The writer's connection takes a setting as it takes any statement; the rows that it gives are an error.
    let limit = async |sql| {
        let values = Vec::new();
        let limit = Step::Run(Statement { sql, values });
        let _ = db.0.writer.run(vec![vec![limit]]).await;
    };
    limit("PRAGMA max_page_count = 60").await;
    let mut kept = 0;
    let full = loop {
        let large = row("x".repeat(20_000));
        let outcome = db.commit(vec![vec![large]]).await.remove(0);
        match outcome {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(full.is_transient(), "{full}");
    assert!(full.to_string().contains("the disk is full"), "{full}");
    assert!(kept > 3);
    // Of several transactions at once none is half there.
    let batch = vec![vec![row("x".repeat(20_000)), row("y".to_owned())]; 3];
    let outcomes = db.commit(batch).await;
    let written = outcomes.iter().filter(|it| it.is_ok()).count();
    assert_eq!(rows(&db).await, kept + 2 * written);
    limit("PRAGMA max_page_count = 100000").await;
    let before = rows(&db).await;
    let again = db.commit(vec![vec![row("x".repeat(20_000))]]).await;
    assert_eq!(again, [Ok(())]);
    assert_eq!(rows(&db).await, before + 1);
}

const NEXT: &[Migration] = &[
    MIGRATIONS[0],
    Migration {
        version: 2,
        sql: "ALTER TABLE sessions ADD COLUMN project TEXT; CREATE TABLE extra (id BIGINT PRIMARY KEY)",
    },
];

#[tokio::test]
async fn the_next_release_takes_the_database_of_this_one_and_this_one_refuses_that_of_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let db = Sqlite::open_with(&path, &NEXT[..1]).unwrap();
    let written = vec![Write::PutSession(session()), Write::PutTab(tab(1))];
    assert_eq!(db.commit(vec![written]).await, [Ok(())]);
    // This release goes on with what it has open while the next one changes the schema.
    let next = Sqlite::open_with(&path, NEXT).unwrap();
    assert_eq!(db.commit(vec![vec![Write::PutTab(tab(2))]]).await, [Ok(())]);
    assert_eq!(next.live_sessions().await.unwrap(), [session()]);
    assert_eq!(next.tabs().await.unwrap().len(), 2);
    drop((db, next));
    let refused = Sqlite::open_with(&path, &NEXT[..1]).unwrap_err();
    assert_eq!(refused, StoreError::NewerSchema { found: 2, known: 1 });
    assert!(
        Sqlite::open_with(&path, NEXT).is_ok(),
        "nothing was changed by that"
    );
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_schema_before_it() {
    const BROKEN: &[Migration] = &[
        MIGRATIONS[0],
        Migration {
            version: 2,
            sql: "CREATE TABLE extra (id BIGINT); CREATE TABLE sessions (id BIGINT)",
        },
    ];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    drop(Sqlite::open_with(&path, &NEXT[..1]).unwrap());
    assert!(Sqlite::open_with(&path, BROKEN).is_err());
    let connection = connection::open(&path, Role::Reader).unwrap();
    assert_eq!(schema::applied(&connection).unwrap().len(), 1);
    let left = Statement {
        sql: "SELECT name FROM sqlite_master WHERE name = 'extra'",
        values: Vec::new(),
    };
    assert!(statements::rows(&connection, &left).unwrap().is_empty());
    assert!(Sqlite::open_with(&path, NEXT).is_ok());
}

#[tokio::test]
async fn processes_that_start_together_apply_each_migration_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    std::thread::scope(|scope| {
        let opening: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| Sqlite::open(&path)))
            .collect();
        for opened in opening {
            opened.join().unwrap().unwrap();
        }
    });
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    std::fs::write(
        &path,
        "not a database, but a text of some length".repeat(100),
    )
    .unwrap();
    let error = Sqlite::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .starts_with("not a database")
    );
}

#[tokio::test]
async fn a_read_does_not_wait_for_a_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let db = Sqlite::open(&path).unwrap();
    assert_eq!(
        db.commit(vec![vec![Write::PutSession(session())]]).await,
        [Ok(())]
    );
    let other = connection::open(&path, Role::Writer).unwrap();
    other
        .execute_batch("BEGIN IMMEDIATE; DELETE FROM sessions")
        .unwrap();
    let mut written = db.commit(vec![vec![Write::PutTab(tab(1))]]);
    assert!((&mut written).now_or_never().is_none());
    assert_eq!(db.live_sessions().await.unwrap().len(), 1);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(written.await, [Ok(())]);
}
