//! The outgoing half of the connection.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::Sink;

use super::transport::TransportError;

/// How many frames may wait for the transport before the task takes no more commands.
const CAPACITY: usize = 64;

/// Frames queued for the transport. Its state survives dropping [`Writer::drive`] halfway.
pub(super) struct Writer {
    sink: Pin<Box<dyn Sink<Bytes, Error = TransportError> + Send>>,
    queue: VecDeque<Bytes>,
    unflushed: bool,
}

impl Writer {
    pub(super) fn new(sink: Pin<Box<dyn Sink<Bytes, Error = TransportError> + Send>>) -> Self {
        Self {
            sink,
            queue: VecDeque::new(),
            unflushed: false,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < CAPACITY
    }

    pub(super) fn push(&mut self, frame: Bytes) {
        self.queue.push_back(frame);
    }

    /// Writes what is queued; never ends while there is nothing to write.
    pub(super) async fn drive(&mut self) -> Result<(), TransportError> {
        poll_fn(|context| self.poll_drive(context)).await
    }

    fn poll_drive(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        while !self.queue.is_empty() {
            ready!(self.sink.as_mut().poll_ready(context))?;
            if let Some(frame) = self.queue.pop_front() {
                self.sink.as_mut().start_send(frame)?;
                self.unflushed = true;
            }
        }
        if !self.unflushed {
            return Poll::Pending;
        }
        ready!(self.sink.as_mut().poll_flush(context))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }
}
