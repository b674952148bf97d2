//! Events that answer no request.

use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use futures::stream::unfold;
use std::task::{Context, Poll};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::received::Received;

/// The number of events dropped because the subscriber was too slow. The newest are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} events were dropped because they were not read in time")]
pub struct Missed(pub u64);

/// A subscription to events: a stream that ends with the connection. It contains also `welcome`, `resumed` and `gap` of
/// later connections.
pub struct Events {
    inner: Pin<Box<dyn Stream<Item = Result<Arc<Received>, Missed>> + Send>>,
}

impl Events {
    pub(super) fn new(receiver: Option<Receiver<Arc<Received>>>) -> Self {
        let inner = unfold(receiver, |receiver| async {
            let mut receiver = receiver?;
            let event = match receiver.recv().await {
                Ok(event) => Ok(event),
                Err(RecvError::Lagged(count)) => Err(Missed(count)),
                Err(RecvError::Closed) => return None,
            };
            Some((event, Some(receiver)))
        });
        Self {
            inner: Box::pin(inner),
        }
    }
}

impl Stream for Events {
    type Item = Result<Arc<Received>, Missed>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.inner.as_mut().poll_next(context)
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Events").finish_non_exhaustive()
    }
}
