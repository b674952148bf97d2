//! Unanswered requests and open tabs of one connection (pure).

use std::collections::BTreeSet;
use std::time::Duration;

use cdp_bridge_protocol::{Event, RequestId, RequestKind, TabId};
use serde_json::Value;
use tokio::time::Instant;

use crate::client::Received;

/// What an event must match to be the answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AnswerKey {
    /// The request's id.
    Id(RequestId),
    /// For a request without an id: the name of the event; the next one, or the next error, without a `requestId`
    /// is the answer.
    Name(&'static str),
}

impl AnswerKey {
    /// The key of a raw JSON request.
    pub(super) fn of_raw(text: &str) -> Self {
        let fields: Value = serde_json::from_str(text).unwrap_or_default();
        if let Ok(id) = serde_json::from_value(fields["requestId"].clone()) {
            return Self::Id(id);
        }
        let kind = fields["type"].as_str().and_then(RequestKind::from_name);
        // A message that cannot be parsed is answered by an error.
        Self::Name(kind.map_or("error", RequestKind::answered_by))
    }

    pub(super) fn is_answered_by(&self, received: &Received) -> bool {
        match self {
            Self::Id(id) => received.answers().contains(id),
            Self::Name(name) => {
                let by_name = received.name() == *name || received.name() == "error";
                by_name && received.request_id().is_none()
            }
        }
    }
}

#[derive(Debug)]
struct Waiting {
    key: AnswerKey,
    creates: bool,
    since: Instant,
}

/// Tracks requests and tabs of one connection.
#[derive(Debug, Default)]
pub(super) struct RequestTracker {
    numbered: u64,
    waiting: Vec<Waiting>,
    last_tab: Option<TabId>,
    tabs: BTreeSet<TabId>,
}

impl RequestTracker {
    /// The next id: `c1`, `c2`, …; skips ids of unanswered requests that were typed by hand.
    pub(super) fn next_id(&mut self) -> RequestId {
        loop {
            self.numbered += 1;
            let id = RequestId::Text(format!("c{}", self.numbered));
            if !self.waits_for(&AnswerKey::Id(id.clone())) {
                return id;
            }
        }
    }

    /// Records a request that is being sent.
    pub(super) fn sent(&mut self, key: AnswerKey, creates: bool, now: Instant) {
        self.waiting.push(Waiting {
            key,
            creates,
            since: now,
        });
    }

    /// Records an event; returns the round-trip time of the request that it answers.
    pub(super) fn came(&mut self, received: &Received, now: Instant) -> Option<Duration> {
        let mut took = None;
        let own = received.request_id();
        let mut creates = false;
        let mut nameless_answered = false;
        self.waiting.retain(|waiting| {
            let nameless = matches!(waiting.key, AnswerKey::Name(_));
            if (nameless && nameless_answered) || !waiting.key.is_answered_by(received) {
                return true;
            }
            nameless_answered |= nameless;
            let first = match (&waiting.key, &own) {
                (AnswerKey::Id(id), Some(own)) => id == own,
                _ => true,
            };
            if first {
                took = Some(now.duration_since(waiting.since));
                creates |= waiting.creates;
            }
            false
        });
        if let Received::Message(message) = received {
            self.note_tabs(&message.event, creates);
        }
        took
    }

    fn note_tabs(&mut self, event: &Event, created_here: bool) {
        match event {
            Event::Welcome(welcome) => self.tabs.extend(welcome.tabs.iter().map(|tab| tab.id)),
            Event::Tabs(tabs) => self.tabs = tabs.tabs.iter().map(|tab| tab.id).collect(),
            Event::TabClosed(closed) => {
                self.tabs.remove(&closed.id);
            }
            Event::TabCreated(created) => {
                self.tabs.insert(created.id);
                // A popup opened meanwhile must not become `$`.
                if created_here {
                    self.last_tab = Some(created.id);
                }
            }
            _ => {}
        }
    }

    pub(super) fn waits_for(&self, key: &AnswerKey) -> bool {
        self.waiting.iter().any(|waiting| waiting.key == *key)
    }

    /// Whether a `createTab` is unanswered, so that `$` is about to change.
    pub(super) fn is_creating(&self) -> bool {
        self.waiting.iter().any(|waiting| waiting.creates)
    }

    /// The number of unanswered requests.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The tab created last on this connection.
    pub(super) fn last_tab(&self) -> Option<TabId> {
        self.last_tab
    }

    /// The open tabs that this connection has seen.
    pub(super) fn tabs(&self) -> impl Iterator<Item = TabId> + '_ {
        self.tabs.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::Message;
    use cdp_bridge_protocol::event::{CloseReason, Pong, TabClosed, TabCreated};

    fn created(id: u64, request: Option<&str>) -> Received {
        let event = TabCreated {
            id: TabId::new(id),
            url: "about:blank".to_owned(),
            logged_out: false,
            opener_id: None,
        };
        Received::Message(Box::new(Message {
            request_id: request.map(Into::into),
            ..Message::unasked(event)
        }))
    }

    fn pong(request: Option<RequestId>) -> Received {
        Received::Message(Box::new(Message {
            request_id: request,
            ..Message::unasked(Pong { ts: 1 })
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_ends_the_waiting_and_tells_how_long_it_took() {
        let mut tracker = RequestTracker::default();
        let id = tracker.next_id();
        let start = Instant::now();
        tracker.sent(AnswerKey::Id(id.clone()), false, start);
        let later = start + Duration::from_millis(34);
        assert_eq!(tracker.came(&pong(None), later), None);
        assert_eq!(tracker.waiting(), 1);
        assert_eq!(
            tracker.came(&pong(Some(id)), later),
            Some(Duration::from_millis(34))
        );
        assert_eq!(tracker.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_without_an_id_is_answered_by_the_name_of_its_event() {
        let mut tracker = RequestTracker::default();
        let now = Instant::now();
        let key = AnswerKey::of_raw(r#"{"type":"ping"}"#);
        tracker.sent(key.clone(), false, now);
        tracker.sent(key, false, now);
        tracker.came(&created(1, None), now);
        tracker.came(&pong(Some("x".into())), now);
        assert_eq!(tracker.waiting(), 2);
        tracker.came(&pong(None), now);
        assert_eq!(tracker.waiting(), 1, "one answer answers one of them");
    }

    #[test]
    fn the_ticket_of_raw_text_is_its_id_or_the_name_of_its_answer() {
        for (text, key) in [
            (r#"{"type":"ping","requestId":7}"#, AnswerKey::Id(7.into())),
            (r#"{"type":"ping"}"#, AnswerKey::Name("pong")),
            (r#"{"type":"jump"}"#, AnswerKey::Name("error")),
            (
                r#"{"type":"ping","requestId":1.5}"#,
                AnswerKey::Name("pong"),
            ),
            ("{", AnswerKey::Name("error")),
        ] {
            assert_eq!(AnswerKey::of_raw(text), key, "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_tab_is_the_one_that_was_asked_for_and_no_popup() {
        let mut tracker = RequestTracker::default();
        let now = Instant::now();
        tracker.sent(AnswerKey::Id("c1".into()), true, now);
        assert!(tracker.is_creating());
        tracker.came(&created(1, Some("c1")), now);
        tracker.came(&created(2, None), now);
        assert!(!tracker.is_creating());
        assert_eq!(tracker.last_tab(), Some(TabId::new(1)));
        let closed = TabClosed {
            id: TabId::new(1),
            reason: CloseReason::Requested,
        };
        let closed = Received::Message(Box::new(Message::unasked(Event::from(closed))));
        tracker.came(&closed, now);
        assert_eq!(tracker.tabs().collect::<Vec<_>>(), [TabId::new(2)]);
    }

    #[test]
    fn an_id_that_was_typed_and_waits_is_not_given_again() {
        let mut tracker = RequestTracker::default();
        tracker.sent(AnswerKey::Id("c1".into()), false, Instant::now());
        assert_eq!(tracker.next_id(), "c2".into());
    }
}
