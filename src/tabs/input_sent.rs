//! Whether a request may have had an effect on its page.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set right before a page action sends input or runs its script in the page, and shared with the reply
/// of the request: an action that fails after that must not be repeated unseen, whatever made it fail.
#[derive(Debug, Clone, Default)]
pub struct InputSent(Arc<AtomicBool>);

impl InputSent {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// The input is known to have had no effect.
    pub(super) fn clear(&self) {
        self.0.store(false, Ordering::Release);
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
