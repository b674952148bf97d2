//! Screencasts of a tab.
//!
//! A `slot` holds the one frame that waits for a `watcher`. `stream` is one screencast
//! of Chromium's as a `feed`, shared by all watchers that want the same size and
//! quality; Chromium draws for several at once.

mod slot;
mod stream;
mod watcher;

pub use slot::{CastFrame, FrameSlot};
pub use stream::CastSpec;
pub(crate) use stream::Screencasts;
pub use watcher::Watcher;
