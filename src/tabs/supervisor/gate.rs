//! How many pages are opened at a time. No I/O.
//!
//! A browser that is asked to open more than it can does not refuse: it opens all of them, later
//! and later, also those that were given up meanwhile and asked for again. New headless came to
//! answer nothing at all any more by that. So few are asked of it at a time, and what is given up
//! before its time comes is never asked.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::tabs::target::OpenRequest;

/// The most pages that are being opened at a time. Two cores open four as fast as eight.
const AT_WORK: usize = 8;

/// Those that wait for their time.
#[derive(Debug)]
pub(super) struct Gate {
    /// At most one of each tab.
    waiting: VecDeque<OpenRequest>,
    free: Arc<Semaphore>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            free: Arc::new(Semaphore::new(AT_WORK)),
        }
    }
}

impl Gate {
    pub(super) fn push(&mut self, request: OpenRequest) {
        self.waiting.push_back(request);
    }

    /// The next one whose time has come. It counts as being opened until it is dropped.
    pub(super) fn next(&mut self) -> Option<OpenRequest> {
        self.waiting.retain(|request| !request.reply.is_closed());
        if self.waiting.is_empty() {
            return None;
        }
        let slot = Arc::clone(&self.free).try_acquire_owned().ok()?;
        let mut request = self.waiting.pop_front()?;
        request.slot = Some(slot);
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::target::{Delivery, OpenError, Place};
    use cdp_bridge_protocol::TabId;
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    type Answer = oneshot::Receiver<Result<Delivery, OpenError>>;

    fn ask(gate: &mut Gate, tab: u64) -> Answer {
        let (reply, answer) = oneshot::channel();
        gate.push(OpenRequest {
            tab: TabId::new(tab),
            scope: "a".into(),
            place: Place::Shared,
            deadline: Instant::now(),
            reply,
            slot: None,
        });
        answer
    }

    #[test]
    fn few_are_opened_at_a_time_in_the_order_they_were_asked_for() {
        let mut gate = Gate::default();
        let total = u64::try_from(AT_WORK).unwrap() + 2;
        let _answers: Vec<_> = (0..total).map(|tab| ask(&mut gate, tab)).collect();
        let mut at_work: Vec<_> = std::iter::from_fn(|| gate.next()).collect();
        assert_eq!(at_work.len(), AT_WORK);
        at_work.remove(3);
        let next = gate.next().unwrap();
        assert_eq!(next.tab, TabId::new(total - 2));
        assert!(gate.next().is_none());
    }

    #[test]
    fn what_was_given_up_while_it_waited_is_never_opened() {
        let mut gate = Gate::default();
        drop(ask(&mut gate, 1));
        let _answer = ask(&mut gate, 2);
        assert_eq!(gate.next().unwrap().tab, TabId::new(2));
        assert!(gate.next().is_none());
    }
}
