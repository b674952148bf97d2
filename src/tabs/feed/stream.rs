//! The traits that a kind of stream implements.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::TabId;
use futures::future::BoxFuture;

use super::subscription::Subscription;
use crate::cdp::CallError;
use crate::tabs::error::TabError;
use crate::tabs::reply::Reply;

/// A receiver of a stream.
pub(crate) trait StreamListener: Send + Sync + 'static {
    /// Tells the subscribers of a tab apart; each has at most one subscription.
    type Key: Copy + PartialEq + Send;

    fn key(&self) -> Self::Key;

    /// Whether the subscriber went away without unsubscribing.
    fn is_gone(&self) -> bool;

    /// Resolves when the subscriber has gone away.
    fn gone(&self) -> impl Future<Output = ()> + Send;

    /// The subscription is over; queued items for the listener are discarded.
    fn end(&self) {}

    /// Answers the request that subscribed.
    fn confirm(tab: TabId, reply: Reply);

    /// Answers a request whose subscriber left, or subscribed again, before it was confirmed.
    fn withdraw(_tab: TabId, reply: Reply) {
        reply.fail(TabError::Dropped);
    }
}

/// One stream of one page.
pub(crate) trait PageStream: Send + Sized + 'static {
    type Listener: StreamListener;
    /// What an open stream holds at the page.
    type Opened: Send + 'static;

    /// The CDP call that a request names when it runs out of time.
    const FIRST_CALL: &'static str;

    /// Opens the stream at the page. Dropping the future gives the attempt up.
    fn open(&mut self) -> BoxFuture<'static, Result<Self::Opened, StreamError>>;

    fn opened(&mut self, opened: Self::Opened);

    /// Detaches from the page: the last listener has left.
    fn close(&mut self);

    /// A listener was confirmed.
    fn joined(&mut self, _listener: &Self::Listener) {}

    /// A listener that may have been confirmed has left.
    fn left(&mut self, _listener: &Self::Listener) {}

    /// Waits for one report or timer and passes it on; fails if the page is gone. It is also polled while the stream is being
    /// opened, and must be cancel-safe.
    fn next(
        &mut self,
        listeners: &[Arc<Subscription<Self::Listener>>],
    ) -> impl Future<Output = Result<(), StreamError>> + Send;

    /// How long to wait before the stream is opened again after this failure, for those who were
    /// confirmed at an earlier page. `None` ends the stream.
    fn retry_after(&mut self, _failure: &StreamError) -> Option<Duration> {
        None
    }
}

/// Makes the streams of one tab, and keeps what outlives a page.
pub(crate) trait StreamFactory: Send + 'static {
    type Stream: PageStream;
    type Page;
    /// Listeners with equal specs share a stream.
    type Spec: Copy + Eq + Hash + Send;

    /// `replaces`: the page takes the place of one that the listeners were subscribed to.
    fn stream(&mut self, spec: Self::Spec, page: &Self::Page, replaces: bool) -> Self::Stream;
}

/// A stream could not be opened, or its page is gone.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StreamError {
    #[error("the page is gone")]
    PageGone,
    #[error(transparent)]
    Refused(#[from] CallError),
}

impl StreamError {
    /// Whether the page is still there, so that another attempt may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        !matches!(
            self,
            Self::PageGone
                | Self::Refused(CallError::SessionEnded { .. } | CallError::Closed { .. })
        )
    }

    /// What it means for a request that wanted to subscribe.
    pub(super) fn for_request(&self, reply: &Reply) -> TabError {
        match self {
            Self::PageGone => TabError::Detached,
            Self::Refused(error) => TabError::of_call(error.clone(), reply.kind, reply.limit()),
        }
    }
}
