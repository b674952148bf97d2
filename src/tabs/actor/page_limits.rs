//! Limits on what a page can make the bridge do without a request.

use std::time::Duration;

use crate::flow::RestartBudget;

/// How many dialogs a page may open within [`DIALOG_WINDOW`]. No user would put up with more.
const DIALOGS: usize = 20;
const DIALOG_WINDOW: Duration = Duration::from_secs(10);

/// How many file choosers of a page are published within [`CHOOSER_WINDOW`].
const CHOOSERS: usize = 10;
const CHOOSER_WINDOW: Duration = Duration::from_secs(10);

/// How many requests for passwords of a page are published within [`PASSWORD_WINDOW`].
const PASSWORDS: usize = 20;
const PASSWORD_WINDOW: Duration = Duration::from_secs(10);

pub(super) struct PageLimits {
    pub(super) dialogs: RestartBudget,
    pub(super) passwords: RestartBudget,
    pub(super) choosers: RestartBudget,
}

impl Default for PageLimits {
    fn default() -> Self {
        Self {
            dialogs: RestartBudget::new(DIALOGS, DIALOG_WINDOW),
            passwords: RestartBudget::new(PASSWORDS, PASSWORD_WINDOW),
            choosers: RestartBudget::new(CHOOSERS, CHOOSER_WINDOW),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn a_storm_of_dialogs_does_not_use_up_the_file_choosers() {
        let (mut limits, now) = (PageLimits::default(), Instant::now());
        assert!((0..DIALOGS).all(|_| limits.dialogs.allow(now)));
        assert!(!limits.dialogs.allow(now));
        assert!((0..CHOOSERS).all(|_| limits.choosers.allow(now)));
        assert!(!limits.choosers.allow(now));
        assert!(limits.dialogs.allow(now + DIALOG_WINDOW));
        assert!(limits.choosers.allow(now + CHOOSER_WINDOW));
    }
}
