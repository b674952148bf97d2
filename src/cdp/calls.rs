//! The table of pending calls, with their deadlines. No I/O, and no clock.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use tokio::time::Instant;

use super::command_queue::MethodName;
use super::ids::SessionId;

#[derive(Debug)]
pub(super) struct PendingCall<R> {
    /// `None` for the root session.
    pub(super) session: Option<SessionId>,
    pub(super) method: MethodName,
    pub(super) sent: Instant,
    pub(super) reply: R,
}

/// `R` receives the outcome of a call.
#[derive(Debug)]
pub(super) struct PendingCalls<R> {
    pending: HashMap<u64, PendingCall<R>>,
    /// Soonest first. Deadlines of calls that were taken out stay until they are due.
    deadlines: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl<R> Default for PendingCalls<R> {
    fn default() -> Self {
        Self {
            pending: HashMap::new(),
            deadlines: BinaryHeap::new(),
        }
    }
}

impl<R> PendingCalls<R> {
    pub(super) fn insert(&mut self, id: u64, call: PendingCall<R>, deadline: Instant) {
        self.pending.insert(id, call);
        self.deadlines.push(Reverse((deadline, id)));
    }

    /// Takes out a call that was answered, or whose caller was dropped. `None` for a late answer.
    pub(super) fn take(&mut self, id: u64) -> Option<PendingCall<R>> {
        let call = self.pending.remove(&id);
        // Bounds the number of stale deadlines.
        if self.deadlines.len() > 64 && self.deadlines.len() > 2 * self.pending.len() {
            self.deadlines
                .retain(|Reverse((_, id))| self.pending.contains_key(id));
        }
        call
    }

    pub(super) fn next_deadline(&mut self) -> Option<Instant> {
        while let Some(Reverse((deadline, id))) = self.deadlines.peek() {
            if self.pending.contains_key(id) {
                return Some(*deadline);
            }
            self.deadlines.pop();
        }
        None
    }

    /// Takes out the calls whose deadline has passed.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<PendingCall<R>> {
        let mut expired = Vec::new();
        while self.next_deadline().is_some_and(|deadline| deadline <= now) {
            if let Some(Reverse((_, id))) = self.deadlines.pop() {
                expired.extend(self.pending.remove(&id));
            }
        }
        expired
    }

    /// Takes out all calls to a session, which will not answer any more.
    pub(super) fn end_session(&mut self, session: &SessionId) -> Vec<PendingCall<R>> {
        self.pending
            .extract_if(|_, call| call.session.as_ref() == Some(session))
            .map(|(_, call)| call)
            .collect()
    }

    /// Takes out all calls, because the transport ended.
    pub(super) fn end_all(&mut self) -> Vec<PendingCall<R>> {
        self.deadlines.clear();
        self.pending.drain().map(|(_, call)| call).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn call(session: Option<&str>, sent: Instant, reply: u32) -> PendingCall<u32> {
        PendingCall {
            session: session.map(SessionId::from),
            method: "Page.enable".into(),
            sent,
            reply,
        }
    }

    fn replies(calls: Vec<PendingCall<u32>>) -> Vec<u32> {
        let mut replies: Vec<_> = calls.into_iter().map(|call| call.reply).collect();
        replies.sort_unstable();
        replies
    }

    #[test]
    fn a_call_is_taken_once_and_a_late_answer_finds_nothing() {
        let now = Instant::now();
        let mut calls = PendingCalls::default();
        calls.insert(1, call(None, now, 10), now + Duration::from_secs(1));
        assert_eq!(calls.take(1).map(|call| call.reply), Some(10));
        assert!(calls.take(1).is_none());
        assert_eq!(calls.next_deadline(), None);
    }

    #[test]
    fn calls_run_out_of_time_in_the_order_of_their_deadlines() {
        let now = Instant::now();
        let mut calls = PendingCalls::default();
        for (id, ms) in [(1, 30), (2, 10), (3, 20)] {
            calls.insert(
                id,
                call(None, now, u32::try_from(id).unwrap()),
                now + Duration::from_millis(ms),
            );
        }
        calls.take(2);
        assert_eq!(calls.next_deadline(), Some(now + Duration::from_millis(20)));
        assert!(calls.expire(now + Duration::from_millis(19)).is_empty());
        assert_eq!(replies(calls.expire(now + Duration::from_millis(20))), [3]);
        assert_eq!(replies(calls.expire(now + Duration::from_secs(1))), [1]);
        assert!(calls.end_all().is_empty());
    }

    #[test]
    fn the_end_of_a_session_takes_its_calls_and_no_others() {
        let now = Instant::now();
        let mut calls = PendingCalls::default();
        for (id, session) in [(1, Some("A")), (2, Some("B")), (3, None), (4, Some("A"))] {
            calls.insert(id, call(session, now, u32::try_from(id).unwrap()), now);
        }
        assert_eq!(replies(calls.end_session(&"A".into())), [1, 4]);
        assert_eq!(replies(calls.end_all()), [2, 3]);
    }

    #[test]
    fn calls_that_are_answered_leave_nothing_behind() {
        let now = Instant::now();
        let mut calls = PendingCalls::default();
        for id in 0..10_000 {
            calls.insert(id, call(None, now, 0), now + Duration::from_mins(1));
            calls.take(id);
        }
        assert!(calls.deadlines.len() <= 64);
    }
}
