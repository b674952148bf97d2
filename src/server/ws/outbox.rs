//! The handle through which messages are queued for one link.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use cdp_bridge_protocol::event::Gap;
use cdp_bridge_protocol::payload::{Encoding, NotBase64, Parts, Payload, PayloadHead};
use cdp_bridge_protocol::{Message, RequestId, TabId};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::lock::lock;
use crate::metrics;
use crate::operations::{CallerId, FrameSlot};
use crate::server::ws::client_send_budget::QueuedBytes;
use crate::server::ws::closing::{ConnectionClose, TOO_SLOW};
use crate::server::ws::console_subscriptions::LinkConsoleSubscriptions;
use crate::server::ws::history::{AnsweredIds, HistoryLimits, NeverWritten};
use crate::server::ws::screencast_subscriptions::ScreencastSubscriptions;
use crate::server::ws::send_queue::{DiscardedPayload, Outgoing, Overflow, SendQueue};
use crate::server::{wire, wire_error};

/// The send queue, history and stream subscriptions of one link. Cheap to clone; pushing never waits. It
/// outlives the connection: what is pushed while there is none is kept for the next.
#[derive(Debug, Clone)]
pub struct Outbox {
    inner: Arc<OutboxInner>,
}

#[derive(Debug)]
struct OutboxInner {
    id: CallerId,
    encoding: Encoding,
    chunk_bytes: usize,
    queue: Mutex<SendQueue>,
    screencasts: Mutex<ScreencastSubscriptions>,
    consoles: Mutex<LinkConsoleSubscriptions>,
    ready: Arc<Notify>,
    overflow: Notify,
}

impl Outbox {
    /// An empty outbox that holds `limit` bytes, which `bytes` counts for the client; `keep` bounds the history, where the link can be resumed.
    pub fn new(
        id: CallerId,
        encoding: Encoding,
        chunk_bytes: usize,
        limit: usize,
        bytes: QueuedBytes,
        keep: Option<HistoryLimits>,
    ) -> Self {
        Self {
            inner: Arc::new(OutboxInner {
                id,
                encoding,
                chunk_bytes,
                queue: Mutex::new(SendQueue::new(limit, bytes, keep)),
                screencasts: Mutex::default(),
                consoles: Mutex::default(),
                ready: Arc::default(),
                overflow: Notify::new(),
            }),
        }
    }

    /// The link's caller id, also in the log as the connection's.
    pub fn id(&self) -> CallerId {
        self.inner.id
    }

    /// How payloads are encoded.
    pub fn encoding(&self) -> Encoding {
        self.inner.encoding
    }

    /// Queues a message.
    pub fn push_message(&self, message: &Message) {
        let answers = message.request_id.iter().cloned().collect();
        self.add(|queue| queue.push(message.to_json().into(), answers));
    }

    /// Queues an encoded message that answers no request.
    pub fn push_text(&self, json: Bytes) {
        self.add(|queue| queue.push(json, AnsweredIds::default()));
    }

    /// Queues a message about the connection itself, in front of everything else.
    pub fn greet(&self, message: &Message) {
        let json = message.to_json().into();
        self.change(|queue| queue.greet(json));
    }

    /// Queues a payload, cut into parts as the connection wants it.
    pub fn push_payload(
        &self,
        head: PayloadHead,
        request_id: Option<RequestId>,
        payload: &Payload,
    ) -> Result<(), NotBase64> {
        let mut ids: Vec<RequestId> = request_id.iter().cloned().collect();
        if let PayloadHead::DomSnapshot(head) = &head {
            ids.extend(head.coalesced.iter().flatten().cloned());
        }
        let parts = self.parts(head, request_id, payload)?;
        self.add(|queue| queue.push_parts(parts, ids.into()));
        Ok(())
    }

    fn parts(
        &self,
        head: PayloadHead,
        request_id: Option<RequestId>,
        payload: &Payload,
    ) -> Result<Parts, NotBase64> {
        let OutboxInner {
            encoding,
            chunk_bytes,
            ..
        } = *self.inner;
        Parts::new(head, request_id, payload, encoding, chunk_bytes)
    }

    /// Queues a ping. Since that happens regularly on every connection, it also expires the history.
    pub fn ping(&self) {
        self.change(|queue| {
            queue.ping();
            queue.forget(Instant::now());
        });
    }

    /// The connection is gone: what is pushed is kept for the next one. Screencasts pause, each with one frame
    /// in its slot.
    pub(crate) fn go_away(&self) {
        self.change(SendQueue::go_away);
        // A frame that was being sent counts as sent, or its screencast would wait for it for ever.
        self.screencasts().mark_left();
    }

    /// Rewinds to the sequence number that the client acknowledged; returns the gap that is no longer in the
    /// history.
    pub(crate) fn rewind(&self, seen: u64) -> Result<Option<Gap>, NeverWritten> {
        self.change(|queue| queue.rewind(seen))
    }

    /// The link has a connection again.
    pub(crate) fn come_back(&self) {
        self.change(SendQueue::come_back);
    }

    /// The sequence number of the next new message, where messages have numbers.
    pub(crate) fn next_number(&self) -> Option<u64> {
        self.queue().next_number()
    }

    /// The requests whose answers are still to be sent.
    pub(crate) fn answers(&self) -> Vec<RequestId> {
        self.queue().answers().cloned().collect()
    }

    /// Closes the connection behind everything that is queued.
    pub fn close(&self, close: ConnectionClose) {
        self.change(|queue| queue.close(close));
    }

    /// The next message, for the connection's writer.
    pub(crate) async fn next(&self) -> Outgoing {
        loop {
            if let Some(next) = self.try_next() {
                return next;
            }
            self.inner.ready.notified().await;
        }
    }

    /// The next message, if one is queued.
    pub(crate) fn try_next(&self) -> Option<Outgoing> {
        let mut queue = self.queue();
        let before = sizes(&queue);
        if queue.has_time_for_frames() {
            self.fetch_frame(&mut queue);
        }
        let next = queue.take(Instant::now());
        show(before, &queue);
        next
    }

    /// Moves the next screencast frame from its slot into the queue. Until it is sent, its slot holds only the
    /// newest of those that follow.
    fn fetch_frame(&self, queue: &mut SendQueue) {
        let Some((frame, slot)) = self.screencasts().take() else {
            return;
        };
        let (head, payload) = wire::frame(frame);
        match self.parts(head, None, &payload) {
            Ok(parts) => queue.push_frame(parts, slot),
            Err(error) => {
                tracing::warn!(%error, "a screencast frame was skipped");
                slot.mark_left();
            }
        }
    }

    /// A slot for the frames of a tab; it replaces an earlier one.
    pub(crate) fn frames(&self, tab: TabId) -> FrameSlot {
        let slot = FrameSlot::new(Arc::clone(&self.inner.ready));
        self.screencasts().insert(tab, slot.clone());
        slot
    }

    /// Subscribes to the console of a tab, until the sender of the returned channel is gone.
    pub(crate) fn console(&self, tab: TabId) -> watch::Receiver<()> {
        self.consoles().begin(tab)
    }

    /// The link has ended: its streams end, and what is pushed is dropped.
    pub fn end(&self) {
        self.change(SendQueue::end);
        *self.screencasts() = ScreencastSubscriptions::default();
        *self.consoles() = LinkConsoleSubscriptions::default();
    }

    /// Waits until the queue overflows.
    pub(crate) async fn overflowed(&self) -> ConnectionClose {
        loop {
            self.inner.overflow.notified().await;
            // The notification may be left over from an earlier connection.
            if self.queue().is_too_slow() {
                return TOO_SLOW;
            }
        }
    }

    /// Adds to the queue. If that is too much, the connection is closed.
    fn add(&self, add: impl FnOnce(&mut SendQueue) -> Result<(), Overflow>) {
        if self.change(add).is_err() {
            metrics::dropped("connection", "too_slow");
            self.inner.overflow.notify_one();
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut SendQueue) -> T) -> T {
        let mut queue = self.queue();
        let before = sizes(&queue);
        let result = change(&mut queue);
        while let Some(discarded) = queue.shed() {
            refuse(&mut queue, &discarded);
        }
        show(before, &queue);
        drop(queue);
        self.inner.ready.notify_one();
        result
    }

    fn queue(&self) -> MutexGuard<'_, SendQueue> {
        // After a panic, sending the next message matters more than a message that was half queued.
        lock(&self.inner.queue)
    }

    fn consoles(&self) -> MutexGuard<'_, LinkConsoleSubscriptions> {
        lock(&self.inner.consoles)
    }

    fn screencasts(&self) -> MutexGuard<'_, ScreencastSubscriptions> {
        lock(&self.inner.screencasts)
    }
}

/// Answers the requests of a payload that cannot be kept until the client is back.
fn refuse(queue: &mut SendQueue, discarded: &DiscardedPayload) {
    metrics::dropped("payload", "resume_bytes");
    let error = wire_error::not_kept(discarded.tab);
    let nameless = discarded.answers.is_empty().then_some(None);
    let ids = discarded.answers.iter().cloned().map(Some);
    for request_id in ids.chain(nameless) {
        let answers = request_id.iter().cloned().collect();
        let message = Message {
            request_id,
            ..Message::unasked(error.clone())
        };
        // Without a connection the queue accepts everything; the caller sheds down to its bound afterwards.
        let _ = queue.push(message.to_json().into(), answers);
    }
}

/// Queued and kept bytes, for the gauges.
fn sizes(queue: &SendQueue) -> [usize; 2] {
    [queue.bytes(), queue.kept_bytes()]
}

fn show([waits, kept]: [usize; 2], queue: &SendQueue) {
    metrics::outbound_queue_changed(waits, queue.bytes());
    metrics::resume_kept_changed(kept, queue.kept_bytes());
}

impl Drop for OutboxInner {
    fn drop(&mut self) {
        let queue = self.queue.get_mut().unwrap_or_else(PoisonError::into_inner);
        let before = sizes(queue);
        queue.end();
        show(before, queue);
    }
}
