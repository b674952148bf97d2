//! How sessions begin, what is theirs, and why they end.

use std::time::Duration;

use cdp_bridge::operations::sessions::{
    EndReason, HoldKind, SessionFilter, SessionStatus, TerminateSelection,
};
use cdp_bridge::operations::{OperationError, SessionError, Success};
use cdp_bridge::store::Backend as _;
use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::request::Viewport;
use serde_json::json;
use tokio::time::sleep;

use super::house::{House, principal};

const SECOND: Duration = Duration::from_secs(1);

fn completed(reason: EndReason) -> [(SessionStatus, Option<EndReason>); 3] {
    [
        (SessionStatus::Ready, None),
        (SessionStatus::Completed, Some(reason)),
        (SessionStatus::Destroyed, Some(reason)),
    ]
}

#[tokio::test(start_paused = true)]
async fn two_sessions_of_a_client_share_nothing_and_the_end_of_one_leaves_the_other() {
    let house = House::open().await;
    let [first, second] = [house.create("a").await, house.create("a").await];
    let (first, second) = (first.view.id, second.view.id);
    let caller = house.caller("a");
    let [one, same, other] = [
        house.tab(&caller, first).await,
        house.tab(&caller, first).await,
        house.tab(&caller, second).await,
    ];
    assert_eq!([one, same, other].map(TabId::number), [1, 2, 3]);
    assert_eq!(house.bridge.fake.contexts().len(), 2, "one each");
    let list = |id: Option<String>| json!({"type": "listTabs", "sessionId": id});
    for (id, tabs) in [
        (None, 0),
        (Some(first.to_string()), 2),
        (Some(second.to_string()), 1),
    ] {
        let Ok(Success::Tabs(listed)) = house.ask(&caller, list(id)).await else {
            panic!("they are listed");
        };
        assert_eq!(listed.len(), tabs);
        assert!(listed.iter().all(|tab| !tab.logged_out));
    }
    let view = house.operations.session(&"a".into(), first).unwrap();
    assert_eq!((view.usage.pages, view.usage.requests), (2, 2));

    house
        .operations
        .end_session(&"a".into(), first, EndReason::Requested, true)
        .await
        .unwrap();
    assert_eq!(house.told_of(first), completed(EndReason::Requested));
    assert_eq!(house.bridge.fake.contexts().len(), 1);
    assert_eq!(house.bridge.fake.targets().len(), 1);
    let navigate =
        |tab: u64| json!({"type": "navigate", "tabId": format!("t{tab}"), "url": "http://b.test/"});
    assert!(house.ask(&caller, navigate(3)).await.is_ok());
    let gone = house.ask(&caller, navigate(1)).await;
    assert!(matches!(gone, Err(OperationError::UnknownTab { .. })));
    let view = house.operations.session(&"a".into(), first).unwrap();
    assert_eq!(view.status, SessionStatus::Destroyed);
    // Once more changes nothing.
    house
        .operations
        .end_session(&"a".into(), first, EndReason::Idle, true)
        .await
        .unwrap();
    assert_eq!(house.told_of(first).len(), 3);
    house.operations.end_all_sessions(EndReason::Shutdown).await;
    house.assert_empty().await;
    let late = house.try_create("a", house.options()).await;
    assert_eq!(late.unwrap_err(), SessionError::ShuttingDown);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_limited_to_a_session_sees_no_other() {
    let house = House::open().await;
    let [first, second] = [house.create("a").await, house.create("a").await];
    let (first, second) = (first.view.id, second.view.id);
    let (own, limited) = (house.caller("a"), house.caller_in("a", first));
    house.tab(&limited, first).await;
    house.tab(&own, second).await;
    let other = house
        .ask(&limited, json!({"type": "activateTab", "tabId": "t2"}))
        .await;
    assert!(matches!(other, Err(OperationError::UnknownTab { .. })));
    assert!(
        house
            .ask(&limited, json!({"type": "activateTab", "tabId": "t1"}))
            .await
            .is_ok()
    );
    for request in [
        json!({"type": "createTab", "sessionId": second.to_string()}),
        json!({"type": "getSession", "sessionId": second.to_string()}),
        json!({"type": "endSession", "sessionId": second.to_string()}),
        json!({"type": "endSession", "sessionId": "default"}),
        json!({"type": "listTabs", "sessionId": "no id"}),
        json!({"type": "createSession"}),
        json!({"type": "listSessions"}),
    ] {
        let refused = house.ask(&limited, request.clone()).await;
        let is_refused = matches!(
            refused,
            Err(OperationError::Session(
                SessionError::Unknown { .. } | SessionError::LimitedToSession
            ))
        );
        assert!(is_refused, "{request}: {refused:?}");
    }
    let foreign = house.operations.session(&"b".into(), first);
    assert!(matches!(foreign, Err(SessionError::Unknown { .. })));
    let ended = house.ask(
        &limited,
        json!({"type": "endSession", "sessionId": first.to_string()}),
    );
    assert!(ended.await.is_ok());
    let after = house.ask(&limited, json!({"type": "listTabs"})).await;
    assert!(matches!(
        after,
        Err(OperationError::Session(SessionError::Ended {
            reason: EndReason::Requested,
            ..
        }))
    ));
}

#[tokio::test(start_paused = true)]
async fn each_clock_ends_a_session_for_its_reason_and_it_is_told_once() {
    let house = House::open().await;
    let minute = house.options();
    let minute = cdp_bridge::operations::sessions::SessionOptions {
        max_duration: 60 * SECOND,
        ..minute
    };
    let mut idle = minute.clone();
    idle.idle_timeout = 10 * SECOND;
    let mut beating = minute.clone();
    beating.heartbeat_timeout = Some(5 * SECOND);
    let expiring = house.try_create("a", minute).await.unwrap().view;
    let idle = house.try_create("a", idle).await.unwrap().view;
    let beating = house.try_create("a", beating).await.unwrap().view;
    assert_eq!(idle.expires_at_ms, Some(idle.created_at_ms + 60_000));
    assert_eq!(idle.idle_expires_at_ms, Some(idle.created_at_ms + 10_000));
    assert_eq!(
        beating.idle_expires_at_ms,
        Some(beating.created_at_ms + 5_000)
    );

    // A connection holds the idle clock, one that watches does not; neither is a heartbeat.
    let held = house
        .operations
        .hold_session(&idle.scope(), HoldKind::Json)
        .unwrap();
    let watched = house
        .operations
        .hold_session(&beating.scope(), HoldKind::Watch)
        .unwrap();
    sleep(4 * SECOND).await;
    house.operations.heartbeat(&"a".into(), beating.id).unwrap();
    sleep(4 * SECOND).await;
    let running = house.operations.session(&"a".into(), idle.id).unwrap();
    assert_eq!(running.status, SessionStatus::Running);
    assert_eq!(running.connections.json, 1);
    assert!(house.told_of(beating.id).len() == 1, "it beats");
    let ended = tokio::spawn(async move { (watched.ended().await, watched) });
    sleep(2 * SECOND).await;
    let (reason, watched) = ended.await.unwrap();
    assert_eq!(reason, EndReason::Idle, "a missed heartbeat");
    assert_eq!(
        house.told_of(beating.id).len(),
        2,
        "the connection is still open"
    );
    drop(watched);
    sleep(SECOND).await;
    assert_eq!(house.told_of(beating.id), completed(EndReason::Idle));

    sleep(9 * SECOND).await;
    drop(held);
    sleep(9 * SECOND).await;
    assert_eq!(house.told_of(idle.id), [(SessionStatus::Ready, None)]);
    sleep(2 * SECOND).await;
    assert_eq!(house.told_of(idle.id), completed(EndReason::Idle));
    sleep(30 * SECOND).await;
    assert_eq!(house.told_of(expiring.id), completed(EndReason::Expired));
    house.assert_empty().await;

    // Their records are kept for an hour, and with the last the clock ends.
    let all = SessionFilter {
        status: "all".parse().unwrap(),
        ..SessionFilter::default()
    };
    assert_eq!(
        house
            .operations
            .list_sessions(&"a".into(), &all)
            .sessions
            .len(),
        4
    );
    sleep(Duration::from_mins(61)).await;
    let left = house.operations.list_sessions(&"a".into(), &all).sessions;
    assert!(left.len() == 1 && left[0].implicit);
    let forgotten = house.operations.session(&"a".into(), idle.id);
    assert!(matches!(forgotten, Err(SessionError::Unknown { .. })));
}

#[tokio::test(start_paused = true)]
async fn what_runs_in_a_session_that_ends_is_answered_that_it_has_ended() {
    let house = House::open().await;
    let session = house.create("a").await.view;
    let caller = house.caller("a");
    house.tab(&caller, session.id).await;
    house.bridge.fake.hold("Page.navigate");
    let navigate =
        json!({"type": "navigate", "tabId": "t1", "url": "http://b.test/", "idempotencyKey": "k"});
    let running = house.ask(&caller, navigate);
    tokio::pin!(running);
    assert!(futures::poll!(&mut running).is_pending());
    house.bridge.settle().await;
    let view = house.operations.session(&"a".into(), session.id).unwrap();
    assert_eq!(view.status, SessionStatus::Running);
    let ended = house.ask(
        &caller,
        json!({"type": "endSession", "sessionId": session.id.to_string()}),
    );
    let Ok(Success::SessionEnded(ended)) = ended.await else {
        panic!("it is ended");
    };
    assert_eq!(ended.status, SessionStatus::Completed);
    let error = running.await.unwrap_err();
    assert!(
        matches!(error, OperationError::Session(SessionError::Ended { .. })),
        "{error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_death_of_the_browser_is_not_that_of_its_sessions_but_the_last_one_is() {
    let house = House::open().await;
    let session = house.create("a").await.view;
    house.tab(&house.caller("a"), session.id).await;
    house.bridge.outage().await;
    house.bridge.connect().await;
    sleep(5 * SECOND).await;
    assert_eq!(house.told_of(session.id), [(SessionStatus::Ready, None)]);
    assert_eq!(house.bridge.fake.targets().len(), 1, "its tab is rebuilt");

    house.bridge.outage().await;
    let mut options = house.options();
    options.external_id = Some("x".to_owned());
    let down = house.try_create("a", options).await.unwrap_err();
    assert!(matches!(down, SessionError::BrowserDown { .. }), "{down}");
    let error = house.told().pop().unwrap();
    assert_eq!(
        (error.1, error.2),
        (SessionStatus::Error, Some(EndReason::Failed))
    );
    house
        .bridge
        .supervisor
        .browser_given_up("it crashes".to_owned())
        .await;
    house
        .operations
        .end_all_sessions(EndReason::BrowserLost)
        .await;
    let view = house.operations.session(&"a".into(), session.id).unwrap();
    assert_eq!(view.end_reason, Some(EndReason::BrowserLost));
    assert!(house.bridge.registry.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_answers_nothing_delays_the_end_of_a_session_but_no_list() {
    let house = House::open().await;
    let session = house.create("a").await.view;
    house.tab(&house.caller("a"), session.id).await;
    for method in ["Target.closeTarget", "Target.disposeBrowserContext"] {
        house.bridge.fake.hold(method);
    }
    let _stuck = house
        .operations
        .hold_session(&session.scope(), HoldKind::Cdp)
        .unwrap();
    let selection = TerminateSelection::default();
    let terminated = house
        .operations
        .terminate_sessions(&principal("a"), selection)
        .await;
    assert_eq!(terminated.terminated, [session.id]);
    let page = house
        .operations
        .list_sessions(&"a".into(), &SessionFilter::default());
    assert_eq!(
        (page.counts.live, page.sessions.len()),
        (1, 2),
        "it counts until nothing is left"
    );
    assert_eq!(page.sessions[0].status, SessionStatus::Completed);
    assert!(
        house
            .operations
            .hold_session(&session.scope(), HoldKind::Json)
            .is_none()
    );
    sleep(60 * SECOND).await;
    let view = house.operations.session(&"a".into(), session.id).unwrap();
    assert_eq!(view.status, SessionStatus::Destroyed);
    let live = house.backend.live_sessions().await.unwrap();
    assert!(house.narrowed.count() == 0 && live.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_start_page_that_cannot_be_loaded_does_not_lose_the_session() {
    let house = House::open().await;
    let mut options = house.options();
    options.start_url = Some("http://unknown.test/".to_owned());
    options.viewport = Some(Viewport {
        width: 300,
        height: 200,
        device_scale_factor: None,
    });
    let created = house.try_create("a", options.clone()).await.unwrap();
    let start = created.start.unwrap();
    assert!(start.error.is_some() && start.tab.is_some(), "{start:?}");
    assert_eq!(created.view.status, SessionStatus::Ready);
    options.start_url = Some("http://a.test/".to_owned());
    let created = house.try_create("a", options.clone()).await.unwrap();
    assert!(created.start.unwrap().error.is_none());
    let sizes = house
        .bridge
        .fake
        .calls_of("Emulation.setDeviceMetricsOverride");
    assert!(
        sizes.iter().any(|call| call.params["width"] == 300),
        "{sizes:?}"
    );

    options.allowlist = Some(Vec::new());
    let refused = house.try_create("a", options).await.unwrap_err();
    assert!(matches!(refused, SessionError::BadOption(bad) if bad.field == "allowlist"));
}
