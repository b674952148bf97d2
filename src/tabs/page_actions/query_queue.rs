//! The page queries of a tab: those that wait for preceding changes, and those that run. Queries run
//! concurrently and do not block changes.

use cdp_bridge_protocol::{RequestKind, TabId};
use futures::future::BoxFuture;
use tokio::time::Instant;

use super::ax_snapshot::RefCounter;
use super::driver::PageDriver;
use super::operation::{PageOperation, PageOutcome};
use crate::tabs::command_queue::QueuePosition;
use crate::tabs::error::TabError;
use crate::tabs::identity::CallId;
use crate::tabs::page_work::PageWork;
use crate::tabs::reply::Reply;

/// The maximum number of waiting and running queries of one tab.
const MAX_QUERIES: usize = 64;

#[derive(Default)]
pub(crate) struct QueryQueue {
    waiting: Vec<(PageOperation, QueuePosition, Reply)>,
    running: PageWork<PageOutcome>,
    /// Kept across pages of the tab, so that a ref never names two elements.
    refs: RefCounter,
}

/// A query that has ended.
pub(crate) struct QueryResult {
    /// Empty if it has timed out before.
    replies: Vec<Reply>,
    outcome: PageOutcome,
}

impl QueryQueue {
    /// Adds a query. Answers it with an error at once if the queue is full.
    pub(crate) fn push(&mut self, query: PageOperation, after: QueuePosition, reply: Reply) {
        if self.waiting.len() + self.running.replies().count() >= MAX_QUERIES {
            return reply.fail(TabError::QueueFull { limit: MAX_QUERIES });
        }
        self.waiting.push((query, after, reply));
    }

    /// Runs an operation with the ref numbers of this tab.
    pub(crate) fn begin(
        &self,
        operation: PageOperation,
        driver: &PageDriver,
        deadline: Instant,
    ) -> BoxFuture<'static, PageOutcome> {
        operation.run(driver.clone(), self.refs.clone(), deadline)
    }

    /// Starts the waiting queries whose preceding changes are done.
    pub(crate) fn start_due(
        &mut self,
        driver: &PageDriver,
        permitted: impl Fn(QueuePosition, RequestKind) -> bool,
    ) {
        let is_due =
            |(_, after, reply): &mut (_, QueuePosition, Reply)| permitted(*after, reply.kind);
        for (query, _, reply) in self.waiting.extract_if(.., is_due) {
            let run = query.run(driver.clone(), self.refs.clone(), reply.deadline);
            self.running.start(vec![reply], run);
        }
    }

    /// Waits until a query ends. Never ends while none runs.
    pub(crate) async fn next_done(&mut self) -> QueryResult {
        let (replies, outcome) = self.running.next_done().await;
        QueryResult { replies, outcome }
    }

    /// The earliest deadline.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let waiting = self.waiting.iter().map(|(.., reply)| reply);
        let all = waiting.chain(self.running.replies());
        all.map(|reply| reply.deadline).min()
    }

    /// Answers expired queries. Returns true if one of them was running: the page may be unresponsive.
    /// `blocker` is what the waiting ones wait for; `awaited_answer`, what also the running ones wait for.
    pub(crate) fn expire(
        &mut self,
        now: Instant,
        blocker: &str,
        awaited_answer: Option<&str>,
    ) -> bool {
        let is_over = |(.., reply): &mut (_, _, Reply)| reply.deadline <= now;
        for (.., reply) in self.waiting.extract_if(.., is_over) {
            reply.time_out(blocker.to_owned());
        }
        let waiting_for = awaited_answer.unwrap_or("the awaited condition, or the page's response");
        self.running.expire(now, |_| waiting_for.to_owned().into())
    }

    /// Takes a request out, and ends its query.
    pub(crate) fn stop(&mut self, call: CallId) -> Option<Reply> {
        let mut waiting = self.waiting.iter();
        match waiting.position(|(.., reply)| reply.call == call) {
            Some(at) => Some(self.waiting.remove(at).2),
            None => self.running.stop(call),
        }
    }

    /// Cancels the running queries; returns their replies.
    pub(crate) fn abandon(&mut self) -> Vec<Reply> {
        self.running.abandon()
    }

    /// Cancels all queries; returns their replies.
    pub(crate) fn drain(&mut self) -> Vec<Reply> {
        let waiting = self.waiting.drain(..).map(|(.., reply)| reply);
        waiting.chain(self.running.abandon()).collect()
    }
}

impl QueryResult {
    pub(crate) fn answer(self, tab: TabId, awaited_answer: Option<&str>, session: Option<&String>) {
        for reply in self.replies {
            let outcome = self.outcome.clone();
            reply.finish(tab, outcome, awaited_answer, session.cloned());
        }
    }
}
