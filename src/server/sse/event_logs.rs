//! The event logs of all sessions: a listener of the event bus.
//!
//! A session that a client has created has a log from its first event on, so that a client that connects after it was
//! created misses nothing. Of the implicit session a log is kept once a client has asked for its events. The logs of a client
//! share one bound, [`EventLogs::new`]; what exceeds it evicts first the logs of sessions that have ended, and then the
//! oldest events of the log that takes most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use cdp_bridge_protocol::Message;
use cdp_bridge_protocol::event::Gap;
use tokio::sync::watch;
use tokio::time::Instant;

use super::event_log::{EventLog, LogRead, LoggedEvent};
use crate::clock::epoch_ms;
use crate::lock::lock;
use crate::metrics;
use crate::operations::sessions::SessionStatus;
use crate::operations::{
    Audience, ClientId, ClientSessionId, Fact, FactKind, FactListener, Published, Scope,
};
use crate::server::wire;

/// Bytes of a log beside its events.
const LOG_OVERHEAD: usize = 512;

/// How long a log is kept after its session has ended or, of the implicit session, after its last reader has left.
const KEPT: Duration = Duration::from_mins(5);

/// The logs of all clients.
#[derive(Debug)]
pub(crate) struct EventLogs {
    bytes_of_client: usize,
    clients: Mutex<HashMap<ClientId, ClientLogs>>,
}

#[derive(Debug, Default)]
struct ClientLogs {
    logs: HashMap<ClientSessionId, SessionLog>,
    /// The memory of all of them.
    bytes: usize,
    /// The first number that no log of the client has had.
    unused_number: u64,
}

#[derive(Debug)]
struct SessionLog {
    log: EventLog,
    changed: watch::Sender<()>,
    readers: usize,
    /// When it last had an event or a reader.
    used: Instant,
}

/// Reads the events of one session.
#[derive(Debug)]
pub(crate) struct EventReader {
    logs: Arc<EventLogs>,
    scope: Scope,
    /// The number of the last event that was read.
    after: u64,
    /// A gap that was found when the reader was made.
    gap: Option<Gap>,
    changed: watch::Receiver<()>,
}

impl EventLogs {
    /// Keeps up to this many bytes for all sessions of a client.
    pub(crate) fn new(bytes_of_client: usize) -> Self {
        Self {
            bytes_of_client,
            clients: Mutex::default(),
        }
    }

    /// A reader of a session's events, which begins after the last one that its client has seen: `Some(0)` for all that
    /// are kept, `None` for only new ones.
    pub(crate) fn open(self: &Arc<Self>, scope: &Scope, seen: Option<u64>) -> EventReader {
        let mut clients = self.clients();
        let client = clients.entry(scope.client.clone()).or_default();
        let now = Instant::now();
        client.forget_unused(now);
        let kept = client.log_of(scope.session, now);
        kept.readers += 1;
        kept.used = now;
        let (after, gap) = kept.log.begin_after(seen);
        EventReader {
            logs: Arc::clone(self),
            scope: scope.clone(),
            after,
            gap,
            changed: kept.changed.subscribe(),
        }
    }

    /// The number of the last event of a session, if its log is kept.
    pub(crate) fn last_of(&self, scope: &Scope) -> Option<u64> {
        let clients = self.clients();
        let client = clients.get(&scope.client)?;
        Some(client.logs.get(&scope.session)?.log.last())
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<ClientId, ClientLogs>> {
        lock(&self.clients)
    }

    fn append(&self, client: &mut ClientLogs, session: ClientSessionId, event: &LoggedEvent) {
        let now = Instant::now();
        let Some(kept) = client.logs.get_mut(&session) else {
            return;
        };
        if kept.log.is_over() {
            return;
        }
        kept.log.push(event.clone());
        kept.used = now;
        client.bytes += event.cost();
        kept.changed.send_replace(());
        client.shrink_to(self.bytes_of_client);
    }
}

impl FactListener for EventLogs {
    fn on_fact(&self, published: &Arc<Published>) {
        let fact = &published.fact;
        let mut clients = self.clients();
        // Lines of consoles are sent to those who have subscribed to them on a WebSocket.
        let session_of = match &fact.audience {
            Audience::Everyone => None,
            Audience::Scope(scope) | Audience::Session(scope) => Some(scope),
            Audience::Subscribers(..) => return,
        };
        if let Some(scope) = session_of {
            let is_kept = clients
                .get(&scope.client)
                .is_some_and(|client| client.logs.contains_key(&scope.session));
            if !is_kept && scope.session == ClientSessionId::DEFAULT {
                return;
            }
        } else if clients.is_empty() {
            return;
        }
        let Some(event) = logged(fact.clone()) else {
            return;
        };
        let Some(scope) = session_of else {
            for client in clients.values_mut() {
                let sessions: Vec<_> = client.logs.keys().copied().collect();
                for session in sessions {
                    self.append(client, session, &event);
                }
            }
            return;
        };
        let client = clients.entry(scope.client.clone()).or_default();
        let now = Instant::now();
        if !client.logs.contains_key(&scope.session) {
            client.forget_unused(now);
            client.log_of(scope.session, now);
        }
        self.append(client, scope.session, &event);
        if is_last(&fact.kind)
            && let Some(kept) = client.logs.get_mut(&scope.session)
        {
            kept.log.end();
            kept.changed.send_replace(());
        }
    }
}

/// Whether nothing follows in a session after this.
fn is_last(kind: &FactKind) -> bool {
    matches!(
        kind,
        FactKind::SessionStateChanged {
            status: SessionStatus::Destroyed | SessionStatus::Error,
            ..
        }
    )
}

fn logged(fact: Fact) -> Option<LoggedEvent> {
    let tab = fact.tab;
    let event = wire::event(fact)?;
    Some(LoggedEvent {
        name: event.name(),
        tab,
        data: Message::unasked(event).to_json().into(),
    })
}

impl ClientLogs {
    /// The log of a session, which is begun if there is none.
    fn log_of(&mut self, session: ClientSessionId, now: Instant) -> &mut SessionLog {
        let Self {
            logs,
            bytes,
            unused_number,
        } = self;
        logs.entry(session).or_insert_with(|| {
            *bytes += LOG_OVERHEAD;
            SessionLog {
                log: EventLog::new(first_number().max(*unused_number)),
                changed: watch::Sender::default(),
                readers: 0,
                used: now,
            }
        })
    }

    /// Drops the logs that nothing is added to and that were not read for a while.
    fn forget_unused(&mut self, now: Instant) {
        self.drop_where(|session, kept| {
            let may_end = kept.log.is_over() || *session == ClientSessionId::DEFAULT;
            may_end && kept.readers == 0 && kept.used + KEPT <= now
        });
    }

    fn drop_where(&mut self, unused: impl Fn(&ClientSessionId, &SessionLog) -> bool) {
        let (bytes, unused_number) = (&mut self.bytes, &mut self.unused_number);
        self.logs.retain(|session, kept| {
            let is_dropped = unused(session, kept);
            if is_dropped {
                *bytes -= LOG_OVERHEAD + kept.log.cost();
                // One is left out, so that a reader of the log finds that it was dropped.
                *unused_number = (*unused_number).max(kept.log.last() + 2);
            }
            !is_dropped
        });
    }

    /// Evicts until the logs fit.
    fn shrink_to(&mut self, most: usize) {
        while self.bytes > most {
            let ended = self
                .logs
                .iter()
                .filter(|(_, kept)| kept.log.is_over() && kept.readers == 0)
                .min_by_key(|(_, kept)| kept.used)
                .map(|(session, _)| *session);
            if let Some(ended) = ended {
                self.drop_where(|session, _| *session == ended);
                continue;
            }
            let largest = self.logs.values_mut().max_by_key(|kept| kept.log.cost());
            let Some(freed) = largest.and_then(|kept| kept.log.evict_oldest()) else {
                return;
            };
            self.bytes -= freed;
            metrics::dropped("event", "log_full");
        }
    }
}

/// Higher than the number of any event of an earlier process: no session has an event each microsecond.
fn first_number() -> u64 {
    epoch_ms().saturating_mul(1000)
}

impl EventReader {
    /// What follows, up to this many events.
    pub(crate) fn read(&mut self, most: usize) -> LogRead {
        self.changed.mark_unchanged();
        let mut clients = self.logs.clients();
        let kept = clients
            .get_mut(&self.scope.client)
            .and_then(|client| client.logs.get_mut(&self.scope.session));
        // A log is not dropped while it is read.
        let Some(kept) = kept else {
            return LogRead {
                gap: None,
                events: Vec::new(),
                is_end: true,
            };
        };
        let mut read = kept.log.read(self.after, most);
        let newest = read.events.last().map(|(number, _)| *number);
        let newest = newest.or(read.gap.map(|gap| gap.to));
        self.after = newest.unwrap_or(self.after);
        read.gap = match (self.gap.take(), read.gap) {
            (Some(known), Some(found)) => Some(Gap {
                from: known.from,
                to: found.to,
            }),
            (known, found) => known.or(found),
        };
        read
    }

    /// Waits until there may be more than was read.
    pub(crate) async fn changed(&mut self) {
        // The sender is dropped with the log, which outlives its readers.
        let _ = self.changed.changed().await;
    }
}

impl Drop for EventReader {
    fn drop(&mut self) {
        let mut clients = self.logs.clients();
        let kept = clients
            .get_mut(&self.scope.client)
            .and_then(|client| client.logs.get_mut(&self.scope.session));
        if let Some(kept) = kept {
            kept.readers -= 1;
            kept.used = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use cdp_bridge_protocol::TabId;
    use futures::FutureExt as _;

    use super::*;
    use crate::operations::{CallerId, EventBus};
    use crate::tabs::FactSink as _;

    fn session(client: &str, number: u128) -> Scope {
        Scope {
            client: client.into(),
            session: ClientSessionId::new(number),
        }
    }

    fn of_tab(scope: &Scope, number: u64) -> Fact {
        Fact::of_tab(scope, TabId::new(number), FactKind::TabActivated)
    }

    struct Fixture {
        bus: EventBus,
        logs: Arc<EventLogs>,
    }

    impl Fixture {
        fn new(bytes: usize) -> Self {
            let (bus, logs) = (EventBus::new(), Arc::new(EventLogs::new(bytes)));
            bus.listen(Arc::clone(&logs) as Arc<dyn FactListener>);
            Self { bus, logs }
        }

        fn publish(&self, scope: &Scope, tabs: std::ops::RangeInclusive<u64>) {
            tabs.for_each(|tab| self.bus.publish(of_tab(scope, tab)));
        }

        fn bytes(&self, client: &str) -> usize {
            let clients = self.logs.clients();
            clients.get(&client.into()).map_or(0, |it| it.bytes)
        }
    }

    fn tabs(read: &LogRead) -> Vec<String> {
        let text = |event: &LoggedEvent| {
            let json: serde_json::Value = serde_json::from_slice(&event.data).unwrap();
            json["id"].as_str().unwrap_or(event.name).to_owned()
        };
        read.events.iter().map(|(_, event)| text(event)).collect()
    }

    #[tokio::test]
    async fn a_session_is_logged_from_its_first_event_and_the_implicit_one_from_its_first_reader() {
        let fixture = Fixture::new(1 << 20);
        let (implicit, made, other) = ("a".into(), session("a", 1), session("b", 1));
        for scope in [&implicit, &made, &other] {
            fixture.publish(scope, 1..=1);
        }
        let [mut of_implicit, mut of_made] =
            [&implicit, &made].map(|scope| fixture.logs.open(scope, Some(0)));
        fixture.publish(&implicit, 2..=2);
        let (reason, restarts) = (None, 1);
        let up = Fact::of_browser(FactKind::BrowserUp { reason, restarts });
        fixture.bus.publish(up);
        assert_eq!(tabs(&of_implicit.read(9)), ["t2", "browserUp"]);
        assert_eq!(tabs(&of_made.read(9)), ["t1", "browserUp"]);
        let line = Fact {
            audience: Audience::Subscribers(made.clone(), vec![CallerId(1)]),
            ..of_tab(&made, 9)
        };
        fixture.bus.publish(line);
        assert!(of_made.read(9).events.is_empty());
    }

    #[tokio::test]
    async fn a_reader_is_woken_by_an_event_of_its_session_alone() {
        let fixture = Fixture::new(1 << 20);
        let (one, two) = (session("a", 1), session("a", 2));
        let mut reader = fixture.logs.open(&one, None);
        assert!(reader.read(9).events.is_empty());
        fixture.publish(&two, 1..=1);
        assert!(reader.changed().now_or_never().is_none());
        fixture.publish(&one, 1..=1);
        assert!(reader.changed().now_or_never().is_some());
        assert_eq!(tabs(&reader.read(9)), ["t1"]);
    }

    #[tokio::test]
    async fn the_logs_of_a_client_stay_within_their_bound_and_the_largest_one_gives_way() {
        const BOUND: usize = 8 * 1024;
        let fixture = Fixture::new(BOUND);
        let (quiet, noisy, other) = (session("a", 1), session("a", 2), session("b", 1));
        fixture.publish(&quiet, 1..=3);
        fixture.publish(&other, 1..=3);
        fixture.publish(&noisy, 1..=1000);
        assert!(fixture.bytes("a") <= BOUND && fixture.bytes("b") < 1024);
        let mut readers = [&quiet, &other, &noisy].map(|it| fixture.logs.open(it, Some(0)));
        let [quiet, other, noisy] = readers.each_mut().map(|reader| reader.read(9999));
        assert_eq!((quiet.gap, tabs(&quiet).len()), (None, 3));
        assert_eq!((other.gap, tabs(&other).len()), (None, 3));
        let gap = noisy.gap.unwrap();
        assert_eq!(gap.to - gap.from + 1 + noisy.events.len() as u64, 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_that_is_not_read_is_dropped_and_its_client_finds_a_gap() {
        let fixture = Fixture::new(1 << 20);
        let implicit: Scope = "a".into();
        let mut reader = fixture.logs.open(&implicit, None);
        fixture.publish(&implicit, 1..=1);
        let seen = reader.read(9).events[0].0;
        drop(reader);
        tokio::time::advance(KEPT).await;
        let mut again = fixture.logs.open(&implicit, Some(seen));
        let gap = again.read(9).gap;
        let is_right = gap.is_some_and(|gap| gap.from == seen + 1 && gap.to >= gap.from);
        assert!(is_right, "{gap:?}");
    }
}
