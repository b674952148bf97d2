//! The order in which tabs get a new target, and how many at a time. No I/O.
//!
//! After a browser has ended, all its tabs request a target at once, which a browser that has just
//! started would serve slowly. So only a few get a permit at a time, the most recently used first.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;

/// Tabs that are rebuilt at a time. Two cores open four targets as fast as eight.
const CONCURRENT_REBUILDS: usize = 4;

/// Permission to request a new target, until it is dropped.
#[derive(Debug)]
pub struct RebuildPermit {
    _permit: OwnedSemaphorePermit,
}

/// A waiting tab; ignored if the receiver is gone.
#[derive(Debug)]
pub(super) struct RebuildRequest {
    pub(super) last_used: Instant,
    pub(super) reply: oneshot::Sender<RebuildPermit>,
}

#[derive(Debug)]
pub(super) struct RebuildQueue {
    waiting: Vec<RebuildRequest>,
    permits: Arc<Semaphore>,
}

impl Default for RebuildQueue {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
            permits: Arc::new(Semaphore::new(CONCURRENT_REBUILDS)),
        }
    }
}

impl RebuildQueue {
    pub(super) fn push(&mut self, request: RebuildRequest) {
        self.waiting.push(request);
    }

    /// Waits until a permit is free, and forever while no tab waits for one. Cancel-safe.
    pub(super) async fn permit(&self) -> RebuildPermit {
        if !self.waiting.is_empty()
            && let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await
        {
            return RebuildPermit { _permit: permit };
        }
        // The semaphore is never closed, so the queue is empty.
        std::future::pending().await
    }

    /// Grants the permit to the most recently used tab.
    pub(super) fn grant(&mut self, mut permit: RebuildPermit) {
        self.waiting.sort_by_key(|request| request.last_used);
        while let Some(RebuildRequest { reply, .. }) = self.waiting.pop() {
            match reply.send(permit) {
                Ok(()) => return,
                // The tab was closed while it waited.
                Err(unused) => permit = unused,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use std::time::Duration;

    fn wait(queue: &mut RebuildQueue, last_used: Instant) -> oneshot::Receiver<RebuildPermit> {
        let (reply, permit) = oneshot::channel();
        queue.push(RebuildRequest { last_used, reply });
        permit
    }

    fn grant_all(queue: &mut RebuildQueue) {
        while let Some(permit) = queue.permit().now_or_never() {
            queue.grant(permit);
        }
    }

    #[test]
    fn the_most_recently_used_tabs_get_the_few_permits_first() {
        let (mut queue, now) = (RebuildQueue::default(), Instant::now());
        let mut tabs: Vec<_> = (0..6)
            .map(|age| wait(&mut queue, now - Duration::from_secs(age)))
            .collect();
        grant_all(&mut queue);
        let mut granted: Vec<_> = tabs.iter_mut().map(|tab| tab.try_recv().ok()).collect();
        let is_granted = |granted: &[Option<RebuildPermit>]| -> Vec<_> {
            granted.iter().map(Option::is_some).collect()
        };
        assert_eq!(is_granted(&granted), [true, true, true, true, false, false]);
        granted[1] = None;
        grant_all(&mut queue);
        assert!(tabs[4].try_recv().is_ok() && tabs[5].try_recv().is_err());
    }

    #[test]
    fn a_tab_that_was_closed_while_it_waited_uses_no_permit() {
        let (mut queue, now) = (RebuildQueue::default(), Instant::now());
        drop(wait(&mut queue, now));
        let mut tab = wait(&mut queue, now - Duration::from_secs(1));
        grant_all(&mut queue);
        assert!(tab.try_recv().is_ok());
        assert!(
            queue.permit().now_or_never().is_none(),
            "the queue is empty"
        );
    }
}
