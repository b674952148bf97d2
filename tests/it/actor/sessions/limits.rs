//! How many sessions there may be, and the queue for them.

use std::time::Duration;

use cdp_bridge::operations::SessionError;
use cdp_bridge::operations::sessions::{EndReason, SessionFilter, SessionOptions};
use tokio::time::{Instant, sleep, timeout};

use super::house::{House, principal};

const SECOND: Duration = Duration::from_secs(1);

/// Options of a session that is not waited for.
fn at_once(house: &House) -> SessionOptions {
    SessionOptions {
        queue_timeout: Some(Duration::ZERO),
        ..house.options()
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_house_says_what_is_full_and_ending_makes_room() {
    let house = House::open().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(house.create("a").await.view.id);
    }
    let own = house.try_create("a", at_once(&house)).await.unwrap_err();
    assert!(
        matches!(
            own,
            SessionError::LimitExceeded {
                limit: 3,
                current: 3,
                ..
            }
        ),
        "{own}"
    );
    house.create("small").await;
    let all = house.try_create("b", at_once(&house)).await.unwrap_err();
    assert!(
        matches!(
            all,
            SessionError::Full {
                limit: 4,
                current: 4,
                ..
            }
        ),
        "{all}"
    );
    let limits = house.operations.session_limits(&"small".into());
    assert_eq!((limits.live, limits.limit, limits.live_of_all), (1, 1, 4));

    house
        .operations
        .end_session(&"a".into(), ids[0], EndReason::Requested, true)
        .await
        .unwrap();
    house.try_create("b", at_once(&house)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_client_is_gone_before_it_is_made_does_not_stay() {
    let house = House::open().await;
    let creating = house.try_create("a", house.options());
    assert!(timeout(Duration::ZERO, creating).await.is_err());
    assert_eq!(house.told().len(), 1, "it takes no more work");
    sleep(60 * SECOND).await;
    assert_eq!(house.operations.session_limits(&"a".into()).live, 0);
    house.assert_empty().await;
}

#[tokio::test(start_paused = true)]
async fn requests_wait_for_a_place_fairly_and_not_for_ever() {
    let house = House::open().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(house.create("a").await.view.id);
    }
    ids.push(house.create("b").await.view.id);
    let wait = |client: &'static str, seconds: u32, name: &'static str| {
        let operations = house.operations.clone();
        let options = SessionOptions {
            queue_timeout: Some(seconds * SECOND),
            external_id: Some(name.to_owned()),
            ..house.options()
        };
        tokio::spawn(async move { operations.create_session(&principal(client), options).await })
    };
    let first = wait("b", 60, "first");
    house.bridge.settle().await;
    let [second, same] = [wait("c", 60, "second"), wait("c", 60, "second")];
    house.bridge.settle().await;
    let full = wait("c", 60, "third").await.unwrap().unwrap_err();
    assert!(
        matches!(full, SessionError::QueueFull { limit: 3, .. }),
        "{full}"
    );
    assert_eq!(house.operations.session_limits(&"c".into()).queued, 2);

    // `b` came first, but has a session already.
    house
        .operations
        .end_session(&"a".into(), ids[0], EndReason::Requested, false)
        .await
        .unwrap();
    let [second, same] = [second.await.unwrap().unwrap(), same.await.unwrap().unwrap()];
    assert_eq!(second.view.id, same.view.id);
    assert!(second.is_new != same.is_new);
    let late = wait("d", 5, "late");
    let before = Instant::now();
    let timed_out = late.await.unwrap().unwrap_err();
    assert!(
        matches!(timed_out, SessionError::QueueTimeout { limit: 4, .. }),
        "{timed_out}"
    );
    assert!(before.elapsed() >= 5 * SECOND && before.elapsed() < 6 * SECOND);

    // Who does not wait any more takes no place.
    first.abort();
    sleep(SECOND).await;
    assert_eq!(house.operations.session_limits(&"b".into()).queued, 0);
    house
        .operations
        .end_session(&"a".into(), ids[1], EndReason::Requested, true)
        .await
        .unwrap();
    assert_eq!(house.operations.session_limits(&"b".into()).live_of_all, 3);

    let again = wait("c", 0, "second").await.unwrap().unwrap();
    assert!(!again.is_new && again.view.id == second.view.id);
    let filter = SessionFilter {
        external_id: Some("second".to_owned()),
        ..SessionFilter::default()
    };
    let found = house
        .operations
        .list_sessions(&"c".into(), &filter)
        .sessions;
    assert_eq!(found.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_creates_only_so_many_in_a_minute() {
    let mut config = super::house::config();
    config.creates_per_minute = 2;
    let house = House::with(config).await;
    for _ in 0..2 {
        let id = house.create("a").await.view.id;
        house
            .operations
            .end_session(&"a".into(), id, EndReason::Requested, true)
            .await
            .unwrap();
    }
    let fast = house.try_create("a", house.options()).await.unwrap_err();
    let SessionError::RateLimited {
        per_minute: 2,
        retry_after,
    } = fast
    else {
        panic!("{fast}");
    };
    house.create("b").await;
    sleep(retry_after).await;
    house.create("a").await;
}
