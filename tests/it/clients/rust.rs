//! `cdp_bridge::client`, the client for Rust.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge::client::{Bridge, ConnectError, Missed, Options, Received, RequestError};
use cdp_bridge_protocol::request::{
    CloseTab, CreateTab, GetScreenshot, ImageFormat, ListTabs, Navigate, Ping, WaitFor,
};
use cdp_bridge_protocol::{ErrorCode, Event, Request, TabId};
use futures::StreamExt as _;
use tokio::time::timeout;

use crate::support::bridge::TestBridge;
use crate::support::browsers::TestBrowser;
use crate::support::relay::Relay;
use crate::support::site::Site;
use crate::support::wait::LONGEST;

async fn create(bridge: &Bridge, url: &str) -> TabId {
    let request = CreateTab {
        url: Some(url.to_owned()),
        ..CreateTab::default()
    };
    bridge.ask(request).await.unwrap().id
}

/// Reads events until one has this name.
async fn until(
    events: &mut (impl futures::Stream<Item = Result<Arc<Received>, Missed>> + Unpin),
    name: &str,
) -> Arc<Received> {
    let reading = async {
        loop {
            let event = events.next().await.expect("the stream goes on").unwrap();
            if event.name() == name {
                return event;
            }
        }
    };
    timeout(LONGEST, reading).await.expect("it is told")
}

/// A request that is answered only when its time limit has passed.
fn slow(tab: TabId) -> Request {
    let body: WaitFor = serde_json::from_value(serde_json::json!({
        "tabId": tab.to_string(), "selector": "#never",
    }))
    .unwrap();
    Request {
        timeout: Some(Duration::from_secs(2)),
        ..Request::new("slow", body)
    }
}

#[tokio::test]
async fn requests_have_typed_answers_and_events_are_a_stream() {
    let site = Site::start().await;
    let page = site.page("/page", "hello");
    let served = TestBridge::start(TestBrowser::shell().await).await;
    for binary in [true, false] {
        let options = Options {
            binary,
            ..Options::default()
        };
        let bridge = Bridge::connect(&served.url(), options).await.unwrap();
        assert_eq!(bridge.welcome().protocol, 1);
        let mut events = bridge.events();
        let tab = create(&bridge, &page).await;
        until(&mut events, "loadEventFired").await;
        let picture = GetScreenshot {
            format: Some(ImageFormat::Png),
            ..GetScreenshot::of(tab)
        };
        let picture = bridge.ask(picture).await.unwrap();
        assert_eq!(picture.head.mime, "image/png");
        assert!(picture.bytes.starts_with(b"\x89PNG"), "binary: {binary}");
        let refused = bridge.ask(Navigate {
            tab_id: tab.into(),
            url: "file:///etc/passwd".to_owned(),
            wait_until: None,
        });
        let Err(RequestError::Refused(error)) = refused.await else {
            panic!("it is refused");
        };
        assert_eq!(error.code, ErrorCode::NavDenied);
        let tab_id = tab.into();
        assert_eq!(bridge.ask(CloseTab { tab_id }).await.unwrap().id, tab);
        bridge.close().await;
        let over = bridge.ask(Ping {}).await.unwrap_err();
        assert!(matches!(over, RequestError::Over(closing) if closing.code == Some(1000)));
        let left = timeout(LONGEST, events.collect::<Vec<_>>()).await;
        assert!(left.is_ok(), "the stream ends with the connection");
    }
    served.stop().await;
}

#[tokio::test]
async fn a_cut_connection_goes_on_with_its_session_and_loses_no_answer() {
    let site = Site::start().await;
    let page = site.page("/page", "hello");
    let served = TestBridge::start(TestBrowser::shell().await).await;
    let relay = Relay::to(served.address().port()).await;
    let bridge = Bridge::connect(&relay.address().to_string(), Options::default())
        .await
        .unwrap();
    let mut events = bridge.events();
    let tab = create(&bridge, &page).await;
    let asking = tokio::spawn({
        let bridge = bridge.clone();
        async move { bridge.request(slow(tab)).await }
    });
    // The bridge has read all that was sent before what it has answered.
    bridge.ask(Ping {}).await.unwrap();
    relay.cut();
    let resumed = until(&mut events, "resumed").await;
    let Received::Message(message) = &*resumed else {
        panic!("it is a message");
    };
    let Event::Resumed(resumed) = &message.event else {
        panic!("it is that event");
    };
    assert_eq!(resumed.in_flight, ["slow".into()]);
    let answer = timeout(LONGEST, asking).await.unwrap().unwrap();
    assert!(
        matches!(answer, Err(RequestError::Refused(_))),
        "{answer:?}"
    );
    assert_eq!(bridge.ask(ListTabs::default()).await.unwrap().tabs.len(), 1);
    served.stop().await;
    let closing = timeout(LONGEST, bridge.closed()).await.unwrap();
    assert_eq!(
        closing.code,
        Some(1001),
        "a bridge that stops is not come back to"
    );
}

#[tokio::test]
async fn what_was_never_sent_waits_for_the_next_connection() {
    let served = TestBridge::start(TestBrowser::shell().await).await;
    let relay = Relay::to(served.address().port()).await;
    let bridge = Bridge::connect(&relay.address().to_string(), Options::default())
        .await
        .unwrap();
    for _ in 0..5 {
        relay.cut();
        bridge.ask(Ping {}).await.unwrap();
    }
    bridge.close().await;
    served.stop().await;
}

#[tokio::test]
async fn a_reader_of_events_that_is_too_slow_is_told_what_it_missed() {
    let site = Site::start().await;
    let page = site.page("/page", "hello");
    let served = TestBridge::start(TestBrowser::shell().await).await;
    let options = Options {
        waiting_events: 2,
        ..Options::default()
    };
    let bridge = Bridge::connect(&served.url(), options).await.unwrap();
    let (mut slow, mut quick) = (bridge.events(), bridge.events());
    for _ in 0..3 {
        create(&bridge, &page).await;
        until(&mut quick, "loadEventFired").await;
    }
    let first = timeout(LONGEST, slow.next()).await.unwrap().unwrap();
    assert!(
        matches!(first, Err(Missed(count)) if count > 0),
        "{first:?}"
    );
    assert!(
        matches!(slow.next().await, Some(Ok(_))),
        "the newest are there"
    );
    served.stop().await;
}

#[tokio::test]
async fn nobody_there_is_an_error_that_says_what_to_do() {
    let error = Bridge::connect("127.0.0.1:1", Options::default()).await;
    let Err(error @ ConnectError::NoDaemon { .. }) = error else {
        panic!("nobody listens there");
    };
    assert!(error.may_pass() && error.to_string().contains("cdp-bridge serve"));
}
