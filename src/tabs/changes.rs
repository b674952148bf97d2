//! The changes that wait on a tab, in their order. No I/O.

use std::collections::VecDeque;

use cdp_bridge_protocol::TabId;
use tokio::time::Instant;

use super::hands::Action;
use super::message::Way;
use super::reply::Reply;
use super::supervisor::RebuildPermit;

/// One change of a tab, with whoever waits for it.
#[derive(Debug)]
pub enum Goal {
    /// The tab's first target.
    Create {
        /// Where it goes once the target is there.
        url: String,
        /// Answered by `tabCreated`.
        reply: Reply,
    },
    /// A popup's target is there already; its set-up is being finished.
    Adopt {
        /// The tab that opened it.
        opener: Option<TabId>,
    },
    /// A navigation that no request waits for: the first one, or the one after a rebuild.
    Follow {
        /// The URL.
        url: String,
    },
    /// `navigate`.
    Navigate {
        /// The URL.
        url: String,
        /// Answered by `navigated`.
        reply: Reply,
    },
    /// `activateTab`.
    Activate {
        /// Answered by `tabActivated`.
        reply: Reply,
    },
    /// `setLoggedOutMode`.
    Switch {
        /// The mode that is wanted.
        enabled: bool,
        /// Answered by `loggedOutModeSet`.
        reply: Reply,
    },
    /// `goBack`, `goForward`, `reload`.
    Travel {
        /// Which way.
        way: Way,
        /// Answered by `navigated`.
        reply: Reply,
    },
    /// Something that is done to the page.
    Act {
        /// What.
        action: Box<Action>,
        /// Answered by `done` or `evaluated`.
        reply: Reply,
    },
    /// A new target for a tab that has lost its own.
    Rebuild {
        /// Until the new one is there, others wait for theirs.
        turn: RebuildPermit,
    },
}

impl Goal {
    /// Whoever waits for it.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Create { reply, .. }
            | Self::Navigate { reply, .. }
            | Self::Activate { reply }
            | Self::Switch { reply, .. }
            | Self::Travel { reply, .. }
            | Self::Act { reply, .. } => Some(reply),
            Self::Adopt { .. } | Self::Follow { .. } | Self::Rebuild { .. } => None,
        }
    }

    /// Whoever waits for it, to be answered.
    pub fn into_reply(self) -> Option<Reply> {
        match self {
            Self::Create { reply, .. }
            | Self::Navigate { reply, .. }
            | Self::Activate { reply }
            | Self::Switch { reply, .. }
            | Self::Travel { reply, .. }
            | Self::Act { reply, .. } => Some(reply),
            Self::Adopt { .. } | Self::Follow { .. } | Self::Rebuild { .. } => None,
        }
    }
}

/// A place in the order of changes. A capture that arrives takes note of it and waits until
/// every change before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

impl Place {
    /// Before everything that a client asked for.
    pub const FIRST: Self = Self(0);
}

/// The queue.
#[derive(Debug)]
pub struct ChangeQueue {
    waiting: VecDeque<(Place, Goal)>,
    accepted: u64,
    capacity: usize,
}

impl ChangeQueue {
    /// An empty queue for this many requests.
    pub fn new(capacity: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            accepted: 0,
            capacity,
        }
    }

    /// Adds a request at the end; it comes back if the queue is full.
    pub fn push(&mut self, goal: Goal) -> Result<(), Goal> {
        if self.waiting.len() >= self.capacity {
            return Err(goal);
        }
        self.accepted += 1;
        self.waiting.push_back((Place(self.accepted), goal));
        Ok(())
    }

    /// Puts something in front of every request.
    pub fn push_first(&mut self, goal: Goal) {
        self.waiting.push_front((Place::FIRST, goal));
    }

    /// Puts back what was taken out last, to begin anew.
    pub fn put_back(&mut self, place: Place, goal: Goal) {
        self.waiting.push_front((place, goal));
    }

    /// Whether the next change is a navigation that a client asked for.
    pub fn leads_elsewhere(&self) -> bool {
        let next = self.waiting.front();
        next.is_some_and(|(_, goal)| matches!(goal, Goal::Navigate { .. }))
    }

    /// Takes out the next change.
    pub fn pop(&mut self) -> Option<(Place, Goal)> {
        self.waiting.pop_front()
    }

    /// Where a capture stands that arrives now.
    pub fn now(&self) -> Place {
        Place(self.accepted)
    }

    /// Whether a capture that stands there may run while this change runs.
    pub fn permits(&self, capture: Place, running: Option<Place>) -> bool {
        let next = running.or_else(|| self.waiting.front().map(|(place, _)| *place));
        next.is_none_or(|next| next > capture)
    }

    /// When the first request runs out of time.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.waiting
            .iter()
            .filter_map(|(_, goal)| goal.reply().map(|reply| reply.deadline))
            .min()
    }

    /// Takes out the requests whose time is over.
    pub fn expire(&mut self, now: Instant) -> Vec<Reply> {
        let over = |goal: &Goal| goal.reply().is_some_and(|reply| reply.deadline <= now);
        let mut expired = Vec::new();
        let mut kept = VecDeque::with_capacity(self.waiting.len());
        for (place, goal) in self.waiting.drain(..) {
            if over(&goal) {
                expired.extend(goal.into_reply());
            } else {
                kept.push_back((place, goal));
            }
        }
        self.waiting = kept;
        expired
    }

    /// Takes out every request.
    pub fn drain(&mut self) -> Vec<Reply> {
        self.waiting
            .drain(..)
            .filter_map(|(_, goal)| goal.into_reply())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::identity::{CallId, CallerId};
    use cdp_bridge_protocol::RequestKind;
    use std::time::Duration;

    fn navigate(limit_ms: u64) -> Goal {
        let now = Instant::now();
        let deadline = now + Duration::from_millis(limit_ms);
        let kind = RequestKind::Navigate;
        let call = CallId {
            caller: CallerId(1),
            number: 1,
        };
        let reply = Reply::new(kind, call, true, now, deadline, |_| {});
        Goal::Navigate {
            url: "about:blank".to_owned(),
            reply,
        }
    }

    #[test]
    fn a_capture_waits_for_the_changes_before_it_and_for_no_others() {
        let mut queue = ChangeQueue::new(8);
        let before = queue.now();
        queue.push(navigate(1000)).unwrap();
        let after = queue.now();
        queue.push(navigate(1000)).unwrap();
        assert!(queue.permits(before, None) && !queue.permits(after, None));
        let (running, _) = queue.pop().unwrap();
        assert!(queue.permits(before, Some(running)) && !queue.permits(after, Some(running)));
        assert!(queue.permits(after, None), "the first change is done");
    }

    #[test]
    fn what_is_put_first_holds_every_capture_up() {
        let mut queue = ChangeQueue::new(8);
        let early = queue.now();
        queue.push_first(Goal::Follow {
            url: "about:blank".to_owned(),
        });
        assert!(!queue.permits(early, None));
        queue.pop();
        assert!(queue.permits(early, None));
    }

    #[test]
    fn a_full_queue_gives_the_request_back() {
        let mut queue = ChangeQueue::new(1);
        queue.push(navigate(1000)).unwrap();
        assert!(queue.push(navigate(1000)).is_err());
    }

    #[test]
    fn requests_run_out_of_time_while_they_wait() {
        let mut queue = ChangeQueue::new(8);
        queue.push(navigate(30)).unwrap();
        queue.push(navigate(10)).unwrap();
        let first = queue.next_deadline().unwrap();
        assert_eq!(queue.expire(first).len(), 1);
        assert_eq!(queue.drain().len(), 1);
        assert_eq!(queue.next_deadline(), None);
    }
}
