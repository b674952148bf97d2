//! Captures or queries that run in a page, with the requests that wait for each.

use std::borrow::Cow;
use std::collections::HashMap;

use futures::StreamExt as _;
use futures::future::{AbortHandle, Aborted, BoxFuture, abortable};
use futures::stream::FuturesUnordered;
use tokio::time::Instant;

use super::identity::CallId;
use super::reply::Reply;

pub(super) struct PageWork<T> {
    running: FuturesUnordered<BoxFuture<'static, Result<(u64, T), Aborted>>>,
    waiters: HashMap<u64, Waiters>,
    next_id: u64,
}

struct Waiters {
    /// Empty once all of them have timed out or were cancelled.
    replies: Vec<Reply>,
    since: Instant,
    work: AbortHandle,
}

impl Waiters {
    fn take(&mut self, call: CallId) -> Option<Reply> {
        let at = self.replies.iter().position(|reply| reply.call == call)?;
        Some(self.replies.remove(at))
    }
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
        let (run, work) = abortable(async move { (id, work.await) });
        let waiters = Waiters {
            replies,
            since,
            work,
        };
        self.waiters.insert(id, waiters);
        self.running.push(Box::pin(run));
    }

    /// Waits until one is done, and returns the requests that still wait for it. Never ends while none
    /// runs.
    pub(super) async fn next_done(&mut self) -> (Vec<Reply>, T) {
        let (id, output) = loop {
            match self.running.next().await {
                None => return std::future::pending().await,
                Some(Ok(done)) => break done,
                Some(Err(Aborted)) => {}
            }
        };
        let waiters = self.waiters.remove(&id);
        (waiters.map_or_else(Vec::new, |it| it.replies), output)
    }

    pub(super) fn replies(&self) -> impl Iterator<Item = &Reply> {
        self.waiters.values().flat_map(|waiters| &waiters.replies)
    }

    /// Takes a request out. What it waited for goes on, also without others that wait.
    pub(super) fn take(&mut self, call: CallId) -> Option<Reply> {
        self.waiters.values_mut().find_map(|it| it.take(call))
    }

    /// Takes a request out, and ends what only it waited for.
    pub(super) fn stop(&mut self, call: CallId) -> Option<Reply> {
        let mut waiters = self.waiters.iter_mut();
        let (id, it, reply) = waiters.find_map(|(id, it)| {
            let reply = it.take(call)?;
            Some((*id, it, reply))
        })?;
        if it.replies.is_empty() {
            it.work.abort();
            self.waiters.remove(&id);
        }
        Some(reply)
    }

    /// When the oldest was started.
    pub(super) fn since(&self) -> Option<Instant> {
        self.waiters.values().map(|waiters| waiters.since).min()
    }

    /// Fails the requests that have timed out. True if there was one: the page may be unresponsive.
    pub(super) fn expire(
        &mut self,
        now: Instant,
        waiting_for: impl Fn(&Reply) -> Cow<'static, str>,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cdp_bridge_protocol::RequestKind;
    use futures::FutureExt as _;

    use super::*;
    use crate::tabs::identity::CallerId;

    fn call(number: u64) -> CallId {
        CallId {
            caller: CallerId(1),
            number,
        }
    }

    fn reply(number: u64) -> Reply {
        let now = Instant::now();
        let deadline = now + Duration::from_secs(1);
        Reply::new(
            RequestKind::Query,
            call(number),
            true,
            now,
            deadline,
            |_| {},
        )
    }

    #[tokio::test]
    async fn what_two_requests_wait_for_goes_on_until_both_are_stopped() {
        let mut work = PageWork::default();
        let (sender, ended) = tokio::sync::oneshot::channel::<()>();
        work.start(vec![reply(1), reply(2)], async move {
            let _sender = sender;
            std::future::pending::<()>().await;
        });
        assert!(work.stop(call(3)).is_none());
        assert!(work.stop(call(1)).is_some());
        assert!(work.next_done().now_or_never().is_none());
        assert!(work.stop(call(2)).is_some());
        assert!(work.next_done().now_or_never().is_none());
        assert!(ended.await.is_err(), "it was ended");
    }

    #[tokio::test]
    async fn what_a_request_is_taken_out_of_goes_on() {
        let mut work = PageWork::default();
        work.start(vec![reply(1)], async { 7 });
        assert!(work.take(call(1)).is_some());
        let (replies, output) = work.next_done().await;
        assert_eq!((replies.len(), output), (0, 7));
    }
}
