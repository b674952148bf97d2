//! Server-sent events.

use std::net::SocketAddr;

use axum::body::Body;
use cdp_bridge_protocol::TabId;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, yield_now};

use super::harness::{Bridge, api_key, first_revoked, soon, with_tokens};
use crate::operations::{Fact, FactKind, Scope};
use crate::tabs::FactSink as _;

const PATH: &str = "/v1/sessions/default/events";

/// A client of a stream.
struct Stream {
    status: u16,
    content_type: String,
    body: Incoming,
    text: String,
    connection: JoinHandle<()>,
}

/// An event as it came.
#[derive(Debug, Clone, PartialEq)]
struct Sent {
    id: u64,
    name: String,
    data: Value,
}

impl Stream {
    async fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        let socket = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await.unwrap();
        let connection = tokio::spawn(async move {
            // It fails when the test is over.
            let _ = connection.await;
        });
        let mut request = hyper::Request::get(path).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = soon("an answer", sender.send_request(request))
            .await
            .unwrap();
        let kind = answer.headers().get("content-type");
        Self {
            status: answer.status().as_u16(),
            content_type: kind.map_or("", |kind| kind.to_str().unwrap()).to_owned(),
            body: answer.into_body(),
            text: String::new(),
            connection,
        }
    }

    /// The next block of lines; `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let frame = soon("more of the stream", self.body.frame()).await?;
            let data = frame.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Sent> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                let prefix = format!("{name}: ");
                block.lines().find_map(|line| line.strip_prefix(&prefix))
            };
            if let Some(id) = field("id") {
                let data: Value = serde_json::from_str(field("data").unwrap()).unwrap();
                let name = field("event").unwrap().to_owned();
                assert_eq!(data["type"], name);
                let id = id.parse().unwrap();
                return Some(Sent { id, name, data });
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

fn activated(tab: u64) -> Fact {
    Fact::of_tab(&"default".into(), TabId::new(tab), FactKind::TabActivated)
}

/// The number of the tab that an event is about.
fn tab_of(event: &Sent) -> u64 {
    let id: TabId = event.data["id"].as_str().unwrap().parse().unwrap();
    id.number()
}

#[tokio::test]
async fn a_stream_has_what_happens_in_its_session() {
    let bridge = Bridge::start().await;
    let mut stream = Stream::open(bridge.address, PATH, &[]).await;
    assert_eq!(
        (stream.status, stream.content_type.as_str()),
        (200, "text/event-stream")
    );
    assert_eq!(stream.block().await.unwrap(), "retry: 1000");
    bridge.bus.publish(activated(1));
    let other = Fact::of_tab(&"other".into(), TabId::new(2), FactKind::TabActivated);
    bridge.bus.publish(other);
    let (reason, restarts) = (None, 1);
    let up = Fact::of_browser(FactKind::BrowserUp { reason, restarts });
    bridge.bus.publish(up);
    let (first, second) = (stream.next().await.unwrap(), stream.next().await.unwrap());
    assert_eq!((first.name.as_str(), tab_of(&first)), ("tabActivated", 1));
    assert_eq!(
        (second.name.as_str(), second.id),
        ("browserUp", first.id + 1)
    );
}

#[tokio::test]
async fn only_the_types_that_are_asked_for_are_sent() {
    let bridge = Bridge::start().await;
    let path = format!("{PATH}?types=browserUp,browserDown");
    let mut stream = Stream::open(bridge.address, &path, &[]).await;
    (1..=200).for_each(|tab| bridge.bus.publish(activated(tab)));
    let (reason, restarts) = (None, 1);
    let up = Fact::of_browser(FactKind::BrowserUp { reason, restarts });
    bridge.bus.publish(up);
    assert_eq!(stream.next().await.unwrap().name, "browserUp");
    for (path, field) in [
        ("?types=nothing", "types"),
        ("?lastEventId=x", "lastEventId"),
        ("?other=1", "other"),
    ] {
        let answer = bridge.get(&format!("{PATH}{path}")).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert_eq!(answer.json()["details"]["field"], field);
    }
}

#[tokio::test]
async fn over_100_cuts_nothing_is_lost_and_nothing_comes_twice() {
    const CUTS: u64 = 100;
    const EVENTS: u64 = 10;
    let bridge = Bridge::start().await;
    // The implicit session has a log once it has had a reader.
    let mut last = Stream::open(bridge.address, PATH, &[]).await;
    bridge.bus.publish(activated(1));
    let mut seen = last.next().await.unwrap().id;
    drop(last);
    let (mut published, mut received) = (1, 1);
    for cut in 0..CUTS {
        for _ in 0..EVENTS {
            published += 1;
            bridge.bus.publish(activated(published));
        }
        let id = seen.to_string();
        // By the header, or by the query.
        let by_query = format!("{PATH}?lastEventId={id}");
        let mut stream = if cut % 2 == 0 {
            Stream::open(bridge.address, PATH, &[("last-event-id", &id)]).await
        } else {
            Stream::open(bridge.address, &by_query, &[]).await
        };
        // It reads some of what there is, and is cut off: the rest may be in flight.
        for _ in 0..(EVENTS - 1).min(published - received) {
            let event = stream.next().await.unwrap();
            received += 1;
            assert_eq!(tab_of(&event), received, "after cut {cut}");
            assert_eq!(event.id, seen + 1);
            seen = event.id;
        }
    }
    let id = seen.to_string();
    let mut rest = Stream::open(bridge.address, PATH, &[("last-event-id", &id)]).await;
    while received < published {
        received += 1;
        assert_eq!(tab_of(&rest.next().await.unwrap()), received);
    }
    assert!(published > CUTS * EVENTS);
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_told_which_events_are_gone() {
    const EVENTS: u64 = 4000;
    let bridge = Bridge::with(|settings| settings.config.resume_bytes = 64 << 10).await;
    let mut stream = Stream::open(bridge.address, PATH, &[]).await;
    let url = format!("https://a.test/{}", "x".repeat(4000));
    for number in 1..=EVENTS {
        let title = String::new();
        let url = url.clone();
        let kind = FactKind::TabUpdated { url, title };
        bridge
            .bus
            .publish(Fact::of_tab(&"default".into(), TabId::new(number), kind));
        if number % 10 == 0 {
            // The server writes until the socket is full.
            yield_now().await;
        }
    }
    let (mut expected, mut gaps, mut id) = (1, 0, None);
    while expected <= EVENTS {
        let event = stream.next().await.unwrap();
        if event.name == "gap" {
            let [from, to] = ["from", "to"].map(|name| event.data[name].as_u64().unwrap());
            assert!(id.is_none_or(|id| from == id + 1) && event.id == to);
            expected += to - from + 1;
            gaps += 1;
        } else {
            assert_eq!(tab_of(&event), expected);
            assert!(id.is_none_or(|id| event.id == id + 1));
            expected += 1;
        }
        id = Some(event.id);
    }
    assert!(gaps > 0 && expected == EVENTS + 1);
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_has_a_comment_every_15_seconds_and_ends_when_the_bridge_stops() {
    let mut bridge = Bridge::start().await;
    let mut stream = Stream::open(bridge.address, PATH, &[]).await;
    stream.block().await.unwrap();
    let start = tokio::time::Instant::now();
    for _ in 0..2 {
        // The socket is real, so that the clock stands still while it is written to.
        let frame = stream.body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), ":\n\n");
    }
    assert!(start.elapsed().as_secs() >= 30);
    bridge.stop.take().unwrap().send(()).unwrap();
    while let Some(frame) = stream.body.frame().await {
        assert_eq!(frame.unwrap().into_data().unwrap(), ":\n\n");
    }
}

#[tokio::test]
async fn a_stream_needs_a_token_and_counts_as_a_connection() {
    let bridge = Bridge::with(with_tokens).await;
    assert_eq!(bridge.get(PATH).await.status, 401);
    let bearer = [("authorization", "Bearer alpha")];
    let open = || Stream::open(bridge.address, PATH, &bearer);
    let mut streams = Vec::new();
    for _ in 0..super::harness::LIMITS.max_connections {
        streams.push(open().await);
    }
    assert!(streams.iter().all(|stream| stream.status == 200));
    assert_eq!(open().await.status, 429);
    let of_a: Scope = "a".into();
    bridge
        .bus
        .publish(Fact::of_tab(&of_a, TabId::new(7), FactKind::TabActivated));
    assert_eq!(tab_of(&streams[0].next().await.unwrap()), 7);
    bridge.replace(vec![super::harness::client_token("b", "beta")]);
    assert_eq!(streams[0].next().await, None, "its token is gone");
}

#[tokio::test]
async fn a_stream_ends_with_the_api_key_that_it_was_opened_with() {
    let (first, second) = (api_key("a", "watch"), api_key("a", "watch"));
    let keys = vec![first.1, second.1];
    let bridge = Bridge::with(|settings| settings.credentials.keys.clone_from(&keys)).await;
    let (one, other) = (
        format!("Bearer {}", first.0),
        format!("Bearer {}", second.0),
    );
    let mut ends = Stream::open(bridge.address, PATH, &[("authorization", &one)]).await;
    let mut stays = Stream::open(bridge.address, PATH, &[("authorization", &other)]).await;
    assert_eq!((ends.status, stays.status), (200, 200));
    bridge.replace_credentials(first_revoked(&keys));
    assert_eq!(ends.next().await, None, "its key is revoked");
    let of_a: Scope = "a".into();
    bridge
        .bus
        .publish(Fact::of_tab(&of_a, TabId::new(7), FactKind::TabActivated));
    assert_eq!(tab_of(&stays.next().await.unwrap()), 7);
}

/// Sends a request without a body.
async fn call(bridge: &Bridge, method: &str, path: &str) -> u16 {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0"
    );
    bridge.http(&head).await.status
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_a_client_that_has_all_of_it_is_not_asked_back() {
    let bridge = Bridge::start().await;
    let head =
        "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0";
    let created = bridge.http(head).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let id = created.json()["sessionId"].as_str().unwrap().to_owned();
    let token = created.json()["token"].as_str().unwrap().to_owned();
    let path = format!("/v1/sessions/{id}/events");
    // From its first event on, though no client was there.
    let mut stream = Stream::open(bridge.address, &format!("{path}?lastEventId=0"), &[]).await;
    let first = stream.next().await.unwrap();
    assert_eq!(first.name, "sessionStateChanged");
    assert_eq!(first.data["sessionId"], id);
    assert_eq!(
        call(&bridge, "DELETE", &format!("/v1/sessions/{id}")).await,
        204
    );
    let mut all = vec![first];
    while let Some(event) = stream.next().await {
        all.push(event);
    }
    let last = all.last().unwrap();
    assert_eq!(last.data["status"], "destroyed");
    assert_eq!(last.data["endReason"], "requested");
    // What it has not seen is sent again, and then the stream ends; with all of it there is nothing to come. So it is for
    // the client, and for the holder of the session's token.
    let (before, seen) = (all[all.len() - 2].id.to_string(), last.id.to_string());
    let bearer = format!("Bearer {token}");
    for who in [None, Some(("authorization", bearer.as_str()))] {
        let open = async |last: Option<&str>| {
            let last = last.map(|last| ("last-event-id", last));
            let headers: Vec<_> = who.into_iter().chain(last).collect();
            Stream::open(bridge.address, &path, &headers).await
        };
        let mut again = open(Some(&before)).await;
        assert_eq!(again.next().await.as_ref(), Some(last));
        assert_eq!(again.next().await, None);
        assert_eq!(open(Some(&seen)).await.status, 204);
        assert_eq!(open(None).await.status, 410);
    }
    let unknown = "/v1/sessions/0198f2a4-7c00-8000-8000-0123456789ab/events";
    assert_eq!(Stream::open(bridge.address, unknown, &[]).await.status, 404);
}

#[tokio::test]
async fn a_stream_ends_with_a_token_of_a_shorter_time_than_its_session() {
    let bridge = Bridge::with(with_tokens).await;
    let ask = async |path: &str, body: &str| {
        let length = body.len();
        let text = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer alpha\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        bridge.exchange(&text).await.json()
    };
    let session = ask("/v1/sessions", "{}").await;
    let path = format!("/v1/sessions/{}", session["sessionId"].as_str().unwrap());
    let grant = r#"{"scopes": ["watch"], "ttlMs": 2000}"#;
    let token = ask(&format!("{path}/tokens"), grant).await["token"].clone();
    let query = format!("{path}/events?token={}", token.as_str().unwrap());
    let mut stream = Stream::open(bridge.address, &query, &[]).await;
    assert_eq!(stream.status, 200);
    assert_eq!(stream.next().await, None);
}
