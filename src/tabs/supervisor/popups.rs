//! Which popups become tabs, and the facts about the others.

use std::collections::HashMap;
use std::time::Duration;

use cdp_bridge_protocol::event::PopupBlockReason;
use tokio::time::Instant;

use super::task::Supervisor;
use crate::cdp::Attachment;
use crate::flow::{KeyedThrottle, RestartBudget};
use crate::metrics;
use crate::policy::PopupPolicy;
use crate::tabs::fact::{Audience, Fact, FactKind};
use crate::tabs::identity::{ClientId, Scope, TabKey};

/// How many popups a page, and all pages of a client, may open within [`WINDOW`].
const PER_OPENER: usize = 10;
const PER_CLIENT: usize = 20;
const WINDOW: Duration = Duration::from_secs(10);

/// How long a page that opens too many waits for each further one. Every popup costs Chromium much, also
/// one that is closed at once.
const BRAKE: Duration = Duration::from_millis(300);

/// The shortest time between two facts about the popups of the same tab.
const INTERVAL: Duration = Duration::from_secs(1);

const MAX_URL_CHARS: usize = 1024;

/// The tab that opened a popup, where it is known, and its owner.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PopupOrigin {
    pub(super) scope: Scope,
    pub(super) opener: Option<TabKey>,
}

#[derive(Debug)]
struct BlockedPopup {
    url: String,
    reason: PopupBlockReason,
}

/// How often popups are opened, and those that are still to be told. No I/O.
#[derive(Debug)]
pub(super) struct PopupLimiter {
    of_openers: HashMap<TabKey, RestartBudget>,
    of_clients: HashMap<ClientId, RestartBudget>,
    blocked: KeyedThrottle<PopupOrigin, BlockedPopup>,
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
    fn allow(&mut self, origin: &PopupOrigin, now: Instant) -> bool {
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

    /// When blocked popups are to be told next.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.blocked.next_due()
    }
}

impl Supervisor {
    /// The owner of a popup, by its context or its opener. `None` if neither is known.
    pub(super) fn origin_of_popup(&self, attachment: &Attachment) -> Option<PopupOrigin> {
        let state = self.browser.as_ref()?;
        let info = &attachment.info;
        let opener = info.opener_id.as_ref().and_then(|it| state.tabs.get(it));
        let context = info.browser_context_id.as_ref();
        let owner = context.and_then(|it| state.contexts.owner(it));
        let scope = match owner {
            Some(owner) => owner.scope.clone(),
            None => self.registry.find(opener?)?.scope,
        };
        let opener = opener.cloned();
        Some(PopupOrigin { scope, opener })
    }

    /// Counts a page that is attached with an opener. If it is to be closed before it costs much, the
    /// result is how long after.
    pub(super) fn refuses_at_once(&mut self, attachment: &Attachment) -> Option<Duration> {
        // Without an opener it may be the page of a tab that is being opened.
        let is_popup = attachment.info.opener_id.is_some();
        let origin = self.origin_of_popup(attachment).filter(|_| is_popup)?;
        let over_rate = self.over_rate(&origin);
        let refusal = self.popup_refusal(&origin).or(over_rate);
        if let Some(reason) = refusal {
            self.block_popup(origin, attachment.info.url.clone(), reason);
        }
        let brake = over_rate.map_or(Duration::ZERO, |_| BRAKE);
        refusal.map(|_| brake)
    }

    /// Counts a popup.
    pub(super) fn over_rate(&mut self, origin: &PopupOrigin) -> Option<PopupBlockReason> {
        let is_allowed = self.popups.allow(origin, Instant::now());
        (!is_allowed).then_some(PopupBlockReason::Rate)
    }

    pub(super) fn popup_refusal(&self, origin: &PopupOrigin) -> Option<PopupBlockReason> {
        if self.around.settings.popups == PopupPolicy::Block {
            return Some(PopupBlockReason::Policy);
        }
        let is_admitted = self.quota().admits_popup(&origin.scope.client);
        (!is_admitted).then_some(PopupBlockReason::Limit)
    }

    /// Counts a popup that was closed, and tells it.
    pub(super) fn block_popup(
        &mut self,
        origin: PopupOrigin,
        url: String,
        reason: PopupBlockReason,
    ) {
        metrics::dropped("popup", reason.as_str());
        let blocked = BlockedPopup { url, reason };
        let first = self
            .popups
            .blocked
            .add(origin.clone(), blocked, Instant::now());
        if let Some(blocked) = first {
            self.publish_blocked(origin, &blocked, 1);
        }
    }

    /// Tells what was blocked since.
    pub(super) fn publish_blocked_popups(&mut self) {
        for (origin, blocked, count) in self.popups.blocked.take_due(Instant::now()) {
            self.publish_blocked(origin, &blocked, count);
        }
    }

    fn publish_blocked(&self, origin: PopupOrigin, blocked: &BlockedPopup, count: u64) {
        self.around.facts.publish(Fact {
            audience: Audience::Scope(origin.scope),
            tab: origin.opener.map(|opener| opener.id),
            cause: None,
            kind: FactKind::PopupBlocked {
                url: blocked.url.chars().take(MAX_URL_CHARS).collect(),
                reason: blocked.reason,
                count,
            },
        });
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
