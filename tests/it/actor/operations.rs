//! Every kind of request through `operations`, by a door without a WebSocket; and what taps and listeners see.

use std::sync::{Arc, Mutex};

use cdp_bridge::operations::{Call, OperationError, OperationOutcome, Permissions, Tap};
use cdp_bridge::tabs::CallId;
use cdp_bridge_protocol::{RequestBody, RequestKind};
use tokio::sync::watch;

use super::second_door::{Door, Sinks};

/// Remembers the calls that it sees.
#[derive(Default)]
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
            assert!(matches!(error, OperationError::Failed(_)), "{error:?}");
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
    // A listener that is slow misses facts and delays no other listener.
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
            RequestKind::Ping | RequestKind::ListTabs => assert!(refused.is_none()),
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
