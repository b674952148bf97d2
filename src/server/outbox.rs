//! The way to one session's socket, for everybody who has something to say to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use cdp_bridge_protocol::event::Gap;
use cdp_bridge_protocol::payload::{Encoding, NotBase64, Parts, Payload, PayloadHead};
use cdp_bridge_protocol::{Message, RequestId, TabId};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::connection_id::ConnectionId;
use super::history::{Answers, Keep, NeverWritten};
use super::lanes::{Ending, Lanes, Next, Overflow, TOO_SLOW, Unkept};
use super::listening::Listening;
use super::watching::Watching;
use super::wire;
use super::wire_error;
use crate::lock::lock;
use crate::metrics;
use crate::tabs::FrameSlot;

/// A handle to what waits in one session, and what was written lately. Cheap to clone; pushing
/// never waits. It outlives the connection: what comes while there is none is kept for the next.
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
    listening: Mutex<Listening>,
    ready: Arc<Notify>,
    overflow: Notify,
}

impl Outbox {
    /// An empty outbox that holds this many bytes; `keep` says how much is kept of what was
    /// written, where the session can be resumed.
    pub fn new(
        id: ConnectionId,
        encoding: Encoding,
        chunk_bytes: usize,
        limit: usize,
        keep: Option<Keep>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                id,
                encoding,
                chunk_bytes,
                lanes: Mutex::new(Lanes::new(limit, keep)),
                watching: Mutex::default(),
                listening: Mutex::default(),
                ready: Arc::default(),
                overflow: Notify::new(),
            }),
        }
    }

    /// The connection it belongs to; one that goes on with a session has the id of the first.
    pub fn id(&self) -> ConnectionId {
        self.inner.id
    }

    /// How payloads travel.
    pub fn encoding(&self) -> Encoding {
        self.inner.encoding
    }

    /// Says something.
    pub fn push_message(&self, message: &Message) {
        let ids = message.request_id.iter();
        self.push(message.to_json().into(), ids);
    }

    /// Says something that is already written down and answers nobody.
    pub fn push_text(&self, json: Bytes) {
        self.push(json, [].iter());
    }

    fn push<'a>(&self, json: Bytes, answers: impl ExactSizeIterator<Item = &'a RequestId>) {
        self.change(|lanes| {
            let answers = answers_of(lanes, answers);
            lanes.push(json, answers)
        });
    }

    /// Says something of the connection itself, before all that already waits.
    pub fn greet(&self, message: &Message) {
        let json = message.to_json().into();
        self.change(|lanes| {
            lanes.greet(json);
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
        let mut ids: Vec<RequestId> = request_id.iter().cloned().collect();
        if let PayloadHead::DomSnapshot(head) = &head {
            ids.extend(head.coalesced.iter().flatten().cloned());
        }
        let parts = Parts::new(head, request_id, payload, encoding, chunk_bytes)?;
        self.change(|lanes| {
            let answers = answers_of(lanes, ids.iter());
            lanes.push_parts(parts, answers)
        });
        Ok(())
    }

    /// Wants a ping to be sent; and, since that happens now and then on every connection, lets go
    /// of what need not be kept any longer.
    pub fn ping(&self) {
        self.change(|lanes| {
            lanes.ping();
            lanes.forget(Instant::now());
            Ok(())
        });
    }

    /// There is no connection any more: what comes is kept for the next one. Screencasts stand
    /// still, each with the one frame that waits in its slot.
    pub(super) fn go_away(&self) {
        self.change(|lanes| {
            lanes.go_away();
            Ok(())
        });
        // A frame that was on its way is taken for one that has left, or its cast would wait for
        // it for ever.
        self.watching().mark_left();
    }

    /// A client has received everything up to this number and no more. Says what is lost of the
    /// rest.
    pub(super) fn rewind(&self, seen: u64) -> Result<Option<Gap>, NeverWritten> {
        let mut result = Ok(None);
        self.change(|lanes| {
            result = lanes.rewind(seen);
            Ok(())
        });
        result
    }

    /// There is a connection again.
    pub(super) fn come_back(&self) {
        self.change(|lanes| {
            lanes.come_back();
            Ok(())
        });
    }

    /// The number of the next message that is written for the first time, where there are numbers.
    pub(super) fn next_number(&self) -> Option<u64> {
        self.lanes().next_number()
    }

    /// The requests whose answers are still to be written.
    pub(super) fn answers(&self) -> Vec<RequestId> {
        self.lanes().answers().cloned().collect()
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
        let before = sizes(&lanes);
        if lanes.has_time_for_frames() {
            self.fetch_frame(&mut lanes);
        }
        let next = lanes.take(Instant::now());
        show(before, &lanes);
        next
    }

    /// Takes the next screencast frame from its slot. Until it has left, its slot holds only the
    /// newest of those that follow.
    fn fetch_frame(&self, lanes: &mut Lanes) {
        let Some((frame, slot)) = self.watching().take() else {
            return;
        };
        let (head, payload) = wire::frame(frame);
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
        self.watching().insert(tab, slot.clone());
        slot
    }

    /// This connection is told what is written to the console of a tab, as long as the other end of
    /// what comes back is there.
    pub fn listen(&self, tab: TabId) -> watch::Receiver<()> {
        self.listening().begin(tab)
    }

    /// The session is over: it watches nothing any more, and what comes goes nowhere.
    pub fn end(&self) {
        self.change(|lanes| {
            lanes.end();
            Ok(())
        });
        *self.watching() = Watching::default();
        *self.listening() = Listening::default();
    }

    /// Waits until more was pushed than may wait.
    pub(super) async fn overflowed(&self) -> Ending {
        loop {
            self.inner.overflow.notified().await;
            // The notice may be that of an earlier connection, which had ended before it.
            if self.lanes().is_too_slow() {
                return TOO_SLOW;
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut Lanes) -> Result<(), Overflow>) {
        let result = {
            let mut lanes = self.lanes();
            let before = sizes(&lanes);
            let result = change(&mut lanes);
            while let Some(unkept) = lanes.shed() {
                refuse(&mut lanes, &unkept);
            }
            show(before, &lanes);
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
        lock(&self.inner.lanes)
    }

    fn listening(&self) -> MutexGuard<'_, Listening> {
        lock(&self.inner.listening)
    }

    fn watching(&self) -> MutexGuard<'_, Watching> {
        lock(&self.inner.watching)
    }
}

/// The ids as they are kept with a message, where that matters.
fn answers_of<'a>(
    lanes: &Lanes,
    ids: impl ExactSizeIterator<Item = &'a RequestId>,
) -> Option<Answers> {
    (lanes.is_resumable() && ids.len() > 0).then(|| ids.cloned().collect())
}

/// Answers the requests of a payload that cannot be kept until somebody reads it.
fn refuse(lanes: &mut Lanes, unkept: &Unkept) {
    metrics::dropped("payload", "resume_bytes");
    let error = wire_error::not_kept(unkept.tab);
    let nameless = unkept.answers.is_none().then_some(None);
    let ids = unkept.answers.iter().flat_map(|ids| ids.iter());
    for request_id in ids.map(|id| Some(id.clone())).chain(nameless) {
        let answers = request_id.iter().cloned().collect();
        let message = Message {
            request_id,
            ..Message::unasked(error.clone())
        };
        // Queues that nobody reads take everything, and are brought under their bound after it.
        let _ = lanes.push(message.to_json().into(), Some(answers));
    }
}

/// What waits and what is kept, for the gauges.
fn sizes(lanes: &Lanes) -> [usize; 2] {
    [lanes.bytes(), lanes.kept_bytes()]
}

fn show([waits, kept]: [usize; 2], lanes: &Lanes) {
    metrics::outbound_queue_changed(waits, lanes.bytes());
    metrics::resume_kept_changed(kept, lanes.kept_bytes());
}

impl Drop for Inner {
    fn drop(&mut self) {
        let lanes = self.lanes.get_mut().unwrap_or_else(PoisonError::into_inner);
        let before = sizes(lanes);
        lanes.end();
        show(before, lanes);
    }
}
