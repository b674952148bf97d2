//! Screencasts of a tab.
//!
//! Each watcher has a [`slot`]: the place for the one frame that is on its way to it. A [`cast`]
//! is one stream of Chromium's, with a task and a CDP session of its own, shared by all watchers
//! that want the same size and quality; Chromium draws for several at once. [`casts`] is what the
//! tab's actor keeps: who watches, and which casts run.

pub mod cast;
pub mod casts;
pub mod slot;

pub use cast::{CastSpec, Watcher};
pub use casts::Casts;
pub use slot::{CastFrame, FrameSlot};
