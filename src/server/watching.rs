//! The screencasts that one session watches: a slot for each tab.

use std::collections::VecDeque;

use cdp_bridge_protocol::TabId;

use crate::tabs::{CastFrame, FrameSlot};

/// The slots of one session. They take turns.
#[derive(Debug, Default)]
pub struct Watching {
    slots: VecDeque<(TabId, FrameSlot)>,
}

impl Watching {
    /// Frames of this tab come by way of this slot; one that it had before ends.
    pub fn insert(&mut self, tab: TabId, slot: FrameSlot) {
        self.slots.retain(|(known, _)| *known != tab);
        self.slots.push_back((tab, slot));
    }

    /// The next frame that waits, with its slot, which is told when the frame has left.
    pub fn take(&mut self) -> Option<(CastFrame, FrameSlot)> {
        self.slots.retain(|(_, slot)| !slot.is_closed());
        for _ in 0..self.slots.len() {
            let (tab, slot) = self.slots.pop_front()?;
            self.slots.push_back((tab, slot.clone()));
            if let Some(frame) = slot.take() {
                return Some((frame, slot));
            }
        }
        None
    }

    /// Whatever was taken is taken for having left.
    pub fn mark_left(&self) {
        self.slots.iter().for_each(|(_, slot)| slot.mark_left());
    }
}

impl Drop for Watching {
    /// A connection that is gone watches nothing.
    fn drop(&mut self) {
        for (_, slot) in &self.slots {
            slot.close();
        }
    }
}
