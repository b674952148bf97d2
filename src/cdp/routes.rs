//! Which session's events go to which inbox and to which raw routes. No I/O.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::client::TargetSession;
use super::events::{EventKind, TargetInfo, wanted};
use super::ids::{SessionId, TargetId};
use super::raw_route::{RawFrame, RawRouteEnd, RawSender};

/// How many events an inbox holds. Its owner is a task that reads without waiting for other things, so
/// that the limit is only reached when something is wrong.
pub const INBOX_CAPACITY: usize = 1024;

/// Returns the fields to queue, possibly shortened; `None` drops the event. It runs in the connection's
/// task.
pub type EventFilter = fn(EventKind, Bytes) -> Option<Bytes>;

#[derive(Debug)]
pub enum SessionEvent {
    /// A target was attached. Its route already exists.
    Attached(Box<Attachment>),
    Raw(RawEvent),
}

/// An event that has not been decoded yet.
#[derive(Debug, Clone)]
pub struct RawEvent {
    pub kind: EventKind,
    pub params: Bytes,
}

/// A newly attached target.
#[derive(Debug)]
pub struct Attachment {
    pub session: TargetSession,
    pub inbox: Inbox,
    pub info: TargetInfo,
    /// Whether it is paused until `Runtime.runIfWaitingForDebugger`.
    pub waiting_for_debugger: bool,
}

/// The reading end of a session's events. It ends when the session or the transport ends.
#[derive(Debug)]
pub struct Inbox {
    events: mpsc::Receiver<SessionEvent>,
    shared: Arc<InboxState>,
}

#[derive(Debug, Default)]
struct InboxState {
    lost: AtomicU64,
    filter: OnceLock<EventFilter>,
}

impl Inbox {
    /// The next event; `None` once the session or the connection has ended.
    pub async fn next(&mut self) -> Option<SessionEvent> {
        self.events.recv().await
    }

    /// Returns and resets the number of events that did not fit.
    pub fn take_lost(&self) -> u64 {
        self.shared.lost.swap(0, Ordering::Relaxed)
    }

    /// Applies this filter, instead of [`wanted`], to events that arrive from now on. An inbox is bounded
    /// in events and not in bytes, so the filter must shorten events that may be of any size. It can be
    /// set once.
    pub fn set_filter(&self, filter: EventFilter) {
        let _ = self.shared.filter.set(filter);
    }
}

/// The inbox is full or was dropped.
#[derive(Debug)]
pub struct Undelivered;

#[derive(Debug)]
struct Route {
    inbox: mpsc::Sender<SessionEvent>,
    shared: Arc<InboxState>,
    target: Option<TargetId>,
    raw: Vec<RawSender>,
}

/// The table of routes: one for the root session, and one for each attached session.
#[derive(Debug)]
pub struct Routes {
    root: Route,
    sessions: HashMap<SessionId, Route>,
}

impl Routes {
    /// A table with the root session only, and its inbox.
    pub fn new() -> (Self, Inbox) {
        let (root, inbox) = Route::new(None);
        (
            Self {
                root,
                sessions: HashMap::new(),
            },
            inbox,
        )
    }

    /// Adds the route of a session that was attached through `parent`, whose raw routes may include
    /// children.
    pub fn insert(
        &mut self,
        session: SessionId,
        target: TargetId,
        parent: Option<&SessionId>,
    ) -> Inbox {
        let (mut route, inbox) = Route::new(Some(target));
        if let Some(parent) = self.route(parent) {
            let inherited = parent.raw.iter().filter(|raw| raw.options.with_children);
            route.raw = inherited.cloned().collect();
        }
        self.sessions.insert(session, route);
        inbox
    }

    /// Removes the route of a session. Its inbox ends after the events that are queued already.
    pub fn remove(&mut self, session: &SessionId) -> bool {
        self.sessions.remove(session).is_some()
    }

    pub fn sessions_of(&self, target: &TargetId) -> Vec<SessionId> {
        self.sessions
            .iter()
            .filter(|(_, route)| route.target.as_ref() == Some(target))
            .map(|(session, _)| session.clone())
            .collect()
    }

    fn route(&self, session: Option<&SessionId>) -> Option<&Route> {
        match session {
            None => Some(&self.root),
            Some(session) => self.sessions.get(session),
        }
    }

    /// What the inbox's filter leaves of an event.
    pub fn filter(
        &self,
        session: Option<&SessionId>,
        kind: EventKind,
        params: Bytes,
    ) -> Option<Bytes> {
        let own = self.route(session).and_then(|it| it.shared.filter.get());
        own.copied().unwrap_or(wanted)(kind, params)
    }

    /// Delivers an event without waiting, so that no slow reader delays an answer.
    pub fn deliver(
        &self,
        session: Option<&SessionId>,
        event: SessionEvent,
    ) -> Result<(), Undelivered> {
        // A session that was just detached may still have events, which are dropped.
        let Some(route) = self.route(session) else {
            return Ok(());
        };
        match route.inbox.try_send(event) {
            // An event for an inbox that its owner has dropped has no recipient, and is not lost.
            Ok(()) | Err(TrySendError::Closed(SessionEvent::Raw(_))) => Ok(()),
            // The raw subscriber handles this session's events alone.
            Err(TrySendError::Closed(_)) if !route.raw.is_empty() => Ok(()),
            Err(_) => {
                route.shared.lost.fetch_add(1, Ordering::Relaxed);
                Err(Undelivered)
            }
        }
    }

    /// Adds a raw route to a session. If the session has ended, the sender is dropped, which ends
    /// the route.
    pub(super) fn add_raw(&mut self, session: Option<SessionId>, raw: RawSender) {
        let route = match session {
            None => Some(&mut self.root),
            Some(session) => self.sessions.get_mut(&session),
        };
        if let Some(route) = route {
            route.raw.push(raw);
        }
    }

    /// Delivers an event to the raw routes of its session. Routes that overflow, or that have no
    /// reader any more, are removed from all sessions.
    pub(super) fn deliver_raw(&mut self, frame: &RawFrame) -> Result<(), RawRouteEnd> {
        let routes = self.route(frame.session.as_ref());
        let raw = routes.map(|route| route.raw.clone()).unwrap_or_default();
        let mut outcome = Ok(());
        for sender in raw {
            let Err(end) = sender.send(frame.clone()) else {
                continue;
            };
            let sessions = self.sessions.values_mut();
            for route in sessions.chain([&mut self.root]) {
                route.raw.retain(|other| !other.is_same(&sender));
            }
            outcome = Err(end);
        }
        outcome
    }
}

impl Route {
    fn new(target: Option<TargetId>) -> (Self, Inbox) {
        let (sender, events) = mpsc::channel(INBOX_CAPACITY);
        let shared = Arc::<InboxState>::default();
        (
            Self {
                inbox: sender,
                shared: Arc::clone(&shared),
                target,
                raw: Vec::new(),
            },
            Inbox { events, shared },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> SessionEvent {
        SessionEvent::Raw(RawEvent {
            kind: EventKind::LoadEventFired,
            params: Bytes::new(),
        })
    }

    #[tokio::test]
    async fn an_event_reaches_its_own_session_only() {
        let (mut routes, mut root) = Routes::new();
        let mut a = routes.insert("A".into(), "TA".into(), None);
        let mut b = routes.insert("B".into(), "TB".into(), None);
        routes.deliver(Some(&"A".into()), event()).unwrap();
        routes.deliver(None, event()).unwrap();
        drop(routes);
        assert!(a.next().await.is_some() && a.next().await.is_none());
        assert!(b.next().await.is_none());
        assert!(root.next().await.is_some() && root.next().await.is_none());
    }

    #[tokio::test]
    async fn a_session_that_is_removed_still_reads_what_came_before() {
        let (mut routes, _root) = Routes::new();
        let mut a = routes.insert("A".into(), "T".into(), None);
        assert_eq!(routes.sessions_of(&"T".into()), ["A".into()]);
        routes.deliver(Some(&"A".into()), event()).unwrap();
        assert!(routes.remove(&"A".into()) && !routes.remove(&"A".into()));
        assert!(a.next().await.is_some() && a.next().await.is_none());
    }

    #[test]
    fn an_inbox_that_is_full_refuses_the_event_and_counts_it() {
        let (mut routes, _root) = Routes::new();
        let a = routes.insert("A".into(), "T".into(), None);
        for _ in 0..INBOX_CAPACITY {
            routes.deliver(Some(&"A".into()), event()).unwrap();
        }
        assert!(routes.deliver(Some(&"A".into()), event()).is_err());
        assert_eq!((a.take_lost(), a.take_lost()), (1, 0));
        drop(a);
    }
}
