//! Whether a tab listens to its page's network.
//!
//! Only `Network.enable` makes Chromium tell with which status a document came, and it has no filter:
//! the same is told of everything that the page loads, which costs Chromium nearly as much as loading
//! it. So a tab stops listening while a page takes its time to load what belongs to it, and listens
//! again once that is over or the page goes somewhere else. Should a page leave by itself in
//! between, its next document may come before the tab listens; then only the status is missing.

use std::time::Duration;

use tokio::time::Instant;

/// How long a page may load until the tab stops listening. One that only sends the tab on, by a
/// script or a `<meta>`, has done so by then.
const PATIENCE: Duration = Duration::from_millis(25);

/// Whether the tab listens.
#[derive(Debug, Default)]
pub struct Hearing {
    is_deaf: bool,
    until: Option<Instant>,
}

impl Hearing {
    /// The page has got a document, and loads what belongs to it.
    pub fn committed(&mut self, now: Instant) {
        self.until = (!self.is_deaf).then_some(now + PATIENCE);
    }

    /// When the tab should stop listening.
    pub fn due_at(&self) -> Option<Instant> {
        self.until
    }

    /// True if the tab should stop listening now.
    pub fn is_over(&mut self, now: Instant) -> bool {
        let is_over = self.until.take_if(|until| *until <= now).is_some();
        self.is_deaf |= is_over;
        is_over
    }

    /// The page has loaded, or goes somewhere else. True if the tab should listen again.
    pub fn begin(&mut self) -> bool {
        self.until = None;
        std::mem::take(&mut self.is_deaf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_loads_for_long_is_not_listened_to_until_it_has_loaded() {
        let (mut hearing, now) = (Hearing::default(), Instant::now());
        assert_eq!(hearing.due_at(), None);
        hearing.committed(now);
        assert!(!hearing.is_over(now));
        assert_eq!(hearing.due_at(), Some(now + PATIENCE));
        assert!(hearing.is_over(now + PATIENCE));
        assert!(!hearing.is_over(now + PATIENCE), "it is said once");
        assert!(hearing.begin());
        assert!(!hearing.begin(), "it is said once");
    }

    #[test]
    fn a_page_that_loads_quickly_is_listened_to_all_the_time() {
        let (mut hearing, now) = (Hearing::default(), Instant::now());
        hearing.committed(now);
        assert!(!hearing.begin());
        assert!(!hearing.is_over(now + PATIENCE));
    }
}
