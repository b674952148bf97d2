//! Limits on what a page can make the bridge do without a request.

use std::time::Duration;

use tokio::time::Instant;

use crate::flow::RestartBudget;

/// How many dialogs a page may open within [`DIALOG_WINDOW`]. A person would have closed it long before.
const DIALOGS: usize = 20;
const DIALOG_WINDOW: Duration = Duration::from_secs(10);

/// How many file choosers of a page are published within [`CHOOSER_WINDOW`].
const CHOOSERS: usize = 10;
const CHOOSER_WINDOW: Duration = Duration::from_secs(10);

pub(super) struct PageLimits {
    dialogs: RestartBudget,
    choosers: RestartBudget,
}

impl Default for PageLimits {
    fn default() -> Self {
        Self {
            dialogs: RestartBudget::new(DIALOGS, DIALOG_WINDOW),
            choosers: RestartBudget::new(CHOOSERS, CHOOSER_WINDOW),
        }
    }
}

impl PageLimits {
    pub(super) fn allow_dialog(&mut self, now: Instant) -> bool {
        self.dialogs.allow(now)
    }

    pub(super) fn allow_file_chooser(&mut self, now: Instant) -> bool {
        self.choosers.allow(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_of_dialogs_does_not_use_up_the_file_choosers() {
        let (mut limits, now) = (PageLimits::default(), Instant::now());
        assert!((0..DIALOGS).all(|_| limits.allow_dialog(now)));
        assert!(!limits.allow_dialog(now));
        assert!((0..CHOOSERS).all(|_| limits.allow_file_chooser(now)));
        assert!(!limits.allow_file_chooser(now));
        assert!(limits.allow_dialog(now + DIALOG_WINDOW));
        assert!(limits.allow_file_chooser(now + CHOOSER_WINDOW));
    }
}
