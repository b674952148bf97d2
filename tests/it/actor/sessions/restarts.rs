//! What comes back when the process ends and another one begins.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge::operations::sessions::{
    EndReason, SessionFilter, SessionId, SessionStatus, StatusFilter,
};
use cdp_bridge::operations::{OnDisconnect, OperationError, SessionError, Success};
use cdp_bridge::store::fake::FakeBackend;
use cdp_bridge::store::{Backend as _, StoreError, Write};
use cdp_bridge::tabs::TabHandle;
use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::TabInfo;
use serde_json::json;
use tokio::time::sleep;

use super::house::{House, HouseSettings};

const SECOND: Duration = Duration::from_secs(1);

/// Longer than anything is written later.
const A_WHILE: Duration = Duration::from_secs(6);

fn keeping_tabs() -> HouseSettings {
    HouseSettings {
        on_disconnect: OnDisconnect::Keep,
        ..HouseSettings::default()
    }
}

async fn open(settings: HouseSettings) -> House {
    House::over(settings, Arc::default()).await
}

fn tabs(house: &House, id: SessionId) -> Vec<TabInfo> {
    let view = house.operations.session(&"a".into(), id).unwrap();
    house.operations.tabs_of(&view.scope())
}

fn shown(tabs: &[TabInfo]) -> Vec<(u64, &str, bool, bool)> {
    let tabs = tabs.iter();
    tabs.map(|tab| {
        (
            tab.id.number(),
            tab.url.as_str(),
            tab.logged_out,
            tab.active,
        )
    })
    .collect()
}

fn opened(outcome: Result<Success, OperationError>) -> TabId {
    match outcome {
        Ok(Success::Tab(answer)) => answer.tab,
        other => panic!("no tab: {other:?}"),
    }
}

fn created(outcome: Result<Success, OperationError>) -> SessionId {
    match outcome {
        Ok(Success::SessionCreated(created)) => created.view.id,
        other => panic!("no session: {other:?}"),
    }
}

async fn live(backend: &FakeBackend) -> Vec<String> {
    let live = backend.live_sessions().await.unwrap();
    live.into_iter().map(|row| row.id).collect()
}

#[tokio::test(start_paused = true)]
async fn sessions_and_tabs_come_back_as_they_were_after_a_kill() {
    let house = open(keeping_tabs()).await;
    let caller = house.caller("a");
    let mut options = house.options();
    options.external_id = Some("mine".to_owned());
    options.locale = Some("de-CH".to_owned());
    let id = house.try_create("a", options).await.unwrap().view.id;
    let first = house.tab(&caller, id).await;
    let second = json!({"type": "createTab", "sessionId": id.to_string(), "loggedOut": true,
                        "viewport": {"width": 500, "height": 400}});
    let second = opened(house.ask(&caller, second).await);
    let navigate =
        json!({"type": "navigate", "tabId": second.to_string(), "url": "http://b.test/"});
    house.ask(&caller, navigate).await.unwrap();
    let script = json!({"type": "addInitScript", "tabId": second.to_string(), "script": "one()"});
    house.ask(&caller, script).await.unwrap();
    sleep(SECOND).await;
    let activate = json!({"type": "activateTab", "tabId": first.to_string()});
    house.ask(&caller, activate).await.unwrap();
    sleep(SECOND).await;
    let own = opened(
        house
            .ask(
                &caller,
                json!({"type": "createTab", "url": "http://a.test/"}),
            )
            .await,
    );
    sleep(A_WHILE).await;
    let before = tabs(&house, id);
    assert_eq!(
        shown(&before),
        [
            (1, "http://a.test/", false, true),
            (2, "http://b.test/", true, false)
        ]
    );

    let house = house.killed().await;
    assert_eq!(house.told(), [(id, SessionStatus::Ready, None)]);
    let rebuilding = tabs(&house, id);
    assert_eq!(shown(&rebuilding), shown(&before));
    sleep(SECOND).await;
    let after = tabs(&house, id);
    assert_eq!(after, before, "with their emulation");
    assert_eq!(
        after[1].emulation.as_ref().unwrap().viewport.unwrap().width,
        500
    );
    assert_eq!(
        after[0].emulation.as_ref().unwrap().locale.as_deref(),
        Some("de-CH")
    );
    assert_eq!(
        house.rebuilt(),
        [
            (own, "restarted"),
            (first, "restarted"),
            (second, "restarted")
        ]
    );
    assert_eq!(house.bridge.fake.targets().len(), 3);
    let view = house.operations.session(&"a".into(), id).unwrap();
    assert_eq!(view.external_id.as_deref(), Some("mine"));
    assert_eq!((view.usage.pages, view.usage.requests), (2, 5));
    // The scripts are there, with their numbers.
    let caller = house.caller("a");
    let remove = json!({"type": "removeInitScript", "tabId": second.to_string(), "scriptId": "s1"});
    house.ask(&caller, remove).await.unwrap();
    let next = house.tab(&caller, id).await.number();
    assert!(next > own.number(), "{next}: no number is given twice");
    house
        .operations
        .end_session(&"a".into(), id, EndReason::Requested, true)
        .await
        .unwrap();
    assert!(live(&house.backend).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_a_stop_nothing_was_told_to_have_ended_and_numbers_go_on() {
    let house = open(keeping_tabs()).await;
    let id = house.create("a").await.view.id;
    let caller = house.caller("a");
    let tab = house.tab(&caller, id).await;
    house.told();
    assert!(house.operations.suspend().await);
    house.bridge.supervisor.shut_down().await;
    assert_eq!(house.told(), []);
    assert_eq!(house.closed(), [], "tabs that come back are not closed");
    assert_eq!(house.bridge.fake.targets(), [""; 0]);
    assert!(matches!(
        house.try_create("a", house.options()).await,
        Err(SessionError::ShuttingDown)
    ));
    let house = house.killed().await;
    sleep(SECOND).await;
    assert_eq!(
        shown(&tabs(&house, id)),
        [(tab.number(), "http://a.test/", false, true)]
    );
    let next = house.tab(&house.caller("a"), id).await;
    assert_eq!(next.number(), tab.number() + 1, "it has stopped in order");
}

#[tokio::test(start_paused = true)]
async fn sessions_whose_time_passed_meanwhile_end_with_their_reason_and_open_nothing() {
    let house = House::open().await;
    let mut short = house.options();
    short.idle_timeout = 10 * SECOND;
    let [expired, idle, alive] = [
        house.create("a").await.view.id,
        house.try_create("a", short).await.unwrap().view.id,
        house.create("a").await.view.id,
    ];
    let caller = house.caller("a");
    for id in [expired, idle, alive] {
        house.tab(&caller, id).await;
    }
    sleep(A_WHILE).await;
    let backend = Arc::clone(&house.backend);
    for mut row in backend.live_sessions().await.unwrap() {
        if row.id == expired.to_string() {
            row.created_ms -= 24 * 60 * 60 * 1000;
        } else if row.id == idle.to_string() {
            row.created_ms -= 60_000;
            row.last_active_ms -= 50_000;
        } else {
            continue;
        }
        backend
            .commit(vec![vec![Write::PutSession(row)]])
            .await
            .remove(0)
            .unwrap();
    }
    let house = house.killed().await;
    sleep(SECOND).await;
    for (id, reason) in [(expired, EndReason::Expired), (idle, EndReason::Idle)] {
        let told: Vec<_> = house.told_of(id);
        assert_eq!(
            told,
            [
                (SessionStatus::Completed, Some(reason)),
                (SessionStatus::Destroyed, Some(reason))
            ]
        );
        let row = backend
            .session("a".to_owned(), id.to_string())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.end.unwrap().reason, reason.as_str());
    }
    assert_eq!(house.bridge.fake.targets().len(), 1);
    assert_eq!(live(&backend).await, [alive.to_string()]);
    let house = house.killed().await;
    assert_eq!(house.told_of(expired), [], "it ends once");
}

#[tokio::test(start_paused = true)]
async fn what_was_made_under_a_key_is_not_made_again() {
    let house = open(keeping_tabs()).await;
    let caller = house.caller("a");
    let session = json!({"type": "createSession", "idempotencyKey": "s", "metadata": {"k": "v"}});
    let id = created(house.ask(&caller, session.clone()).await);
    let tab = json!({"type": "createTab", "idempotencyKey": "t", "url": "http://a.test/"});
    let first = opened(house.ask(&caller, tab.clone()).await);
    let gone = json!({"type": "createTab", "idempotencyKey": "g"});
    let closed = opened(house.ask(&caller, gone.clone()).await);
    let close = json!({"type": "closeTab", "tabId": closed.to_string()});
    house.ask(&caller, close).await.unwrap();
    sleep(SECOND / 100).await;

    let house = house.killed().await;
    let caller = house.caller("a");
    for _ in 0..2 {
        assert_eq!(created(house.ask(&caller, session.clone()).await), id);
        assert_eq!(opened(house.ask(&caller, tab.clone()).await), first);
        let again = house.ask(&caller, gone.clone()).await.unwrap_err();
        assert!(format!("{again}").contains("closed"), "{again}");
    }
    let other = json!({"type": "createTab", "idempotencyKey": "t", "url": "http://b.test/"});
    let refused = house.ask(&caller, other).await;
    assert!(matches!(refused, Err(OperationError::KeyReused { .. })));
    let filter = SessionFilter::default();
    let listed = house.operations.list_sessions(&"a".into(), &filter);
    assert_eq!(listed.counts.live, 1);
    assert_eq!(house.operations.tabs_of(&"a".into()).len(), 1);
    // Another client has keys of its own.
    assert_ne!(created(house.ask(&house.caller("b"), session).await), id);
}

#[tokio::test(start_paused = true)]
async fn a_tab_that_could_not_be_opened_leaves_its_key_free() {
    let house = open(keeping_tabs()).await;
    let caller = house.caller("a");
    let tab = json!({"type": "createTab", "idempotencyKey": "t", "url": "http://a.test/"});
    house.bridge.fake.fail("Target.createTarget", "no memory");
    house.ask(&caller, tab.clone()).await.unwrap_err();
    sleep(A_WHILE).await;
    let house = house.killed().await;
    let opened = opened(house.ask(&house.caller("a"), tab).await);
    assert!(opened.number() > 1);
}

#[tokio::test(start_paused = true)]
async fn the_store_may_fail_while_a_session_begins_and_is_told_of_it_later() {
    let house = open(keeping_tabs()).await;
    let failure = Some(StoreError::Unavailable("the disk is full".to_owned()));
    house.backend.fail(failure);
    let id = house.create("a").await.view.id;
    house.tab(&house.caller("a"), id).await;
    sleep(A_WHILE).await;
    house.backend.fail(None);
    assert!(live(&house.backend).await.is_empty());
    sleep(2 * A_WHILE).await;
    assert_eq!(live(&house.backend).await, [id.to_string()]);
    let house = house.killed().await;
    assert_eq!(tabs(&house, id).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_while_the_store_fails_does_not_come_back() {
    let house = House::open().await;
    let id = house.create("a").await.view.id;
    house.tab(&house.caller("a"), id).await;
    sleep(A_WHILE).await;
    let failure = Some(StoreError::Unavailable("it is locked".to_owned()));
    house.backend.fail(failure);
    house
        .operations
        .end_session(&"a".into(), id, EndReason::Requested, true)
        .await
        .unwrap();
    house.backend.fail(None);
    assert_eq!(
        live(&house.backend).await,
        [id.to_string()],
        "not known yet"
    );
    sleep(A_WHILE).await;
    assert!(live(&house.backend).await.is_empty());
    assert_eq!(house.backend.tabs().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_was_answered_to_end_does_not_come_back_though_its_tab_is_stuck() {
    for over_the_wire in [false, true] {
        let house = House::open().await;
        let caller = house.caller("a");
        let id = house.create("a").await.view.id;
        house.tab(&caller, id).await;
        sleep(A_WHILE).await;
        house.bridge.fake.hold("Target.closeTarget");
        house.bridge.fake.hold("Target.disposeBrowserContext");
        if over_the_wire {
            let end = json!({"type": "endSession", "sessionId": id.to_string()});
            house.ask(&caller, end).await.unwrap();
        } else {
            house
                .operations
                .end_session(&"a".into(), id, EndReason::Requested, false)
                .await
                .unwrap();
        }
        assert!(live(&house.backend).await.is_empty());
        let house = house.killed().await;
        assert!(house.operations.session(&"a".into(), id).is_err());
        let ended = house.operations.session_or_ended(&"a".into(), id).await;
        assert_eq!(ended.unwrap().end_reason, Some(EndReason::Requested));
        assert!(house.bridge.registry.all().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn where_the_store_is_required_no_session_is_made_without_it() {
    let settings = HouseSettings {
        store_required: true,
        ..HouseSettings::default()
    };
    let house = open(settings).await;
    let failure = Some(StoreError::Unavailable("the disk is full".to_owned()));
    house.backend.fail(failure);
    let refused = house.try_create("a", house.options()).await;
    assert!(matches!(refused, Err(SessionError::Failed)));
    house.backend.fail(None);
    sleep(A_WHILE).await;
    house.assert_empty().await;
}

#[tokio::test(start_paused = true)]
async fn tabs_of_an_implicit_session_come_back_only_where_they_are_kept_without_clients() {
    let house = House::open().await;
    let caller = house.caller("a");
    let create = json!({"type": "createTab", "url": "http://a.test/"});
    let tab = opened(house.ask(&caller, create.clone()).await);
    sleep(A_WHILE).await;
    let house = house.restarted().await;
    assert!(house.operations.tabs_of(&"a".into()).is_empty());
    sleep(A_WHILE).await;
    let rows = house.backend.tabs().await.unwrap();
    assert_eq!(rows, [], "a later process does not open them either");
    let next = opened(house.ask(&house.caller("a"), create).await);
    assert!(next > tab, "{next}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_to_restored_tabs_answers_their_dialogs() {
    let house = open(keeping_tabs()).await;
    let create = json!({"type": "createTab", "url": "http://a.test/"});
    let tab = opened(house.ask(&house.caller("a"), create).await);
    sleep(A_WHILE).await;
    let house = house.killed().await;
    let present = house.operations.attend("a".into());
    sleep(SECOND).await;
    let listed = house.operations.tabs_of(&"a".into());
    assert_eq!(
        shown(&listed),
        [(tab.number(), "http://a.test/", true, true)]
    );
    drop(present);
    assert_eq!(
        house.operations.tabs_of(&"a".into()).len(),
        1,
        "they are kept"
    );
}

#[tokio::test(start_paused = true)]
async fn the_session_of_a_single_request_does_not_come_back() {
    let house = House::open().await;
    let mut options = house.options();
    options.is_kept = false;
    let id = house.try_create("a", options).await.unwrap().view.id;
    house.tab(&house.caller("a"), id).await;
    sleep(A_WHILE).await;
    assert!(live(&house.backend).await.is_empty());
    assert_eq!(house.backend.tabs().await.unwrap(), []);
    let house = house.killed().await;
    assert!(house.operations.session(&"a".into(), id).is_err());
    house.assert_empty().await;
}

#[tokio::test(start_paused = true)]
async fn requests_wait_for_a_tab_that_is_rebuilt_and_one_may_be_closed_before() {
    let house = open(keeping_tabs()).await;
    let caller = house.caller("a");
    let create = json!({"type": "createTab", "url": "http://a.test/"});
    let [used, closed] = [
        opened(house.ask(&caller, create.clone()).await),
        opened(house.ask(&caller, create).await),
    ];
    sleep(A_WHILE).await;
    let house = house.killed().await;
    house.bridge.fake.hold("Target.createTarget");
    let caller = house.caller("a");
    let close = json!({"type": "closeTab", "tabId": closed.to_string()});
    let navigate = json!({"type": "navigate", "tabId": used.to_string(), "url": "http://b.test/"});
    let ask = async {
        sleep(SECOND).await;
        house.bridge.fake.release("Target.createTarget");
    };
    let (closing, navigating, ()) =
        tokio::join!(house.ask(&caller, close), house.ask(&caller, navigate), ask);
    closing.unwrap();
    navigating.unwrap();
    sleep(A_WHILE).await;
    assert_eq!(house.closed(), [closed]);
    let left = house.operations.tabs_of(&"a".into());
    assert_eq!(
        shown(&left),
        [(used.number(), "http://b.test/", true, true)]
    );
    let rows = house.backend.tabs().await.unwrap();
    assert_eq!(
        rows.iter().map(|row| row.tab).collect::<Vec<_>>(),
        [used.number()]
    );
    assert_eq!(house.bridge.fake.targets().len(), 1);
}

#[tokio::test(start_paused = true)]
#[expect(clippy::too_many_lines, reason = "it is one story")]
async fn ended_sessions_are_shown_after_the_process_has_forgotten_them() {
    let mut settings = keeping_tabs();
    settings.config.retention = SECOND;
    settings.config.max = 2;
    let house = open(settings).await;
    let client = "a".into();
    let (mut ended, mut names) = (Vec::new(), std::collections::HashMap::new());
    for number in 0..7 {
        let mut options = house.options();
        options.external_id = Some((number % 2).to_string());
        let id = house.try_create("a", options).await.unwrap().view.id;
        let reason = EndReason::Requested;
        house
            .operations
            .end_session(&client, id, reason, true)
            .await
            .unwrap();
        names.insert(id, number % 2);
        sleep(Duration::from_millis(300)).await;
        ended.push(id);
    }
    // Those of one millisecond are in no order of time.
    ended.sort();
    let alive = house.create("a").await.view.id;
    let first = ended[0];
    assert!(house.operations.session(&client, first).is_err());
    let view = house
        .operations
        .session_or_ended(&client, first)
        .await
        .unwrap();
    assert_eq!(
        (view.status, view.end_reason),
        (SessionStatus::Destroyed, Some(EndReason::Requested))
    );
    let others = house.operations.session_or_ended(&"b".into(), first).await;
    assert!(matches!(others, Err(SessionError::Unknown { .. })));
    let caller = house.caller("a");
    let of = |r#type: &str| json!({"type": r#type, "sessionId": first.to_string()});
    assert!(
        matches!(house.ask(&caller, of("getSession")).await, Ok(Success::Session(view)) if view.id == first)
    );
    assert!(
        matches!(house.ask(&caller, of("endSession")).await, Ok(Success::SessionEnded(view)) if view.id == first)
    );

    let house = house.killed().await;
    let list = async |status, external_id: Option<&str>| {
        let mut filter = SessionFilter {
            status,
            external_id: external_id.map(str::to_owned),
            limit: Some(3),
            ..SessionFilter::default()
        };
        let mut ids = Vec::new();
        loop {
            let page = house
                .operations
                .list_sessions_and_ended(&client, &filter)
                .await;
            ids.extend(page.sessions.iter().map(|it| it.id));
            filter.cursor = page.next_cursor;
            if filter.cursor.is_none() {
                return ids;
            }
        }
    };
    let newest_first: Vec<_> = ended.iter().rev().copied().collect();
    let mut all = newest_first.clone();
    all.extend([alive, SessionId::DEFAULT]);
    all.sort_by_key(|id| std::cmp::Reverse(*id));
    assert_eq!(list(StatusFilter::All, None).await, all);
    assert_eq!(
        list(StatusFilter::Only(SessionStatus::Destroyed), None).await,
        newest_first
    );
    let odd: Vec<_> = newest_first
        .iter()
        .copied()
        .filter(|id| names[id] == 1)
        .collect();
    assert_eq!(list(StatusFilter::All, Some("1")).await, odd);
    assert_eq!(
        list(StatusFilter::Live, None).await,
        [alive, SessionId::DEFAULT]
    );
}

#[tokio::test(start_paused = true)]
async fn rows_that_cannot_be_read_end_their_sessions_once_and_open_nothing() {
    let house = House::open().await;
    let id = house.create("a").await.view.id;
    house.tab(&house.caller("a"), id).await;
    sleep(A_WHILE).await;
    let mut row = house.backend.live_sessions().await.unwrap().remove(0);
    row.options.0[20] ^= 1;
    let damaged = vec![vec![Write::PutSession(row)]];
    house.backend.commit(damaged).await.remove(0).unwrap();
    let house = house.killed().await;
    assert!(house.operations.session(&"a".into(), id).is_err());
    sleep(A_WHILE).await;
    house.assert_empty().await;
    let view = house
        .operations
        .session_or_ended(&"a".into(), id)
        .await
        .unwrap();
    assert_eq!(view.end_reason, Some(EndReason::Failed));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_delays_no_page() {
    let house = open(keeping_tabs()).await;
    let held = house.backend.hold().await;
    let began = tokio::time::Instant::now();
    let caller = house.caller("a");
    let create = json!({"type": "createTab", "url": "http://a.test/"});
    let tab = opened(house.ask(&caller, create).await);
    let navigate = json!({"type": "navigate", "tabId": tab.to_string(), "url": "http://b.test/"});
    house.ask(&caller, navigate).await.unwrap();
    assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
    // A session waits for a moment, and is made.
    house.create("a").await;
    assert!(began.elapsed() < 4 * SECOND, "{:?}", began.elapsed());
    drop(held);
    sleep(2 * A_WHILE).await;
    assert_eq!(live(&house.backend).await.len(), 1);
    assert_eq!(house.backend.tabs().await.unwrap().len(), 1);
    let handles = house.bridge.registry.all();
    assert_eq!(
        handles
            .iter()
            .map(TabHandle::view)
            .filter(|it| it.url == "http://b.test/")
            .count(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_that_the_rules_do_not_allow_any_more_ends_and_opens_nothing() {
    let mut house = House::open().await;
    let id = house.create("a").await.view.id;
    house.tab(&house.caller("a"), id).await;
    sleep(A_WHILE).await;
    house.settings.refuses = true;
    let house = house.killed().await;
    sleep(A_WHILE).await;
    let failed = (SessionStatus::Error, Some(EndReason::Failed));
    assert_eq!(house.told_of(id), [failed]);
    assert_eq!(house.rebuilt(), []);
    house.assert_empty().await;
    assert_eq!(house.backend.tabs().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn when_a_session_was_used_is_written_at_most_five_seconds_later() {
    let house = House::open().await;
    let id = house.create("a").await.view.id;
    sleep(20 * SECOND).await;
    let tab = house.tab(&house.caller("a"), id).await;
    sleep(A_WHILE).await;
    let row = house.backend.live_sessions().await.unwrap().remove(0);
    let used = Duration::from_millis(row.last_active_ms - row.created_ms);
    assert!((20 * SECOND..21 * SECOND).contains(&used), "{used:?}");
    assert_eq!((row.usage.pages, row.usage.requests), (1, 1));
    sleep(20 * SECOND).await;
    let activate = json!({"type": "activateTab", "tabId": tab.to_string()});
    house.ask(&house.caller("a"), activate).await.unwrap();
    sleep(A_WHILE).await;
    let row = house.backend.live_sessions().await.unwrap().remove(0);
    let used = Duration::from_millis(row.last_active_ms - row.created_ms);
    assert!(used >= 40 * SECOND, "{used:?}");
}
