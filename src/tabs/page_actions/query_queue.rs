//! The page queries of a tab: those that wait for preceding changes, and those that run. Queries run
//! concurrently and do not block changes.

use std::collections::HashMap;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::payload::EscapedText;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::time::Instant;

use super::action::PageQuery;
use super::ax_snapshot::RefCounter;
use super::driver::PageDriver;
use super::error::PageActionError;
use crate::tabs::command_queue::QueuePosition;
use crate::tabs::error::{Failure, TabError};
use crate::tabs::reply::{AnswerKind, Reply};

/// The maximum number of waiting and running queries of one tab.
const MAX_QUERIES: usize = 64;

type Outcome = Result<AnswerKind, PageActionError>;

#[derive(Default)]
pub(crate) struct QueryQueue {
    waiting: Vec<(PageQuery, QueuePosition, Reply)>,
    running: FuturesUnordered<BoxFuture<'static, (u64, Outcome)>>,
    replies: HashMap<u64, Reply>,
    next_id: u64,
    /// Kept across pages of the tab, so that a ref never names two elements.
    refs: RefCounter,
}

/// A finished query.
pub(crate) struct QueryResult {
    reply: Reply,
    outcome: Outcome,
}

impl QueryQueue {
    /// Adds a query. Answers it with an error at once if the queue is full.
    pub(crate) fn push(&mut self, query: PageQuery, after: QueuePosition, reply: Reply) {
        if self.waiting.len() + self.replies.len() >= MAX_QUERIES {
            return reply.fail(TabError::QueueFull { limit: MAX_QUERIES });
        }
        self.waiting.push((query, after, reply));
    }

    /// Starts the waiting queries whose preceding changes are done.
    pub(crate) fn start_due(
        &mut self,
        driver: &PageDriver,
        permitted: impl Fn(QueuePosition) -> bool,
    ) {
        for (query, _, reply) in self
            .waiting
            .extract_if(.., |(_, after, _)| permitted(*after))
        {
            let number = self.next_id;
            self.next_id += 1;
            let (driver, refs, deadline) = (driver.clone(), self.refs.clone(), reply.deadline);
            self.replies.insert(number, reply);
            self.running.push(Box::pin(async move {
                (number, run_query(query, &driver, &refs, deadline).await)
            }));
        }
    }

    /// Waits until a query finishes. Pending forever while none runs.
    pub(crate) async fn next_done(&mut self) -> QueryResult {
        loop {
            match self.running.next().await {
                Some((number, outcome)) => {
                    // An expired query has been answered already.
                    if let Some(reply) = self.replies.remove(&number) {
                        return QueryResult { reply, outcome };
                    }
                }
                None => return std::future::pending().await,
            }
        }
    }

    /// The earliest deadline.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let waiting = self.waiting.iter().map(|(.., reply)| reply);
        let all = waiting.chain(self.replies.values());
        all.map(|reply| reply.deadline).min()
    }

    /// Answers expired queries. Returns true if one of them was running: the page may be unresponsive.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        for (_, _, reply) in self
            .waiting
            .extract_if(.., |(.., reply)| reply.deadline <= now)
        {
            let error = reply.timed_out("the tab's other requests");
            reply.fail(error);
        }
        let mut is_page_late = false;
        for (_, reply) in self.replies.extract_if(|_, reply| reply.deadline <= now) {
            let error = reply.timed_out("the awaited condition, or the page's response");
            reply.fail(error);
            is_page_late = true;
        }
        is_page_late
    }

    /// Cancels the running queries; returns their replies.
    pub(crate) fn abandon(&mut self) -> Vec<Reply> {
        self.running.clear();
        self.replies.drain().map(|(_, reply)| reply).collect()
    }

    /// Cancels all queries; returns their replies.
    pub(crate) fn drain(&mut self) -> Vec<Reply> {
        let running = self.abandon();
        let waiting = self.waiting.drain(..).map(|(.., reply)| reply);
        waiting.chain(running).collect()
    }
}

impl QueryResult {
    pub(crate) fn answer(self, tab: TabId, session: Option<String>) {
        let Self { reply, outcome } = self;
        match outcome {
            Ok(answer) => reply.answer(tab, answer),
            Err(error) => {
                let error = TabError::from_page_action(error, &reply);
                reply.fail(Failure { error, session });
            }
        }
    }
}

async fn run_query(
    query: PageQuery,
    driver: &PageDriver,
    refs: &RefCounter,
    deadline: Instant,
) -> Outcome {
    match query {
        PageQuery::WaitElement(locator, state) => {
            driver.wait_element(&locator, state, deadline).await?;
        }
        PageQuery::WaitText(text) => driver.wait_text(&text, deadline).await?,
        PageQuery::WaitLoad(state) => driver.wait_load(state, deadline).await?,
        PageQuery::WaitUrl(url) => driver.wait_url(&url).await?,
        PageQuery::Query(locator, what) => {
            let value = driver.query(&locator, what, deadline).await?;
            return Ok(AnswerKind::Queried(value));
        }
        PageQuery::AxSnapshot {
            locator,
            interactive_only,
        } => {
            let outline = driver.ax_snapshot(locator.as_ref(), interactive_only, refs, deadline);
            let outline = outline.await?;
            return Ok(AnswerKind::Outline {
                url: outline.url,
                lines: outline.lines,
                omitted: outline.omitted,
                text: EscapedText::from_text(&outline.text),
            });
        }
        PageQuery::Content { locator, format } => {
            let content = driver.content(locator.as_ref(), format, deadline).await?;
            return Ok(AnswerKind::Content {
                url: content.url,
                format,
                truncated: content.truncated,
                text: EscapedText::from_text(&content.text),
            });
        }
    }
    let url = driver.location().borrow().url.clone();
    Ok(AnswerKind::Waited { url })
}
