//! Which requests wait for their answer, and what is known of the tabs (pure).

use std::collections::BTreeSet;
use std::time::Duration;

use cdp_bridge_protocol::{Event, RequestId, RequestKind, TabId};
use serde_json::Value;
use tokio::time::Instant;

use crate::client::Received;

/// How the answer to a request will be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ticket {
    /// By its id.
    Id(RequestId),
    /// The request had none: by being the next event of this name, or the next error, that
    /// answers nobody else.
    Name(&'static str),
}

impl Ticket {
    /// The ticket of a text that is sent as it is.
    pub(super) fn of_raw(text: &str) -> Self {
        let fields: Value = serde_json::from_str(text).unwrap_or_default();
        if let Ok(id) = serde_json::from_value(fields["requestId"].clone()) {
            return Self::Id(id);
        }
        let kind = fields["type"].as_str().and_then(RequestKind::from_name);
        // What the bridge cannot read is answered by an error.
        Self::Name(kind.map_or("error", RequestKind::answered_by))
    }

    /// Whether this is the answer.
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
    ticket: Ticket,
    creates: bool,
    since: Instant,
}

/// The console's memory of one connection.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    numbered: u64,
    waiting: Vec<Waiting>,
    last_tab: Option<TabId>,
    tabs: BTreeSet<TabId>,
}

impl Ledger {
    /// The next id: `c1`, `c2`, …, without those that were typed by hand and still wait.
    pub(super) fn next_id(&mut self) -> RequestId {
        loop {
            self.numbered += 1;
            let id = RequestId::Text(format!("c{}", self.numbered));
            if !self.waits_for(&Ticket::Id(id.clone())) {
                return id;
            }
        }
    }

    /// Notes a request that is being sent.
    pub(super) fn sent(&mut self, ticket: Ticket, creates: bool, now: Instant) {
        self.waiting.push(Waiting {
            ticket,
            creates,
            since: now,
        });
    }

    /// Notes what came, and says how long its request waited for it.
    pub(super) fn came(&mut self, received: &Received, now: Instant) -> Option<Duration> {
        let mut took = None;
        let own = received.request_id();
        let mut creates = false;
        let mut nameless_answered = false;
        self.waiting.retain(|waiting| {
            let nameless = matches!(waiting.ticket, Ticket::Name(_));
            if (nameless && nameless_answered) || !waiting.ticket.is_answered_by(received) {
                return true;
            }
            nameless_answered |= nameless;
            let first = match (&waiting.ticket, &own) {
                (Ticket::Id(id), Some(own)) => id == own,
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
                // A popup that comes in between must not become `$`.
                if created_here {
                    self.last_tab = Some(created.id);
                }
            }
            _ => {}
        }
    }

    /// Whether this request still waits.
    pub(super) fn waits_for(&self, ticket: &Ticket) -> bool {
        self.waiting.iter().any(|waiting| waiting.ticket == *ticket)
    }

    /// Whether a tab is being created, so that `$` is about to change.
    pub(super) fn is_creating(&self) -> bool {
        self.waiting.iter().any(|waiting| waiting.creates)
    }

    /// How many requests wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The tab created last on this connection.
    pub(super) fn last_tab(&self) -> Option<TabId> {
        self.last_tab
    }

    /// Every tab that is open, as far as this connection knows.
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
        let mut ledger = Ledger::default();
        let id = ledger.next_id();
        let start = Instant::now();
        ledger.sent(Ticket::Id(id.clone()), false, start);
        let later = start + Duration::from_millis(34);
        assert_eq!(ledger.came(&pong(None), later), None);
        assert_eq!(ledger.waiting(), 1);
        assert_eq!(
            ledger.came(&pong(Some(id)), later),
            Some(Duration::from_millis(34))
        );
        assert_eq!(ledger.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_without_an_id_is_answered_by_the_name_of_its_event() {
        let mut ledger = Ledger::default();
        let now = Instant::now();
        let ticket = Ticket::of_raw(r#"{"type":"ping"}"#);
        ledger.sent(ticket.clone(), false, now);
        ledger.sent(ticket, false, now);
        ledger.came(&created(1, None), now);
        ledger.came(&pong(Some("x".into())), now);
        assert_eq!(ledger.waiting(), 2);
        ledger.came(&pong(None), now);
        assert_eq!(ledger.waiting(), 1, "one answer answers one of them");
    }

    #[test]
    fn the_ticket_of_raw_text_is_its_id_or_the_name_of_its_answer() {
        for (text, ticket) in [
            (r#"{"type":"ping","requestId":7}"#, Ticket::Id(7.into())),
            (r#"{"type":"ping"}"#, Ticket::Name("pong")),
            (r#"{"type":"jump"}"#, Ticket::Name("error")),
            (r#"{"type":"ping","requestId":1.5}"#, Ticket::Name("pong")),
            ("{", Ticket::Name("error")),
        ] {
            assert_eq!(Ticket::of_raw(text), ticket, "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_tab_is_the_one_that_was_asked_for_and_no_popup() {
        let mut ledger = Ledger::default();
        let now = Instant::now();
        ledger.sent(Ticket::Id("c1".into()), true, now);
        assert!(ledger.is_creating());
        ledger.came(&created(1, Some("c1")), now);
        ledger.came(&created(2, None), now);
        assert!(!ledger.is_creating());
        assert_eq!(ledger.last_tab(), Some(TabId::new(1)));
        let closed = TabClosed {
            id: TabId::new(1),
            reason: CloseReason::Requested,
        };
        let closed = Received::Message(Box::new(Message::unasked(Event::from(closed))));
        ledger.came(&closed, now);
        assert_eq!(ledger.tabs().collect::<Vec<_>>(), [TabId::new(2)]);
    }

    #[test]
    fn an_id_that_was_typed_and_waits_is_not_given_again() {
        let mut ledger = Ledger::default();
        ledger.sent(Ticket::Id("c1".into()), false, Instant::now());
        assert_eq!(ledger.next_id(), "c2".into());
    }
}
