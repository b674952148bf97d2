//! The requests that look at a tab's page: those that wait for changes before them, and those at work.
//! They hold nobody up, neither changes nor each other.

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
use crate::tabs::changes::Place;
use crate::tabs::error::{Failure, TabError};
use crate::tabs::reply::{AnswerKind, Reply};

/// The most looks that wait or are at work on one tab.
const MAX_QUERIES: usize = 64;

type Outcome = Result<AnswerKind, PageActionError>;

/// A tab's looks.
#[derive(Default)]
pub struct QueryQueue {
    waiting: Vec<(PageQuery, Place, Reply)>,
    running: FuturesUnordered<BoxFuture<'static, (u64, Outcome)>>,
    replies: HashMap<u64, Reply>,
    next_id: u64,
    /// They are the tab's: numbers go on where its page before left off.
    refs: RefCounter,
}

/// A look that is done.
pub struct QueryResult {
    reply: Reply,
    outcome: Outcome,
}

impl QueryQueue {
    /// Takes a request in; one too many is answered.
    pub fn push(&mut self, query: PageQuery, after: Place, reply: Reply) {
        if self.waiting.len() + self.replies.len() >= MAX_QUERIES {
            return reply.fail(TabError::QueueFull { limit: MAX_QUERIES });
        }
        self.waiting.push((query, after, reply));
    }

    /// Starts what is permitted.
    pub fn start_due(&mut self, driver: &PageDriver, permitted: impl Fn(Place) -> bool) {
        for (query, _, reply) in self
            .waiting
            .extract_if(.., |(_, after, _)| permitted(*after))
        {
            let number = self.next_id;
            self.next_id += 1;
            let (driver, refs, deadline) = (driver.clone(), self.refs.clone(), reply.deadline);
            self.replies.insert(number, reply);
            self.running.push(Box::pin(async move {
                (number, perform(query, &driver, &refs, deadline).await)
            }));
        }
    }

    /// Waits until one is done. Never ends while none is at work.
    pub async fn next_done(&mut self) -> QueryResult {
        loop {
            match self.running.next().await {
                Some((number, outcome)) => {
                    // One whose time was over is answered already.
                    if let Some(reply) = self.replies.remove(&number) {
                        return QueryResult { reply, outcome };
                    }
                }
                None => return std::future::pending().await,
            }
        }
    }

    /// When the first of them runs out of time.
    pub fn next_deadline(&self) -> Option<Instant> {
        let waiting = self.waiting.iter().map(|(.., reply)| reply);
        let all = waiting.chain(self.replies.values());
        all.map(|reply| reply.deadline).min()
    }

    /// Answers those whose time is over. True: the page let the time of one pass.
    pub fn expire(&mut self, now: Instant) -> bool {
        for (_, _, reply) in self
            .waiting
            .extract_if(.., |(.., reply)| reply.deadline <= now)
        {
            let error = reply.timed_out("the tab's other requests");
            reply.fail(error);
        }
        let mut is_page_late = false;
        for (_, reply) in self.replies.extract_if(|_, reply| reply.deadline <= now) {
            let error = reply.timed_out("what was waited for, or the page's answer");
            reply.fail(error);
            is_page_late = true;
        }
        is_page_late
    }

    /// Gives up what is at work; those who wait for it come back to be answered.
    pub fn abandon(&mut self) -> Vec<Reply> {
        self.running.clear();
        self.replies.drain().map(|(_, reply)| reply).collect()
    }

    /// Gives everything up.
    pub fn drain(&mut self) -> Vec<Reply> {
        let running = self.abandon();
        let waiting = self.waiting.drain(..).map(|(.., reply)| reply);
        waiting.chain(running).collect()
    }
}

impl QueryResult {
    /// Answers whoever asked.
    pub fn answer(self, tab: TabId, session: Option<String>) {
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

async fn perform(
    query: PageQuery,
    driver: &PageDriver,
    refs: &RefCounter,
    deadline: Instant,
) -> Outcome {
    match query {
        PageQuery::WaitElement(locator, state) => {
            driver.wait_element(&locator, state, deadline).await?
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
