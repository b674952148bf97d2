//! The calls that wait for an answer, each with its deadline. No I/O and no clock of its own.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use tokio::time::Instant;

use super::command_queue::MethodName;
use super::ids::SessionId;

/// One call that waits.
#[derive(Debug)]
pub struct Pending<R> {
    /// The session it was sent to; none for the browser itself.
    pub session: Option<SessionId>,
    /// The CDP method.
    pub method: MethodName,
    /// When it was sent.
    pub sent: Instant,
    /// Where its outcome goes.
    pub reply: R,
}

/// The pending table. `R` is whatever an outcome is delivered to.
#[derive(Debug)]
pub struct Calls<R> {
    pending: HashMap<u64, Pending<R>>,
    /// Deadlines, soonest first. Those of calls that are gone stay until they come up.
    deadlines: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl<R> Default for Calls<R> {
    fn default() -> Self {
        Self {
            pending: HashMap::new(),
            deadlines: BinaryHeap::new(),
        }
    }
}

impl<R> Calls<R> {
    /// Enters a call that is about to be sent.
    pub fn insert(&mut self, id: u64, call: Pending<R>, deadline: Instant) {
        self.pending.insert(id, call);
        self.deadlines.push(Reverse((deadline, id)));
    }

    /// Takes out the call that is answered, or given up by its caller. None: it is late.
    pub fn take(&mut self, id: u64) -> Option<Pending<R>> {
        let call = self.pending.remove(&id);
        // Abandoned deadlines must not outgrow the calls themselves.
        if self.deadlines.len() > 64 && self.deadlines.len() > 2 * self.pending.len() {
            self.deadlines
                .retain(|Reverse((_, id))| self.pending.contains_key(id));
        }
        call
    }

    /// When the next call runs out of time.
    pub fn next_deadline(&mut self) -> Option<Instant> {
        while let Some(Reverse((deadline, id))) = self.deadlines.peek() {
            if self.pending.contains_key(id) {
                return Some(*deadline);
            }
            self.deadlines.pop();
        }
        None
    }

    /// Takes out the calls whose time is over.
    pub fn expire(&mut self, now: Instant) -> Vec<Pending<R>> {
        let mut expired = Vec::new();
        while self.next_deadline().is_some_and(|deadline| deadline <= now) {
            if let Some(Reverse((_, id))) = self.deadlines.pop() {
                expired.extend(self.pending.remove(&id));
            }
        }
        expired
    }

    /// Takes out every call to a session, because it will not answer any more.
    pub fn end_session(&mut self, session: &SessionId) -> Vec<Pending<R>> {
        self.pending
            .extract_if(|_, call| call.session.as_ref() == Some(session))
            .map(|(_, call)| call)
            .collect()
    }

    /// Takes out every call, because the transport is gone.
    pub fn end_all(&mut self) -> Vec<Pending<R>> {
        self.deadlines.clear();
        self.pending.drain().map(|(_, call)| call).collect()
    }

    /// How many calls wait.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether no call waits.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn call(session: Option<&str>, sent: Instant, reply: u32) -> Pending<u32> {
        Pending {
            session: session.map(SessionId::from),
            method: "Page.enable".into(),
            sent,
            reply,
        }
    }

    fn replies(calls: Vec<Pending<u32>>) -> Vec<u32> {
        let mut replies: Vec<_> = calls.into_iter().map(|call| call.reply).collect();
        replies.sort_unstable();
        replies
    }

    #[test]
    fn a_call_is_taken_once_and_a_late_answer_finds_nothing() {
        let now = Instant::now();
        let mut calls = Calls::default();
        calls.insert(1, call(None, now, 10), now + Duration::from_secs(1));
        assert_eq!(calls.take(1).map(|call| call.reply), Some(10));
        assert!(calls.take(1).is_none());
        assert_eq!(calls.next_deadline(), None);
    }

    #[test]
    fn calls_run_out_of_time_in_the_order_of_their_deadlines() {
        let now = Instant::now();
        let mut calls = Calls::default();
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
        assert!(calls.is_empty());
    }

    #[test]
    fn the_end_of_a_session_takes_its_calls_and_no_others() {
        let now = Instant::now();
        let mut calls = Calls::default();
        for (id, session) in [(1, Some("A")), (2, Some("B")), (3, None), (4, Some("A"))] {
            calls.insert(id, call(session, now, u32::try_from(id).unwrap()), now);
        }
        assert_eq!(replies(calls.end_session(&"A".into())), [1, 4]);
        assert_eq!(replies(calls.end_all()), [2, 3]);
    }

    #[test]
    fn calls_that_are_answered_leave_nothing_behind() {
        let now = Instant::now();
        let mut calls = Calls::default();
        for id in 0..10_000 {
            calls.insert(id, call(None, now, 0), now + Duration::from_mins(1));
            calls.take(id);
        }
        assert!(calls.deadlines.len() <= 64);
    }
}
