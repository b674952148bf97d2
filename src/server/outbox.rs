//! The way to one connection's socket, for everybody who has something to say to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use cdp_bridge_protocol::payload::{Encoding, NotBase64, Part, Parts, Payload, PayloadHead};
use cdp_bridge_protocol::{Message, RequestId, TabId};
use tokio::sync::Notify;

use super::lanes::{Ending, Lanes, Next, Overflow, TOO_SLOW};
use super::watching::Watching;
use crate::metrics;
use crate::tabs::{ConnectionId, FrameSlot};

/// A handle to what waits for one connection. Cheap to clone; pushing never waits.
#[derive(Debug, Clone)]
pub struct Outbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    id: ConnectionId,
    encoding: Encoding,
    chunk_bytes: usize,
    lanes: Mutex<Lanes>,
    watching: Mutex<Watching>,
    ready: Arc<Notify>,
    overflow: Notify,
}

impl Outbox {
    /// An empty outbox that holds this many bytes.
    pub fn new(id: ConnectionId, encoding: Encoding, chunk_bytes: usize, limit: usize) -> Self {
        Self {
            inner: Arc::new(Inner {
                id,
                encoding,
                chunk_bytes,
                lanes: Mutex::new(Lanes::new(limit)),
                watching: Mutex::default(),
                ready: Arc::default(),
                overflow: Notify::new(),
            }),
        }
    }

    /// The connection it belongs to.
    pub fn id(&self) -> ConnectionId {
        self.inner.id
    }

    /// Says something.
    pub fn push_message(&self, message: &Message) {
        self.push_text(message.to_json().into());
    }

    /// Says something that is already written down.
    pub fn push_text(&self, json: Bytes) {
        self.change(|lanes| lanes.push(Part::Text(json)));
    }

    /// Says something before all that already waits.
    pub fn push_first(&self, message: &Message) {
        let message = Part::Text(message.to_json().into());
        self.change(|lanes| {
            lanes.push_first(message);
            Ok(())
        });
    }

    /// Sends a payload, cut as this connection wants it.
    pub fn push_payload(
        &self,
        head: PayloadHead,
        request_id: Option<RequestId>,
        payload: &Payload,
    ) -> Result<(), NotBase64> {
        let Inner {
            encoding,
            chunk_bytes,
            ..
        } = *self.inner;
        let parts = Parts::new(head, request_id, payload, encoding, chunk_bytes)?;
        self.change(|lanes| lanes.push_parts(parts));
        Ok(())
    }

    /// Wants a ping to be sent.
    pub fn ping(&self) {
        self.change(|lanes| {
            lanes.ping();
            Ok(())
        });
    }

    /// Ends the connection once everything that waits is written.
    pub fn close(&self, ending: Ending) {
        self.change(|lanes| {
            lanes.close(ending);
            Ok(())
        });
    }

    /// What is written next, for the connection's writer.
    pub(super) async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.try_next() {
                return next;
            }
            self.inner.ready.notified().await;
        }
    }

    /// What is written next, if something waits.
    pub(super) fn try_next(&self) -> Option<Next> {
        let mut lanes = self.lanes();
        let before = lanes.bytes();
        if lanes.has_time_for_frames() {
            self.fetch_frame(&mut lanes);
        }
        let next = lanes.take();
        metrics::outbound_queue_changed(before, lanes.bytes());
        next
    }

    /// Takes the next screencast frame from its slot. Until it has left, its slot holds only the
    /// newest of those that follow.
    fn fetch_frame(&self, lanes: &mut Lanes) {
        let watching = &self.inner.watching;
        let taken = watching
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some((frame, slot)) = taken else { return };
        let (head, payload) = frame.into_message();
        let Inner {
            encoding,
            chunk_bytes,
            ..
        } = *self.inner;
        match Parts::new(head, None, &payload, encoding, chunk_bytes) {
            Ok(parts) => lanes.push_frame(parts, slot),
            Err(error) => {
                tracing::warn!(%error, "a screencast frame was passed over");
                slot.mark_left();
            }
        }
    }

    /// A slot by way of which this connection gets the frames of a tab.
    pub fn watch(&self, tab: TabId) -> FrameSlot {
        let slot = FrameSlot::new(Arc::clone(&self.inner.ready));
        let mut watching = self
            .inner
            .watching
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        watching.insert(tab, slot.clone());
        slot
    }

    /// The connection is gone: it watches nothing any more.
    pub fn end(&self) {
        *self
            .inner
            .watching
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Watching::default();
    }

    /// Waits until more was pushed than may wait.
    pub(super) async fn overflowed(&self) -> Ending {
        self.inner.overflow.notified().await;
        TOO_SLOW
    }

    fn change(&self, change: impl FnOnce(&mut Lanes) -> Result<(), Overflow>) {
        let result = {
            let mut lanes = self.lanes();
            let before = lanes.bytes();
            let result = change(&mut lanes);
            metrics::outbound_queue_changed(before, lanes.bytes());
            result
        };
        if result.is_err() {
            metrics::dropped("connection", "too_slow");
            self.inner.overflow.notify_one();
        }
        self.inner.ready.notify_one();
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        // A panic in between leaves nothing half done that matters more than the next message.
        self.inner
            .lanes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let lanes = self.lanes.get_mut().unwrap_or_else(PoisonError::into_inner);
        metrics::outbound_queue_changed(lanes.bytes(), 0);
    }
}
