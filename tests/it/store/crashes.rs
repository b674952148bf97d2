//! A process that is killed while it writes: what was answered is there, and nothing is there by half.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use cdp_bridge::store::{StoreHandle, Write};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::databases::{open_at, open_sqlite};
use super::rows::{audit, scope, session, tab};
use crate::engines::postgres::empty_database;
use crate::support::wait::LONGEST;

const KILLS: u32 = 12;

/// Says where the process that is killed writes.
const PLACE: &str = "STORE_OF_THE_TEST";

/// Not a test, but the process that a test kills. Writes transactions and prints the number of each that is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_killed() {
    let Ok(place) = std::env::var(PLACE) else {
        return;
    };
    let (url, dir) = place.split_once(' ').unwrap();
    let store = open_at(url, Path::new(dir)).await.unwrap();
    let first = store.reads().unwrap().live_sessions().await.unwrap().len();
    for number in first.. {
        let id = format!("s{number:08}");
        let scope = scope("a", &id);
        let writes = vec![
            Write::PutSession(session(&id, "a")),
            Write::PutTab(tab(&scope, 1)),
            Write::PutTab(tab(&scope, 2)),
            Write::Audit(audit("session.create", 1)),
        ];
        store.write(writes).await.unwrap();
        println!("kept {number}");
    }
}

/// Starts it, and kills it a moment after it has begun to write. Returns how many it knew to be kept.
async fn killed(place: &str) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::crashes::the_process_that_is_killed",
            "--nocapture",
        ])
        .env(PLACE, place)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut kept = 0;
    let moment = sleep(Duration::MAX);
    tokio::pin!(moment);
    loop {
        let line = tokio::select! {
            () = &mut moment => break,
            line = timeout(LONGEST, lines.next_line()) => line.unwrap().unwrap().unwrap(),
        };
        if let Some((_, number)) = line.split_once("kept ") {
            if kept == 0 {
                let after = Duration::from_micros(fastrand::u64(0..60_000));
                moment.as_mut().reset(tokio::time::Instant::now() + after);
            }
            kept = number.trim().parse::<usize>().unwrap() + 1;
        }
    }
    child.kill().await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some((_, number)) = line.split_once("kept ") {
            kept = number.trim().parse::<usize>().unwrap() + 1;
        }
    }
    kept
}

async fn whole(store: StoreHandle, kept: usize) -> usize {
    let reads = store.reads().unwrap();
    let sessions = reads.live_sessions().await.unwrap().len();
    assert!(sessions >= kept, "{sessions} of {kept} that were answered");
    assert!(
        sessions <= kept + 1,
        "{sessions} of {kept} and one that was not answered"
    );
    assert_eq!(reads.tabs().await.unwrap().len(), 2 * sessions);
    let audit = reads.audit(0, usize::MAX >> 1).await.unwrap();
    assert_eq!(audit.len(), sessions);
    store.close().await;
    sessions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sqlite_has_answered_outlives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let place = format!("sqlite:state.db {}", dir.path().display());
    let mut all = 0;
    for _ in 0..KILLS {
        let kept = killed(&place).await;
        assert!(
            kept > all,
            "it goes on from where the one before was killed"
        );
        all = whole(open_sqlite(dir.path()).await, kept).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_postgres_has_answered_outlives_a_kill() {
    let (dir, url) = (tempfile::tempdir().unwrap(), empty_database().await);
    let place = format!("{url} {}", dir.path().display());
    let mut all = 0;
    for _ in 0..KILLS / 3 {
        let kept = killed(&place).await;
        assert!(kept > all);
        all = whole(open_at(&url, dir.path()).await.unwrap(), kept).await;
    }
}
