//! Every kind of request through `operations`, by a door without a WebSocket; and what taps and listeners see.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cdp_bridge::operations::{
    AnswerKind, Arrival, Call, OperationError, OperationOutcome, Permissions, SessionError,
    Success, Tap,
};
use cdp_bridge::tabs::CallId;
use cdp_bridge_protocol::request::BadRequest;
use cdp_bridge_protocol::{IdempotencyKey, Request, RequestBody, RequestKind};
use serde_json::json;
use tokio::sync::{mpsc, watch};

use super::second_door::{Door, Sinks};

/// Remembers the calls that it sees.
#[derive(Debug, Default)]
struct Recorder(Mutex<Vec<(&'static str, CallId, RequestKind)>>);

impl Tap for Recorder {
    fn before(&self, call: &Call, _: &RequestBody) {
        self.0.lock().unwrap().push(("before", call.id, call.kind));
    }

    fn after(&self, call: &Call, _: &OperationOutcome) {
        self.0.lock().unwrap().push(("after", call.id, call.kind));
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_request_is_carried_out_and_seen_once_in_order() {
    let calls = Arc::new(Recorder::default());
    let tap = Arc::<Recorder>::clone(&calls);
    let mut door = Door::open(Permissions::ALL, tap).await;
    let (alive, _) = watch::channel(());
    door.caller = door.caller.with_streams(Sinks(alive));
    let mut asked = Vec::new();
    let last = [RequestKind::CloseTab];
    let others = RequestKind::ALL.iter().filter(|kind| !last.contains(kind));
    // The first request, `createTab`, opens the tab of the others.
    for kind in others.chain(&last) {
        let outcome = door.ask(*kind, 1).await;
        if let Err(error) = &outcome {
            println!("{}: {error:?}", kind.as_str());
            let is_expected = matches!(
                error,
                OperationError::Failed(_) | OperationError::Session(SessionError::Implicit)
            );
            assert!(is_expected, "{error:?}");
        }
        asked.push(*kind);
    }
    let seen = calls.0.lock().unwrap().clone();
    let expected = (1..).zip(asked).flat_map(|(number, kind)| {
        let call = CallId {
            caller: seen[0].1.caller,
            number,
        };
        [("before", call, kind), ("after", call, kind)]
    });
    assert_eq!(seen, expected.collect::<Vec<_>>());

    let facts: Vec<_> = std::iter::from_fn(|| door.facts.try_recv().ok()).collect();
    let numbers: Vec<u64> = facts.iter().map(|published| published.seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let caused = |kind| {
        let (_, call, _) = seen.iter().find(|(.., seen)| *seen == kind).unwrap();
        let caused = facts.iter().filter(|it| it.fact.cause == Some(*call));
        caused.count()
    };
    for kind in [
        RequestKind::CreateTab,
        RequestKind::Navigate,
        RequestKind::CloseTab,
    ] {
        assert_eq!(caused(kind), 1, "{}", kind.as_str());
    }
    // A slow listener misses facts and delays no other.
    assert_eq!(door.slow.try_recv().unwrap().seq, 1);
    assert!(door.slow.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_door_without_streams_and_a_caller_without_permission_are_refused() {
    let observer = Permissions {
        observe: true,
        act: false,
    };
    let door = Door::open(observer, Arc::new(Recorder::default())).await;
    for kind in RequestKind::ALL {
        let refused = door.ask(*kind, 1).await.err();
        match kind {
            RequestKind::Ping
            | RequestKind::ListTabs
            | RequestKind::Cancel
            | RequestKind::GetSession
            | RequestKind::ListSessions
            | RequestKind::GetHistory
            | RequestKind::GetUsage => {
                assert!(refused.is_none());
            }
            RequestKind::CreateTab | RequestKind::Evaluate => {
                assert!(matches!(refused, Some(OperationError::NotPermitted { .. })));
            }
            RequestKind::StartScreencast => {
                assert!(matches!(refused, Some(OperationError::NoStreams { .. })));
            }
            _ => assert!(refused.is_some()),
        }
    }
}

/// What taps see of a call, or of a message that is not a request.
#[derive(Debug, Default)]
struct Origins(Mutex<Vec<String>>);

impl Tap for Origins {
    fn before(&self, call: &Call, _: &RequestBody) {
        let key = call.idempotency_key.as_ref().map(IdempotencyKey::as_str);
        self.note(&call.arrival, call.kind.as_str(), key.unwrap_or("no key"));
    }

    fn after(&self, _: &Call, _: &OperationOutcome) {}

    fn malformed(&self, arrival: &Arrival, error: &BadRequest) {
        let kind = error.kind.map_or("unknown", RequestKind::as_str);
        self.note(arrival, kind, error.field.as_deref().unwrap_or("no field"));
    }
}

impl Origins {
    fn note(&self, arrival: &Arrival, kind: &str, detail: &str) {
        assert!(
            arrival.at_ms > 1_700_000_000_000,
            "a time of the wall clock"
        );
        let Arrival { door, scope, .. } = arrival;
        let line = format!("{door} {scope} {kind} {detail}");
        self.0.lock().unwrap().push(line);
    }
}

#[tokio::test(start_paused = true)]
async fn taps_see_where_a_message_came_from_also_one_that_is_not_a_request() {
    let seen = Arc::new(Origins::default());
    let door = Door::open(Permissions::ALL, Arc::<Origins>::clone(&seen)).await;
    let create = Request::parse(r#"{"type":"createTab","idempotencyKey":"k"}"#).unwrap();
    door.operations.execute(&door.caller, create).await.unwrap();
    let bad = Request::parse(r#"{"type":"navigate","tabId":"t1"}"#).unwrap_err();
    let arrival = door.caller.message_arrived();
    door.operations.malformed(&arrival, &bad);
    let expected = ["test a createTab k", "test a navigate url"];
    assert_eq!(*seen.0.lock().unwrap(), expected);
}

/// Requests the snapshot of the first tab, twice at once, with ids.
async fn two_snapshots(door: &Door) -> Vec<(CallId, AnswerKind)> {
    let (sender, mut outcomes) = mpsc::channel(2);
    for id in ["first", "second"] {
        let request = json!({ "type": "getDomSnapshot", "requestId": id, "tabId": "t1" });
        let request = Request::parse(&request.to_string()).unwrap();
        let sender = sender.clone();
        let respond = move |call: &Call, outcome: OperationOutcome| {
            let Ok(Success::Tab(answer)) = outcome else {
                panic!("{outcome:?}")
            };
            sender.try_send((call.id, answer.kind)).unwrap();
        };
        let arrival = door.caller.message_arrived();
        door.operations
            .begin(&door.caller, arrival, request, respond);
    }
    drop(sender);
    let mut answers = Vec::new();
    while let Some(answer) = outcomes.recv().await {
        answers.push(answer);
    }
    answers
}

#[tokio::test(start_paused = true)]
async fn snapshots_are_coalesced_only_for_a_door_that_asks_for_it() {
    let mut door = Door::open(Permissions::ALL, Arc::new(Recorder::default())).await;
    door.ask(RequestKind::CreateTab, 0).await.unwrap();
    let answers = two_snapshots(&door).await;
    assert_eq!(answers.len(), 2);
    for (_, answer) in &answers {
        assert!(
            matches!(answer, AnswerKind::Payload { superseded, .. } if superseded.is_empty()),
            "{answer:?}"
        );
    }

    door.caller = door.caller.with_coalescing();
    let answers = two_snapshots(&door).await;
    let [
        (older, AnswerKind::Superseded),
        (_, AnswerKind::Payload { superseded, .. }),
    ] = answers.as_slice()
    else {
        panic!("{answers:?}")
    };
    assert_eq!(superseded, &[*older]);
}

#[tokio::test(start_paused = true)]
async fn the_tabs_of_a_scope_close_when_the_last_door_has_left_it() {
    let door = Door::open(Permissions::ALL, Arc::new(Recorder::default())).await;
    let (first, second) = (
        door.operations.attend("a".into()),
        door.operations.attend("a".into()),
    );
    let other = door.operations.attend("b".into());
    door.ask(RequestKind::CreateTab, 0).await.unwrap();
    let tabs = || door.operations.tabs_of(&"a".into()).len();
    drop((first, other));
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(tabs(), 1);
    drop(second);
    while tabs() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
