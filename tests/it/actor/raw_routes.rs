//! CDP events as they came, beside the typed events of an inbox.

use bytes::Bytes;
use cdp_bridge::cdp::events::EventKind;
use cdp_bridge::cdp::methods::EnablePage;
use cdp_bridge::cdp::{RawRoute, RawRouteEnd, RawRouteOptions, SessionEvent};
use futures::SinkExt as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::connection::{LIMIT, Line};

const OPTIONS: RawRouteOptions = RawRouteOptions {
    max_events: 16,
    max_bytes: 1024 * 1024,
    with_children: false,
};

fn event(method: &str, session: Option<&str>) -> Value {
    let mut event = json!({"method": method, "params": {"a": 1}});
    if let Some(session) = session {
        event["sessionId"] = session.into();
    }
    event
}

/// The next event's session and method.
async fn next(events: &mut RawRoute) -> (Option<String>, String) {
    let frame = events.next().await.unwrap();
    let session = frame.session.map(|session| session.to_string());
    (session, frame.method.into())
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_type_is_routed_as_it_came_and_to_its_session_only() {
    let mut line = Line::new();
    let page = line.attached("S1", "T1").await;
    line.attached("S2", "T2").await;
    let mut of_page = page.session.open_raw_route(OPTIONS).await;
    let mut of_browser = line.browser.open_raw_route(OPTIONS).await;
    // An answer that comes later than the routes: they are there.
    let call = page.session.start_call(&EnablePage {}, LIMIT);
    let id = line.command().await["id"].clone();
    line.say(json!({"id": id, "result": {}, "sessionId": "S1"}))
        .await;
    call.await.unwrap();

    let bytes = Bytes::from(event("New.ofPage", Some("S1")).to_string());
    line.say(event("New.ofAnother", Some("S2"))).await;
    line.far_end.frames.send(bytes.clone()).await.unwrap();
    line.say(event("New.ofBrowser", None)).await;
    line.say(event("Page.loadEventFired", Some("S1"))).await;

    let frame = of_page.next().await.unwrap();
    assert_eq!(
        (&*frame.method, &frame.params[..]),
        ("New.ofPage", &br#"{"a":1}"#[..])
    );
    assert_eq!(frame.frame.as_ptr(), bytes.as_ptr(), "it was copied");
    assert_eq!(next(&mut of_page).await.1, "Page.loadEventFired");
    assert_eq!(next(&mut of_browser).await.1, "New.ofBrowser");
    let mut inbox = page.inbox;
    assert!(
        matches!(inbox.next().await, Some(SessionEvent::Raw(event)) if event.kind == EventKind::LoadEventFired)
    );
}

#[tokio::test(start_paused = true)]
async fn a_route_that_overflows_ends_and_delays_no_answer() {
    let mut line = Line::new();
    let page = line.attached("S1", "T1").await.session;
    let mut events = page.open_raw_route(OPTIONS).await;
    let call = page.start_call(&EnablePage {}, LIMIT);
    let id = line.command().await["id"].clone();
    let start = Instant::now();
    for _ in 0..1000 {
        line.say(event("New.thing", Some("S1"))).await;
    }
    line.say(json!({"id": id, "result": {}, "sessionId": "S1"}))
        .await;
    call.await.unwrap();
    assert_eq!(start.elapsed(), std::time::Duration::ZERO);
    for _ in 0..OPTIONS.max_events {
        assert!(events.next().await.is_ok());
    }
    assert_eq!(events.next().await.unwrap_err(), RawRouteEnd::Overflow);
}

#[tokio::test(start_paused = true)]
async fn the_route_of_a_session_takes_its_children_in_before_their_first_event() {
    let mut line = Line::new();
    let page = line.attached("S1", "T1").await;
    let with_children = RawRouteOptions {
        with_children: true,
        ..OPTIONS
    };
    let mut events = page.session.open_raw_route(with_children).await;
    // Only the subscriber handles what is attached.
    drop(page.inbox);
    let call = page.session.start_call(&EnablePage {}, LIMIT);
    let id = line.command().await["id"].clone();
    let info = json!({"targetId": "T2", "type": "iframe", "url": ""});
    let params = json!({"sessionId": "S2", "targetInfo": info, "waitingForDebugger": true});
    let attached =
        json!({"method": "Target.attachedToTarget", "params": params, "sessionId": "S1"});
    line.say(attached).await;
    line.say(event("New.ofChild", Some("S2"))).await;
    line.say(json!({"id": id, "result": {}})).await;
    call.await.unwrap();
    let (s1, s2) = (Some("S1".to_owned()), Some("S2".to_owned()));
    assert_eq!(
        next(&mut events).await,
        (s1, "Target.attachedToTarget".into())
    );
    assert_eq!(next(&mut events).await, (s2, "New.ofChild".into()));
    // The connection does not release it, as it does with a target that has no owner.
    let again = page.session.start_call(&EnablePage {}, LIMIT);
    assert_eq!(line.command().await["method"], "Page.enable");
    drop(again);
}

#[tokio::test(start_paused = true)]
async fn what_an_inbox_shortens_reaches_a_raw_route_whole() {
    let mut line = Line::new();
    let mut page = line.attached("S1", "T1").await;
    page.inbox.set_filter(|kind, params| {
        (kind == EventKind::ConsoleApiCalled).then(|| params.slice(..1))
    });
    let mut events = page.session.open_raw_route(OPTIONS).await;
    let call = page.session.start_call(&EnablePage {}, LIMIT);
    let id = line.command().await["id"].clone();
    line.say(json!({"id": id, "result": {}})).await;
    call.await.unwrap();
    line.say(event("Page.loadEventFired", Some("S1"))).await;
    line.say(event("Runtime.consoleAPICalled", Some("S1")))
        .await;
    match page.inbox.next().await {
        Some(SessionEvent::Raw(event)) => assert_eq!(event.params, &b"{"[..]),
        event => panic!("{event:?}"),
    }
    assert_eq!(events.next().await.unwrap().params, &br#"{"a":1}"#[..]);
    assert_eq!(events.next().await.unwrap().params, &br#"{"a":1}"#[..]);
}

#[tokio::test(start_paused = true)]
async fn a_route_ends_with_its_session_and_with_the_connection() {
    let mut line = Line::new();
    let page = line.attached("S1", "T1").await.session;
    let mut of_page = page.open_raw_route(OPTIONS).await;
    let mut of_browser = line.browser.open_raw_route(OPTIONS).await;
    let call = page.start_call(&EnablePage {}, LIMIT);
    line.command().await;
    line.say(json!({"method": "Target.detachedFromTarget", "params": {"sessionId": "S1"}}))
        .await;
    assert!(call.await.unwrap_err().is_session_gone());
    assert_eq!(of_page.next().await.unwrap_err(), RawRouteEnd::Closed);
    assert_eq!(
        page.open_raw_route(OPTIONS).await.next().await.unwrap_err(),
        RawRouteEnd::Closed
    );
    assert_eq!(
        next(&mut of_browser).await.1,
        "Target.detachedFromTarget".to_owned()
    );
    drop(line.far_end);
    assert_eq!(of_browser.next().await.unwrap_err(), RawRouteEnd::Closed);
}
