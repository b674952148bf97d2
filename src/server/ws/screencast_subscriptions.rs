//! The screencasts of one link: a frame slot for each tab.

use std::collections::VecDeque;

use cdp_bridge_protocol::TabId;

use crate::operations::{CastFrame, FrameSlot};

/// The slots of one link, served round robin.
#[derive(Debug, Default)]
pub struct ScreencastSubscriptions {
    slots: VecDeque<(TabId, FrameSlot)>,
}

impl ScreencastSubscriptions {
    /// Adds a slot for a tab. An earlier one of the tab is closed by the tab once it accepts the new one.
    pub fn insert(&mut self, tab: TabId, slot: FrameSlot) {
        self.slots.push_back((tab, slot));
    }

    /// The next waiting frame, with its slot, which must be told when the frame was sent.
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

    /// Treats every frame that was taken as sent.
    pub fn mark_left(&self) {
        self.slots.iter().for_each(|(_, slot)| slot.mark_left());
    }
}

impl Drop for ScreencastSubscriptions {
    fn drop(&mut self) {
        for (_, slot) in &self.slots {
            slot.close();
        }
    }
}
