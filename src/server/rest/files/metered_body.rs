//! The body of an upload, with a bound for what is not the file.
//!
//! The parser of multipart keeps everything up to the end of a part's head in memory, and searches it from its beginning
//! whenever more has arrived. Without a bound, a body that is all head takes its whole size in memory, beside what clients may
//! stage, and seconds of a processor.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};

/// What is read of a body from now on. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Allowance(Arc<AtomicU64>);

/// More arrived than may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body has too much beside its file")]
pub(super) struct Exceeded;

/// A body of which no more is read than allowed.
pub(super) struct MeteredBody {
    body: BodyDataStream,
    left: Allowance,
    /// The parser takes pieces until there is none, and looks at them only then.
    pauses: bool,
}

impl Allowance {
    /// This many bytes.
    pub(super) fn of(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    /// This many from now on, in place of what is left.
    pub(super) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    fn take(&self, bytes: u64) -> Result<(), Exceeded> {
        let left = self.0.load(Ordering::Relaxed).checked_sub(bytes);
        self.set(left.ok_or(Exceeded)?);
        Ok(())
    }
}

impl MeteredBody {
    pub(super) fn new(body: Body, left: Allowance) -> Self {
        Self {
            body: body.into_data_stream(),
            left,
            pauses: false,
        }
    }
}

impl Stream for MeteredBody {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.pauses) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = match ready!(self.body.poll_next_unpin(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
            Some(Ok(piece)) => piece,
        };
        self.pauses = true;
        let taken = self.left.take(piece.len() as u64);
        Poll::Ready(Some(taken.map(|()| piece).map_err(Into::into)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;

    #[tokio::test]
    async fn pieces_come_one_at_a_time_and_no_more_than_allowed() {
        let pieces = ["ab", "cd", "ef"].map(|it| Ok::<_, BoxError>(Bytes::from(it)));
        let left = Allowance::of(4);
        let mut body = MeteredBody::new(Body::from_stream(stream::iter(pieces)), left.clone());
        let waker = std::task::Waker::noop();
        let mut cx = Context::from_waker(waker);
        assert!(matches!(
            body.poll_next_unpin(&mut cx),
            Poll::Ready(Some(Ok(_)))
        ));
        assert!(body.poll_next_unpin(&mut cx).is_pending());
        assert_eq!(body.next().await.unwrap().unwrap(), "cd");
        let error = body.next().await.unwrap().unwrap_err();
        assert!(error.is::<Exceeded>());
        left.set(1);
        assert!(body.next().await.is_none());
    }
}
