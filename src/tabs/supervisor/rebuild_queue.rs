//! The order in which tabs get a new target, and how many at a time.
//!
//! After a browser has ended, all its tabs request a target at once, which a browser that has just
//! started would serve slowly. So only a few get a permit at a time: of the client that has the fewest
//! permits, the tab that was used most recently.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::flow::FairShare;
use crate::lock::lock;
use crate::tabs::identity::ClientId;

/// Tabs that are rebuilt at a time.
const CONCURRENT_REBUILDS: usize = 6;

/// Those of one client, so that pages that crash again and again do not delay those of others. Two cores open
/// four targets as fast as eight.
const CONCURRENT_REBUILDS_PER_CLIENT: usize = 4;

/// Permission to request a new target, until it is dropped.
#[derive(Debug)]
pub struct RebuildPermit {
    shared: Arc<Shared>,
    client: ClientId,
}

/// A waiting tab; ignored if the receiver is gone.
#[derive(Debug)]
pub(super) struct RebuildRequest {
    pub(super) client: ClientId,
    pub(super) last_used: Instant,
    pub(super) reply: oneshot::Sender<RebuildPermit>,
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<FairShare<ClientId, RebuildRequest>>,
    /// Something was added or released since the last grant.
    changed: Notify,
}

#[derive(Debug)]
pub(super) struct RebuildQueue {
    shared: Arc<Shared>,
}

impl Default for RebuildQueue {
    fn default() -> Self {
        let waiting = FairShare::new(CONCURRENT_REBUILDS, CONCURRENT_REBUILDS_PER_CLIENT);
        Self {
            shared: Arc::new(Shared {
                waiting: Mutex::new(waiting),
                changed: Notify::new(),
            }),
        }
    }
}

impl RebuildQueue {
    pub(super) fn push(&mut self, request: RebuildRequest) {
        lock(&self.shared.waiting).push(request.client.clone(), 1, request);
        self.shared.changed.notify_one();
    }

    /// Waits until there may be something to grant. Cancel-safe.
    pub(super) async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// Grants the free permits.
    pub(super) fn grant(&mut self) {
        loop {
            let next = lock(&self.shared.waiting).grant_by(|it| Reverse(it.last_used));
            let Some((client, _, request)) = next else {
                return;
            };
            let shared = Arc::clone(&self.shared);
            // The permit of a tab that was closed while it waited is dropped, and granted again.
            drop(request.reply.send(RebuildPermit { shared, client }));
        }
    }
}

impl Drop for RebuildPermit {
    fn drop(&mut self) {
        lock(&self.shared.waiting).release(&self.client, 1);
        self.shared.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn wait(
        queue: &mut RebuildQueue,
        client: &str,
        last_used: Instant,
    ) -> oneshot::Receiver<RebuildPermit> {
        let (reply, permit) = oneshot::channel();
        let client = client.into();
        queue.push(RebuildRequest {
            client,
            last_used,
            reply,
        });
        permit
    }

    #[test]
    fn the_most_recently_used_tabs_get_the_few_permits_first() {
        let (mut queue, now) = (RebuildQueue::default(), Instant::now());
        let mut tabs: Vec<_> = (0..5)
            .rev()
            .map(|age| wait(&mut queue, "a", now - Duration::from_secs(age)))
            .collect();
        queue.grant();
        let granted: Vec<_> = tabs.iter_mut().map(|tab| tab.try_recv().ok()).collect();
        let is_granted: Vec<_> = granted.iter().map(Option::is_some).collect();
        assert_eq!(is_granted, [false, true, true, true, true]);
        drop(granted);
        queue.grant();
        assert!(tabs[0].try_recv().is_ok());
    }

    #[test]
    fn a_client_whose_tabs_crash_again_and_again_delays_no_other() {
        let (mut queue, now) = (RebuildQueue::default(), Instant::now());
        let _crashing: Vec<_> = (0..9).map(|_| wait(&mut queue, "a", now)).collect();
        queue.grant();
        let mut other = wait(&mut queue, "b", now - Duration::from_mins(1));
        queue.grant();
        assert!(other.try_recv().is_ok());
    }

    #[tokio::test]
    async fn a_tab_that_was_closed_while_it_waited_uses_no_permit() {
        let (mut queue, now) = (RebuildQueue::default(), Instant::now());
        for _ in 0..9 {
            drop(wait(&mut queue, "a", now));
        }
        let mut tab = wait(&mut queue, "a", now - Duration::from_secs(1));
        queue.changed().await;
        queue.grant();
        assert!(tab.try_recv().is_ok());
        queue.changed().await;
    }
}
