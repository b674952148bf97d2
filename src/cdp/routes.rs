//! Which session's events go to which inbox. No I/O.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::client::Session;
use super::events::{EventKind, TargetInfo};
use super::ids::{SessionId, TargetId};

/// How many events an inbox holds. Its owner is a task that never waits, so that this is only
/// reached when something is wrong.
pub const INBOX_CAPACITY: usize = 1024;

/// Something that happened in a session.
#[derive(Debug)]
pub enum Event {
    /// A target was attached; its route exists already.
    Attached(Box<Attachment>),
    /// Anything else.
    Raw(RawEvent),
}

/// An event that has not been decoded yet.
#[derive(Debug, Clone)]
pub struct RawEvent {
    /// Which event.
    pub kind: EventKind,
    /// Its fields as JSON.
    pub params: Bytes,
}

/// A target that was attached, with everything that belongs to it.
#[derive(Debug)]
pub struct Attachment {
    /// The handle to its session.
    pub session: Session,
    /// Its events.
    pub inbox: Inbox,
    /// What is known about it.
    pub info: TargetInfo,
    /// Whether it stands still until `Runtime.runIfWaitingForDebugger`.
    pub waiting_for_debugger: bool,
}

/// The reading end of a session's events. It ends when the session or the transport ends.
#[derive(Debug)]
pub struct Inbox {
    events: mpsc::Receiver<Event>,
    lost: Arc<AtomicU64>,
}

impl Inbox {
    /// The next event; none once the session is over.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// How many events did not fit since this was last asked.
    pub fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

/// The inbox is full or its reader is gone; the event comes back.
#[derive(Debug)]
pub struct Undelivered(pub Event);

#[derive(Debug)]
struct Route {
    inbox: mpsc::Sender<Event>,
    lost: Arc<AtomicU64>,
    target: Option<TargetId>,
}

/// The table of inboxes: the browser's own, and one for each attached session.
#[derive(Debug)]
pub struct Routes {
    root: Route,
    sessions: HashMap<SessionId, Route>,
}

impl Routes {
    /// A table with the browser's own inbox.
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

    /// Adds the route of a session.
    pub fn insert(&mut self, session: SessionId, target: TargetId) -> Inbox {
        let (route, inbox) = Route::new(Some(target));
        self.sessions.insert(session, route);
        inbox
    }

    /// Removes the route of a session, which ends its inbox once that has been read.
    pub fn remove(&mut self, session: &SessionId) -> bool {
        self.sessions.remove(session).is_some()
    }

    /// The sessions attached to a target.
    pub fn sessions_of(&self, target: &TargetId) -> Vec<SessionId> {
        self.sessions
            .iter()
            .filter(|(_, route)| route.target.as_ref() == Some(target))
            .map(|(session, _)| session.clone())
            .collect()
    }

    /// Delivers an event without waiting, so that no slow reader holds an answer up.
    pub fn deliver(&self, session: Option<&SessionId>, event: Event) -> Result<(), Undelivered> {
        let route = match session {
            None => &self.root,
            Some(session) => match self.sessions.get(session) {
                Some(route) => route,
                // A session that has just been detached: its last events interest nobody.
                None => return Ok(()),
            },
        };
        route.inbox.try_send(event).map_err(|error| {
            route.lost.fetch_add(1, Ordering::Relaxed);
            Undelivered(error.into_inner())
        })
    }
}

impl Route {
    fn new(target: Option<TargetId>) -> (Self, Inbox) {
        let (sender, events) = mpsc::channel(INBOX_CAPACITY);
        let lost = Arc::new(AtomicU64::new(0));
        (
            Self {
                inbox: sender,
                lost: Arc::clone(&lost),
                target,
            },
            Inbox { events, lost },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event::Raw(RawEvent {
            kind: EventKind::LoadEventFired,
            params: Bytes::new(),
        })
    }

    #[tokio::test]
    async fn an_event_reaches_its_own_session_only() {
        let (mut routes, mut root) = Routes::new();
        let mut a = routes.insert("A".into(), "TA".into());
        let mut b = routes.insert("B".into(), "TB".into());
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
        let mut a = routes.insert("A".into(), "T".into());
        assert_eq!(routes.sessions_of(&"T".into()), ["A".into()]);
        routes.deliver(Some(&"A".into()), event()).unwrap();
        assert!(routes.remove(&"A".into()) && !routes.remove(&"A".into()));
        assert!(a.next().await.is_some() && a.next().await.is_none());
    }

    #[test]
    fn an_inbox_that_is_full_gives_the_event_back_and_counts_it() {
        let (mut routes, _root) = Routes::new();
        let a = routes.insert("A".into(), "T".into());
        for _ in 0..INBOX_CAPACITY {
            routes.deliver(Some(&"A".into()), event()).unwrap();
        }
        assert!(routes.deliver(Some(&"A".into()), event()).is_err());
        assert_eq!((a.take_lost(), a.take_lost()), (1, 0));
        drop(a);
    }
}
