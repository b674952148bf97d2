//! A database that is away: what has to be kept fails at once, the rest waits within its bound, and what is lost is
//! counted.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge::store::fake::FakeBackend;
use cdp_bridge::store::{
    Backend as _, HistoryQuery, StoreError, StoreHandle, StoreHealth, StoredHistory, Write,
};
use futures::FutureExt as _;
use tokio::time::{Instant, sleep};

use super::rows::{history, key, scope, session};

/// What may wait in the queue.
const QUEUE: usize = 4096;

/// What of it may wait that does not have to be kept.
const MAY: usize = 3584;

fn away() -> StoreError {
    StoreError::Unavailable("the disk is full".to_owned())
}

fn start() -> (Arc<FakeBackend>, StoreHandle) {
    let backend = Arc::new(FakeBackend::default());
    let store = StoreHandle::start(Arc::<FakeBackend>::clone(&backend));
    (backend, store)
}

fn row(at_ms: u64) -> Write {
    Write::History(history(&scope("a", "s1"), "click", at_ms))
}

async fn rows(backend: &FakeBackend) -> Vec<StoredHistory> {
    let query = HistoryQuery {
        limit: usize::MAX,
        ..HistoryQuery::default()
    };
    backend.history(scope("a", "s1"), query).await.unwrap()
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_to_be_kept_fails_at_once_and_the_rest_waits_for_the_database() {
    let (backend, store) = start();
    backend.fail(Some(away()));
    let first = store
        .write(vec![Write::PutSession(session("s1", "a"))])
        .await;
    assert!(
        first.as_ref().is_err_and(StoreError::is_transient),
        "{first:?}"
    );
    assert_eq!(
        store.health(),
        StoreHealth::Failing("the store cannot be used now: the disk is full".to_owned())
    );
    for at in 1..=10 {
        assert!(store.offer("history", row(at)));
    }
    let before = Instant::now();
    for _ in 0..50 {
        let refused = store.write(vec![Write::InsertKey(key("k1"))]).await;
        assert!(refused.is_err_and(|it| it.to_string().contains("the disk is full")));
    }
    assert_eq!(before.elapsed(), Duration::ZERO, "no attempt is waited for");
    sleep(Duration::from_mins(5)).await;
    backend.fail(None);
    until(|| store.health() == StoreHealth::Ok).await;
    let times: Vec<_> = rows(&backend).await.iter().map(|it| it.row.at_ms).collect();
    assert_eq!(
        times,
        (1..=10).collect::<Vec<_>>(),
        "in their order, none twice"
    );
    store
        .write(vec![Write::InsertKey(key("k1"))])
        .await
        .unwrap();
    assert_eq!(store.counts().dropped, 0);
}

#[tokio::test(start_paused = true)]
async fn beyond_the_bound_the_newest_are_given_up_counted_and_named_in_the_history() {
    let (backend, store) = start();
    backend.fail(Some(away()));
    let mut taken = 0;
    for at in 1..=6000 {
        taken += usize::from(store.offer("history", row(at)));
        tokio::task::yield_now().await;
    }
    assert_eq!(taken, MAY);
    assert_eq!(store.counts().dropped, 6000 - MAY as u64);
    backend.fail(None);
    until(|| store.counts().queued == 0 && store.health() == StoreHealth::Ok).await;
    store.flush().await.unwrap();
    let rows = rows(&backend).await;
    assert_eq!(rows.len(), MAY + 1);
    let gap = rows.iter().find(|it| it.row.kind == "gap").unwrap();
    assert_eq!(gap.row.detail.as_deref(), Some("{\"dropped\":2416}"));
}

#[tokio::test(start_paused = true)]
async fn a_slow_database_refuses_what_has_to_be_kept_where_the_queue_is_full() {
    let (backend, store) = start();
    let held = backend.hold().await;
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.write(vec![row(1)]).await }
    });
    until(|| store.counts().queued == 0).await;
    while store.offer("history", row(2)) {
        tokio::task::yield_now().await;
    }
    // There is room for what has to be kept, however much else waits.
    let mut must = Vec::new();
    for _ in MAY..QUEUE {
        must.push(Box::pin(store.write(vec![row(3)])));
        assert!(must.last_mut().unwrap().now_or_never().is_none());
    }
    let refused = store.write(vec![row(3)]).await;
    assert!(
        matches!(refused, Err(StoreError::Overloaded(QUEUE))),
        "{refused:?}"
    );
    drop(held);
    waiting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_nothing_is_written_in_ends_by_itself() {
    let (backend, store) = start();
    backend.fail(Some(away()));
    let failed = store.write(vec![row(1)]).await;
    assert!(failed.is_err());
    sleep(Duration::from_mins(1)).await;
    assert!(matches!(store.health(), StoreHealth::Failing(_)));
    backend.fail(None);
    until(|| store.health() == StoreHealth::Ok).await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_no_outage() {
    let (_backend, store) = start();
    let insert = || store.write(vec![Write::InsertKey(key("k1"))]);
    insert().await.unwrap();
    assert!(matches!(insert().await, Err(StoreError::Conflict(_))));
    assert_eq!(store.health(), StoreHealth::Ok);
    store.write(vec![row(1)]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_closed_has_written_everything_and_takes_nothing_more() {
    let (backend, store) = start();
    for at in 1..=600 {
        assert!(store.offer("history", row(at)));
    }
    store.close().await;
    assert_eq!(rows(&backend).await.len(), 600);
    assert!(!store.offer("history", row(601)));
    assert!(store.write(vec![row(602)]).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_closed_in_an_outage_does_not_hold_up_the_stop() {
    let (backend, store) = start();
    backend.fail(Some(away()));
    assert!(store.offer("history", row(1)));
    until(|| store.health() != StoreHealth::Ok).await;
    let before = Instant::now();
    store.close().await;
    assert!(before.elapsed() <= Duration::from_secs(3));
    assert_eq!(store.counts().dropped, 1);
}
