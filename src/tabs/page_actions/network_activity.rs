//! The requests of a page that are in flight, from events of CDP's `Network` domain. No I/O.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

/// How long no request may be in flight until the network counts as idle.
const QUIET: Duration = Duration::from_millis(500);

/// The same where requests may be in flight that are older than the events.
const LONG_QUIET: Duration = Duration::from_secs(3);

/// A response that is received for longer is a stream.
const STREAM_AFTER: Duration = Duration::from_secs(5);

/// Kinds of requests that stay open as long as the page wants, or that no page waits for.
const UNCOUNTED: [&str; 6] = [
    "EventSource",
    "WebSocket",
    "Media",
    "Ping",
    "Preflight",
    "CSPViolationReport",
];

/// Media types of responses without an end.
const STREAMS: [&str; 2] = ["text/event-stream", "multipart/x-mixed-replace"];

/// The most requests that are remembered; a page with more of them is not idle for long.
const MAX_REQUESTS: usize = 4096;

#[derive(Debug)]
struct Request {
    session: Option<Box<str>>,
    loader: Box<str>,
    /// When the response arrived.
    responded: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct NetworkActivity {
    main_frame: String,
    in_flight: HashMap<Box<str>, Request>,
    /// When a request last began or ended.
    changed: Instant,
    /// Whether the events go back to the commit of the document.
    is_complete: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    request_id: Box<str>,
    #[serde(default)]
    loader_id: Box<str>,
    #[serde(default)]
    r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Responded {
    request_id: Box<str>,
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(default)]
    mime_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ended {
    request_id: Box<str>,
}

#[derive(Deserialize)]
struct Navigated {
    frame: NavigatedFrame,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NavigatedFrame {
    id: String,
    loader_id: Box<str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detached {
    session_id: Box<str>,
}

impl NetworkActivity {
    pub(super) fn new(main_frame: String, now: Instant) -> Self {
        Self {
            main_frame,
            in_flight: HashMap::new(),
            changed: now,
            is_complete: false,
        }
    }

    pub(super) fn on_event(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: &Bytes,
        now: Instant,
    ) {
        match method {
            "Network.requestWillBeSent" => {
                if let Some(sent) = decode::<Sent>(params)
                    && !UNCOUNTED.contains(&sent.r#type.as_str())
                    && self.in_flight.len() < MAX_REQUESTS
                {
                    let request = Request {
                        session: session.map(Into::into),
                        loader: sent.loader_id,
                        responded: None,
                    };
                    self.in_flight.insert(sent.request_id, request);
                    self.changed = now;
                }
            }
            "Network.responseReceived" => {
                if let Some(responded) = decode::<Responded>(params)
                    && let Some(request) = self.in_flight.get_mut(&responded.request_id)
                {
                    request.responded = Some(now);
                    if STREAMS.contains(&responded.response.mime_type.as_str()) {
                        self.end(&responded.request_id, now);
                    }
                }
            }
            "Network.loadingFinished" | "Network.loadingFailed" => {
                if let Some(ended) = decode::<Ended>(params) {
                    self.end(&ended.request_id, now);
                }
            }
            "Page.frameNavigated" => {
                if let Some(Navigated { frame }) = decode(params)
                    && frame.id == self.main_frame
                {
                    self.in_flight
                        .retain(|_, request| request.loader == frame.loader_id);
                    self.changed = now;
                    self.is_complete = true;
                }
            }
            "Target.detachedFromTarget" => {
                if let Some(Detached { session_id }) = decode(params) {
                    self.in_flight
                        .retain(|_, request| request.session.as_ref() != Some(&session_id));
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, request: &str, now: Instant) {
        self.in_flight.remove(request);
        self.changed = now;
    }

    /// When the network is idle if nothing happens until then; `None` while a server is to answer.
    /// `was_idle`: Chromium has reported that no request of the main frame was in flight.
    pub(super) fn idle_at(&self, was_idle: bool) -> Option<Instant> {
        let quiet = if self.is_complete || was_idle {
            QUIET
        } else {
            LONG_QUIET
        };
        let mut idle = self.changed + quiet;
        for request in self.in_flight.values() {
            idle = idle.max(request.responded? + STREAM_AFTER);
        }
        Some(idle)
    }
}

fn decode<T: DeserializeOwned>(params: &Bytes) -> Option<T> {
    serde_json::from_slice(params).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    struct Page(NetworkActivity, Instant);

    impl Page {
        fn new() -> Self {
            let now = Instant::now();
            let mut page = Self(NetworkActivity::new("MAIN".to_owned(), now), now);
            page.tell(
                "Page.frameNavigated",
                &json!({"frame": {"id": "MAIN", "loaderId": "L"}}),
            );
            page
        }

        fn tell(&mut self, method: &str, params: &Value) {
            let params = Bytes::from(params.to_string());
            self.0.on_event(Some("S"), method, &params, self.1);
        }

        fn send(&mut self, id: &str, kind: &str) {
            let params = json!({"requestId": id, "loaderId": "L", "type": kind});
            self.tell("Network.requestWillBeSent", &params);
        }

        fn respond(&mut self, id: &str, mime: &str) {
            let params = json!({"requestId": id, "response": {"mimeType": mime}});
            self.tell("Network.responseReceived", &params);
        }

        fn idle_in(&self) -> Option<Duration> {
            self.0.idle_at(false).map(|at| at - self.1)
        }
    }

    #[test]
    fn a_page_is_idle_when_all_requests_have_ended_for_a_while() {
        let mut page = Page::new();
        assert_eq!(page.idle_in(), Some(QUIET));
        page.send("1", "Fetch");
        page.send("2", "Image");
        page.tell("Network.loadingFinished", &json!({"requestId": "1"}));
        assert_eq!(page.idle_in(), None);
        page.tell("Network.loadingFailed", &json!({"requestId": "2"}));
        assert_eq!(page.idle_in(), Some(QUIET));
    }

    #[test]
    fn streams_do_not_count() {
        let mut page = Page::new();
        for kind in UNCOUNTED {
            page.send(kind, kind);
        }
        page.send("1", "Fetch");
        page.respond("1", "text/event-stream");
        assert_eq!(page.idle_in(), Some(QUIET));
        page.send("2", "Fetch");
        page.respond("2", "text/plain");
        assert_eq!(page.idle_in(), Some(STREAM_AFTER));
    }

    #[test]
    fn requests_end_with_their_document_and_with_their_frame() {
        let mut page = Page::new();
        page.send("1", "Fetch");
        let navigated = json!({"frame": {"id": "MAIN", "loaderId": "L2"}});
        page.tell("Page.frameNavigated", &navigated);
        assert_eq!(page.idle_in(), Some(QUIET));
        page.send("2", "Fetch");
        page.tell("Target.detachedFromTarget", &json!({"sessionId": "S"}));
        assert_eq!(page.idle_in(), Some(QUIET));
    }

    #[test]
    fn older_requests_may_be_in_flight_when_the_events_begin() {
        let now = Instant::now();
        let activity = NetworkActivity::new("MAIN".to_owned(), now);
        assert_eq!(activity.idle_at(false), Some(now + LONG_QUIET));
        assert_eq!(activity.idle_at(true), Some(now + QUIET));
    }
}
