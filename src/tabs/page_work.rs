//! Captures or queries that run in a page, with the requests that wait for each.

use std::collections::HashMap;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::time::Instant;

use super::reply::Reply;

pub(super) struct PageWork<T> {
    running: FuturesUnordered<BoxFuture<'static, (u64, T)>>,
    waiters: HashMap<u64, Waiters>,
    next_id: u64,
}

struct Waiters {
    /// Empty once all of them have timed out.
    replies: Vec<Reply>,
    since: Instant,
}

impl<T> Default for PageWork<T> {
    fn default() -> Self {
        Self {
            running: FuturesUnordered::new(),
            waiters: HashMap::new(),
            next_id: 0,
        }
    }
}

impl<T> PageWork<T> {
    pub(super) fn start(
        &mut self,
        replies: Vec<Reply>,
        work: impl Future<Output = T> + Send + 'static,
    ) {
        let id = self.next_id;
        self.next_id += 1;
        let since = Instant::now();
        self.waiters.insert(id, Waiters { replies, since });
        self.running.push(Box::pin(async move { (id, work.await) }));
    }

    /// Waits until one is done, and returns the requests that still wait for it. Never ends while none
    /// runs.
    pub(super) async fn next_done(&mut self) -> (Vec<Reply>, T) {
        let Some((id, output)) = self.running.next().await else {
            return std::future::pending().await;
        };
        let waiters = self.waiters.remove(&id);
        (waiters.map_or_else(Vec::new, |it| it.replies), output)
    }

    pub(super) fn replies(&self) -> impl Iterator<Item = &Reply> {
        self.waiters.values().flat_map(|waiters| &waiters.replies)
    }

    /// When the oldest was started.
    pub(super) fn since(&self) -> Option<Instant> {
        self.waiters.values().map(|waiters| waiters.since).min()
    }

    /// Fails the requests that have timed out. True if there was one: the page may be unresponsive.
    pub(super) fn expire(
        &mut self,
        now: Instant,
        waiting_for: impl Fn(&Reply) -> &'static str,
    ) -> bool {
        let mut is_page_late = false;
        for Waiters { replies, .. } in self.waiters.values_mut() {
            for reply in replies.extract_if(.., |reply| reply.deadline <= now) {
                let waiting_for = waiting_for(&reply);
                reply.time_out(waiting_for);
                is_page_late = true;
            }
        }
        is_page_late
    }

    /// Cancels everything, and returns the requests that waited.
    pub(super) fn abandon(&mut self) -> Vec<Reply> {
        self.running.clear();
        let waiters = self.waiters.drain();
        waiters.flat_map(|(_, waiters)| waiters.replies).collect()
    }
}
