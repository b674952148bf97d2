//! The directory of tabs. Only the supervisor adds and removes.

use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::{TabInfo, TabState};
use dashmap::DashMap;

use super::handle::TabHandle;
use super::identity::Scope;
use super::view;

/// The directory. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    tabs: Arc<DashMap<TabId, TabHandle>>,
}

/// How many tabs there are, for `/health`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TabCounts {
    /// All of them.
    pub open: usize,
    /// Those whose renderer died.
    pub crashed: usize,
}

impl Registry {
    /// The tab of this client with this id; another client's is as unknown as none.
    pub fn get(&self, scope: &Scope, id: TabId) -> Option<TabHandle> {
        self.tabs
            .get(&id)
            .filter(|tab| tab.scope == *scope)
            .map(|tab| tab.clone())
    }

    /// The tab with this id, whoever's it is.
    pub(super) fn find(&self, id: TabId) -> Option<TabHandle> {
        self.tabs.get(&id).map(|tab| tab.clone())
    }

    /// All tabs of a client, as it is shown them.
    pub fn list(&self, scope: &Scope) -> Vec<TabInfo> {
        view::list(self.of(scope).iter().map(TabHandle::view).collect())
    }

    /// The handles of a client's tabs.
    pub fn of(&self, scope: &Scope) -> Vec<TabHandle> {
        self.tabs
            .iter()
            .filter(|tab| tab.scope == *scope)
            .map(|tab| tab.clone())
            .collect()
    }

    /// The handles of all tabs.
    pub fn all(&self) -> Vec<TabHandle> {
        self.tabs.iter().map(|tab| tab.clone()).collect()
    }

    /// How many tabs there are.
    pub fn counts(&self) -> TabCounts {
        let crashed = self
            .tabs
            .iter()
            .filter(|tab| matches!(tab.view().state, TabState::Crashed | TabState::Rebuilding))
            .count();
        TabCounts {
            open: self.tabs.len(),
            crashed,
        }
    }

    /// How many tabs there are.
    pub fn len(&self) -> usize {
        self.tabs.len()
    }

    /// Whether there is no tab.
    pub fn is_empty(&self) -> bool {
        self.tabs.is_empty()
    }

    pub(crate) fn insert(&self, tab: TabHandle) {
        self.tabs.insert(tab.id, tab);
    }

    pub(super) fn remove(&self, id: TabId) {
        self.tabs.remove(&id);
    }
}
