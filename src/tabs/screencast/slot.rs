//! The place for the one frame that is on its way to a watcher.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cdp_bridge_protocol::TabId;
use tokio::sync::Notify;

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

/// A slot, shared by the cast that fills it and the connection that empties it. Cheap to clone.
/// Filling never waits and never queues: a newer frame takes the place of an older one.
#[derive(Debug, Clone)]
pub struct FrameSlot(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    /// Wakes the connection's writer.
    filled: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    frame: Option<CastFrame>,
    /// A frame was taken and has been handed to the socket since this was last asked.
    left: bool,
    closed: bool,
    /// Wakes the cast that fills the slot.
    cast: Option<Arc<Notify>>,
}

impl FrameSlot {
    /// An empty slot; `filled` is notified when a frame is put in.
    pub fn new(filled: Arc<Notify>) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::default(),
            filled,
        }))
    }

    /// The connection takes the frame that waits.
    pub fn take(&self) -> Option<CastFrame> {
        self.state().frame.take()
    }

    /// The frame that was taken has left for the socket.
    pub fn mark_left(&self) {
        self.change(|state| state.left = true);
    }

    /// Nobody watches any more: the watcher stopped, or its connection ended.
    pub fn close(&self) {
        self.change(|state| {
            state.closed = true;
            state.frame = None;
        });
    }

    /// Whether it has been closed.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// From now on this cast fills the slot, and is woken when a frame has left or nobody watches.
    pub(super) fn attach(&self, cast: &Arc<Notify>) {
        self.change(|state| state.cast = Some(Arc::clone(cast)));
    }

    /// Puts a frame in. True: an older one that nobody had taken yet was dropped for it.
    pub(crate) fn put(&self, frame: CastFrame) -> bool {
        let mut state = self.state();
        if state.closed {
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

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        if let Some(cast) = &state.cast {
            cast.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
