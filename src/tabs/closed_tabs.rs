//! Which tabs were closed lately, so that naming one is answered with that it is gone.

use std::collections::{HashMap, VecDeque};

use cdp_bridge_protocol::TabId;

use super::identity::{ClientId, ClientSessionId, Scope};

/// How many closed tabs of each client are remembered, the latest ones. Numbers are not used again.
const REMEMBERED: usize = 256;

#[derive(Debug, Default)]
pub(super) struct ClosedTabs(HashMap<ClientId, VecDeque<(TabId, ClientSessionId)>>);

impl ClosedTabs {
    pub(super) fn insert(&mut self, scope: &Scope, id: TabId) {
        let of_client = self.0.entry(scope.client.clone()).or_default();
        if of_client.len() == REMEMBERED {
            of_client.pop_front();
        }
        of_client.push_back((id, scope.session));
    }

    /// The scope that a closed tab belonged to.
    pub(super) fn scope_of(&self, client: &ClientId, id: TabId) -> Option<Scope> {
        let of_client = self.0.get(client)?;
        let (_, session) = of_client.iter().rev().find(|(closed, _)| *closed == id)?;
        Some(Scope {
            client: client.clone(),
            session: *session,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_tabs_of_each_client_are_remembered() {
        let mut closed = ClosedTabs::default();
        let (a, b) = (Scope::from("a"), Scope::from("b"));
        closed.insert(&b, TabId::new(1));
        for number in 1..=REMEMBERED as u64 + 1 {
            closed.insert(&a, TabId::new(number));
        }
        assert_eq!(closed.scope_of(&a.client, TabId::new(1)), None);
        assert_eq!(closed.scope_of(&a.client, TabId::new(2)).as_ref(), Some(&a));
        assert_eq!(closed.scope_of(&b.client, TabId::new(1)).as_ref(), Some(&b));
        assert_eq!(closed.scope_of(&b.client, TabId::new(2)), None);
    }
}
