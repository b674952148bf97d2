//! Limits how many pages are opened at a time. No I/O.
//!
//! An overloaded browser does not refuse to open pages: it opens all of them with growing delays,
//! including those whose requests have timed out and been repeated. New headless stopped responding
//! altogether under such load. So only a few are requested at a time, and a request that is cancelled
//! while it is queued never reaches the browser.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::tabs::target::OpenRequest;

/// Pages that are opened at a time. Two cores open four as fast as eight.
const CONCURRENT_OPENS: usize = 8;

#[derive(Debug)]
pub(super) struct OpenLimiter {
    /// At most one request of each tab.
    queue: VecDeque<OpenRequest>,
    permits: Arc<Semaphore>,
}

impl Default for OpenLimiter {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            permits: Arc::new(Semaphore::new(CONCURRENT_OPENS)),
        }
    }
}

impl OpenLimiter {
    pub(super) fn push(&mut self, request: OpenRequest) {
        self.queue.push_back(request);
    }

    /// The next request that may be sent to the browser. It counts against the limit until it is dropped.
    pub(super) fn next(&mut self) -> Option<OpenRequest> {
        self.queue.retain(|request| !request.reply.is_closed());
        if self.queue.is_empty() {
            return None;
        }
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        let mut request = self.queue.pop_front()?;
        request.permit = Some(permit);
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::target::{ContextChoice, Delivery, OpenError};
    use cdp_bridge_protocol::TabId;
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    type Answer = oneshot::Receiver<Result<Delivery, OpenError>>;

    fn request(limiter: &mut OpenLimiter, tab: u64) -> Answer {
        let (reply, answer) = oneshot::channel();
        limiter.push(OpenRequest {
            tab: TabId::new(tab),
            scope: "a".into(),
            context: ContextChoice::Shared,
            deadline: Instant::now(),
            reply,
            permit: None,
        });
        answer
    }

    #[test]
    fn few_are_opened_at_a_time_in_the_order_of_their_requests() {
        let mut limiter = OpenLimiter::default();
        let total = u64::try_from(CONCURRENT_OPENS).unwrap() + 2;
        let _answers: Vec<_> = (0..total).map(|tab| request(&mut limiter, tab)).collect();
        let mut opening: Vec<_> = std::iter::from_fn(|| limiter.next()).collect();
        assert_eq!(opening.len(), CONCURRENT_OPENS);
        opening.remove(3);
        let next = limiter.next().unwrap();
        assert_eq!(next.tab, TabId::new(total - 2));
        assert!(limiter.next().is_none());
    }

    #[test]
    fn a_request_that_is_cancelled_in_the_queue_is_never_opened() {
        let mut limiter = OpenLimiter::default();
        drop(request(&mut limiter, 1));
        let _answer = request(&mut limiter, 2);
        assert_eq!(limiter.next().unwrap().tab, TabId::new(2));
        assert!(limiter.next().is_none());
    }
}
