//! As many rows as a busy bridge writes.

use std::time::Duration;

use cdp_bridge::store::{HistoryQuery, Write};
use tokio::time::{Instant, interval};

use super::databases::{self, Database};
use super::rows::{history, scope};

/// Rows in each of the intervals, 2,000 in a second.
const ROWS: u64 = 20;
const INTERVAL: Duration = Duration::from_millis(10);
const INTERVALS: u64 = 200;

async fn no_row_is_dropped(name: &str, db: Database) {
    let own = scope("a", "s1");
    let (mut ticks, mut deepest, begin) = (interval(INTERVAL), 0, Instant::now());
    for tick in 0..INTERVALS {
        ticks.tick().await;
        for at in 0..ROWS {
            let row = history(&own, "click", tick * ROWS + at);
            assert!(db.store.offer("history", Write::History(row)));
        }
        deepest = deepest.max(db.store.counts().queued);
    }
    db.store.flush().await.unwrap();
    let took = begin.elapsed();
    assert_eq!(db.store.counts().dropped, 0);
    let query = HistoryQuery {
        limit: usize::MAX >> 1,
        ..HistoryQuery::default()
    };
    let rows = db.store.reads().unwrap().history(own, query).await.unwrap();
    assert_eq!(rows.len() as u64, ROWS * INTERVALS);
    let count = f64::from(u32::try_from(rows.len()).unwrap());
    let rate = count / took.as_secs_f64();
    println!("{name}: {rate:.0} rows/s, at most {deepest} in the queue");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_takes_two_thousand_rows_of_history_a_second() {
    no_row_is_dropped("SQLite", databases::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_takes_two_thousand_rows_of_history_a_second() {
    no_row_is_dropped("Postgres", databases::postgres().await).await;
}

/// How many rows it takes where they come as fast as they are taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_takes_rows_as_fast_as_they_come() {
    let db = databases::sqlite().await;
    let (own, begin, mut written) = (scope("a", "s1"), Instant::now(), 0_u32);
    while begin.elapsed() < Duration::from_secs(2) {
        let row = Write::History(history(&own, "click", 1));
        if db.store.counts().queued < 3_500 {
            assert!(db.store.offer("history", row));
            written += 1;
        } else {
            tokio::task::yield_now().await;
        }
    }
    db.store.flush().await.unwrap();
    let rate = f64::from(written) / begin.elapsed().as_secs_f64();
    println!("SQLite: {rate:.0} rows/s at most");
}
