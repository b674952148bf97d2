//! How many popups pages may open in a time, and the blocked ones that are still to be reported. No I/O.

use std::collections::HashMap;
use std::time::Duration;

use cdp_bridge_protocol::event::PopupBlockReason;
use tokio::time::Instant;

use crate::flow::{KeyedThrottle, RestartBudget};
use crate::tabs::identity::{ClientId, Scope, TabKey};

/// How many popups a page, and all pages of a client, may open within [`WINDOW`].
const PER_OPENER: usize = 10;
const PER_CLIENT: usize = 20;
const WINDOW: Duration = Duration::from_secs(10);

/// The shortest time between two facts about the popups of the same tab.
const INTERVAL: Duration = Duration::from_secs(1);

/// The tab that opened a popup, where it is known, and its owner.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PopupOrigin {
    pub(super) scope: Scope,
    pub(super) opener: Option<TabKey>,
}

#[derive(Debug)]
pub(super) struct BlockedPopup {
    pub(super) url: String,
    pub(super) reason: PopupBlockReason,
}

#[derive(Debug)]
pub(super) struct PopupLimiter {
    of_openers: HashMap<TabKey, RestartBudget>,
    of_clients: HashMap<ClientId, RestartBudget>,
    pub(super) blocked: KeyedThrottle<PopupOrigin, BlockedPopup>,
}

impl Default for PopupLimiter {
    fn default() -> Self {
        Self {
            of_openers: HashMap::new(),
            of_clients: HashMap::new(),
            blocked: KeyedThrottle::new(INTERVAL),
        }
    }
}

impl PopupLimiter {
    /// Counts a popup, unless there are too many already.
    pub(super) fn allow(&mut self, origin: &PopupOrigin, now: Instant) -> bool {
        if let Some(opener) = &origin.opener {
            let budget = self.of_openers.entry(opener.clone());
            let budget = budget.or_insert_with(|| RestartBudget::new(PER_OPENER, WINDOW));
            if !budget.allow(now) {
                return false;
            }
        }
        let budget = self.of_clients.entry(origin.scope.client.clone());
        let budget = budget.or_insert_with(|| RestartBudget::new(PER_CLIENT, WINDOW));
        budget.allow(now)
    }

    pub(super) fn tab_ended(&mut self, tab: &TabKey) {
        self.of_openers.remove(tab);
    }

    /// When blocked popups are to be reported next.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.blocked.next_due()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::TabId;

    #[test]
    fn one_page_cannot_use_up_the_popups_of_its_client() {
        let (mut limiter, now) = (PopupLimiter::default(), Instant::now());
        let origin = |tab| {
            let scope = Scope::from("a");
            let opener = Some(scope.tab(TabId::new(tab)));
            PopupOrigin { scope, opener }
        };
        let allowed = (0..100).filter(|_| limiter.allow(&origin(1), now)).count();
        assert_eq!(allowed, PER_OPENER);
        let others = (2..100).filter(|tab| limiter.allow(&origin(*tab), now));
        assert_eq!(others.count(), PER_CLIENT - PER_OPENER);
        assert!(limiter.allow(&origin(1), now + WINDOW));
    }
}
