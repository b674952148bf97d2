//! How many tabs each client may have. No I/O.

use std::collections::HashMap;

use crate::tabs::error::TabError;
use crate::tabs::identity::ClientId;
use crate::tabs::settings::TabShares;

/// Popups take at most one in so many of their client's tabs, since pages open them unasked.
const POPUPS: usize = 4;

/// Popups leave one in so many of all tabs free.
const FREE_OF_POPUPS: usize = 8;

/// The tabs that are open, and how many of them are popups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct OpenTabs {
    pub(super) all: usize,
    pub(super) popups: usize,
}

/// The limits on tabs, and how many there are.
#[derive(Debug)]
pub(super) struct TabQuota<'a> {
    pub(super) max: usize,
    pub(super) shares: &'a TabShares,
    pub(super) open: HashMap<ClientId, OpenTabs>,
}

impl TabQuota<'_> {
    /// The limit that a further tab of this client would exceed.
    pub(super) fn refusal(&self, client: &ClientId) -> Option<TabError> {
        let total = self.total();
        if total >= self.max {
            return Some(TabError::TooManyTabs { limit: self.max });
        }
        let own = self.of(client).all;
        let limit = self.limit(client);
        if own >= limit {
            return Some(TabError::TooManyOwnTabs { limit });
        }
        let free = self.max - total;
        let reserved = self.reserved_from(client);
        (own >= self.guaranteed(client) && free <= reserved)
            .then_some(TabError::TabsReserved { limit: self.max })
    }

    /// Whether one more popup of this client may become a tab.
    pub(super) fn admits_popup(&self, client: &ClientId) -> bool {
        let most = (self.limit(client) / POPUPS).max(1);
        let has_others = self.shares.max_of.len() > 1;
        let kept_free = (self.max / FREE_OF_POPUPS).max(usize::from(has_others));
        self.of(client).popups < most
            && self.total() + kept_free < self.max
            && self.refusal(client).is_none()
    }

    fn of(&self, client: &ClientId) -> OpenTabs {
        self.open.get(client).copied().unwrap_or_default()
    }

    fn total(&self) -> usize {
        self.open.values().map(|open| open.all).sum()
    }

    fn limit(&self, client: &ClientId) -> usize {
        let own = self.shares.max_of.get(client).copied();
        own.map_or(self.max, |own| own.min(self.max))
    }

    fn guaranteed(&self, client: &ClientId) -> usize {
        self.shares.guaranteed.min(self.limit(client))
    }

    /// The places that the other clients have not used of what each is guaranteed.
    fn reserved_from(&self, client: &ClientId) -> usize {
        let others = self.shares.max_of.keys().filter(|it| *it != client);
        let unused = |it| self.guaranteed(it).saturating_sub(self.of(it).all);
        others.map(unused).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(guaranteed: usize, max_of: &[(&str, usize)]) -> TabShares {
        let max_of = max_of.iter().map(|(name, most)| ((*name).into(), *most));
        TabShares {
            max_of: max_of.collect(),
            guaranteed,
        }
    }

    fn quota<'a>(max: usize, shares: &'a TabShares, open: &[(&str, usize, usize)]) -> TabQuota<'a> {
        let open = open.iter().map(|(name, all, popups)| {
            let (all, popups) = (*all, *popups);
            ((*name).into(), OpenTabs { all, popups })
        });
        TabQuota {
            max,
            shares,
            open: open.collect(),
        }
    }

    #[test]
    fn a_client_alone_may_have_all_tabs() {
        let shares = TabShares::default();
        assert!(
            quota(4, &shares, &[("a", 3, 0)])
                .refusal(&"a".into())
                .is_none()
        );
        let full = quota(4, &shares, &[("a", 4, 0)]).refusal(&"a".into());
        assert!(matches!(full, Some(TabError::TooManyTabs { limit: 4 })));
    }

    #[test]
    fn what_other_clients_are_guaranteed_is_kept_for_them() {
        let shares = shares(2, &[("a", 8), ("b", 8), ("c", 1)]);
        let [a, b, c] = ["a", "b", "c"].map(ClientId::from);
        let before = quota(8, &shares, &[("a", 5, 0)]);
        let refused = before.refusal(&a);
        assert!(
            matches!(refused, Some(TabError::TabsReserved { .. })),
            "two places for b, one for c, which may have no more: {refused:?}"
        );
        assert!(before.refusal(&b).is_none() && before.refusal(&c).is_none());
        let used = quota(8, &shares, &[("a", 5, 0), ("b", 1, 0)]);
        assert!(used.refusal(&b).is_none(), "within what it is guaranteed");
        assert!(used.refusal(&a).is_some());
    }

    #[test]
    fn popups_never_take_the_last_places() {
        let alone = TabShares::default();
        let a = ClientId::from("a");
        assert!(quota(16, &alone, &[("a", 4, 3)]).admits_popup(&a));
        assert!(!quota(16, &alone, &[("a", 5, 4)]).admits_popup(&a));
        assert!(quota(16, &alone, &[("a", 13, 0)]).admits_popup(&a));
        assert!(!quota(16, &alone, &[("a", 14, 0)]).admits_popup(&a));
        assert!(quota(16, &alone, &[("a", 14, 0)]).refusal(&a).is_none());
        assert!(
            quota(2, &alone, &[("a", 1, 0)]).admits_popup(&a),
            "the client is alone"
        );
        let shared = shares(0, &[("a", 2), ("b", 2)]);
        assert!(!quota(2, &shared, &[("a", 1, 0)]).admits_popup(&a));
    }
}
