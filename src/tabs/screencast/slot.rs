//! The place for the one frame that waits for a watcher.

use std::sync::{Arc, Mutex, MutexGuard};

use cdp_bridge_protocol::TabId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::lock::lock;
use crate::tabs::picture::Picture;

/// A frame of a screencast. Cheap to clone: all watchers share its bytes.
#[derive(Debug, Clone)]
pub struct CastFrame {
    /// The tab.
    pub tab: TabId,
    /// Number of the frame within its screencast; frames that were dropped leave gaps.
    pub number: u64,
    /// When Chromium drew it, in milliseconds since the epoch.
    pub at_ms: u64,
    /// The picture, a JPEG in base64.
    pub picture: Picture,
}

/// A slot, shared by the stream that fills it and the connection that empties it. Cheap to clone.
/// Filling never waits and never queues: a newer frame takes the place of an older one.
#[derive(Debug, Clone)]
pub struct FrameSlot(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    /// Wakes the connection's writer.
    filled: Arc<Notify>,
    closed: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    frame: Option<CastFrame>,
    /// A frame was taken and has been handed to the socket since this was last asked.
    left: bool,
    /// Wakes the stream that fills the slot.
    frame_left: Option<Arc<Notify>>,
}

impl FrameSlot {
    /// An empty slot; `filled` is notified when a frame is put in.
    pub fn new(filled: Arc<Notify>) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::default(),
            filled,
            closed: CancellationToken::new(),
        }))
    }

    /// Takes the waiting frame, for the connection's writer.
    pub fn take(&self) -> Option<CastFrame> {
        self.state().frame.take()
    }

    /// The frame that was taken has been handed to the socket.
    pub fn mark_left(&self) {
        let mut state = self.state();
        state.left = true;
        if let Some(frame_left) = &state.frame_left {
            frame_left.notify_one();
        }
    }

    /// The watcher has stopped, or its connection's session is over.
    pub fn close(&self) {
        // First, so that nothing is put in after it was emptied.
        self.0.closed.cancel();
        self.state().frame = None;
    }

    pub fn is_closed(&self) -> bool {
        self.0.closed.is_cancelled()
    }

    pub(super) async fn closed(&self) {
        self.0.closed.cancelled().await;
    }

    /// From now on this is notified when a frame has left.
    pub(super) fn attach(&self, frame_left: &Arc<Notify>) {
        self.state().frame_left = Some(Arc::clone(frame_left));
    }

    /// Puts a frame in. True: it replaces one that was not taken yet.
    pub(crate) fn put(&self, frame: CastFrame) -> bool {
        let mut state = self.state();
        if self.is_closed() {
            return false;
        }
        let dropped = state.frame.replace(frame).is_some();
        drop(state);
        self.0.filled.notify_one();
        dropped
    }

    /// Whether a frame has left since this was last asked.
    pub(super) fn take_left(&self) -> bool {
        std::mem::take(&mut self.state().left)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }
}
