//! The directory of tabs. Only the supervisor adds and removes.

use std::sync::{Arc, Mutex};

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::{TabInfo, TabState};
use dashmap::DashMap;
use tokio::sync::Notify;

use super::closed_tabs::ClosedTabs;
use super::handle::TabHandle;
use super::identity::{ClientId, Scope, TabKey};
use super::view;
use crate::lock::lock;

/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    tabs: Arc<DashMap<TabKey, TabHandle>>,
    closed: Arc<Mutex<ClosedTabs>>,
    /// A tab was added or removed.
    changes: Arc<Notify>,
}

/// How many tabs there are, for `/health`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TabCounts {
    pub open: usize,
    /// Tabs whose renderer died.
    pub crashed: usize,
}

impl Registry {
    /// The tab with this id, if it belongs to this scope.
    pub fn get(&self, scope: &Scope, id: TabId) -> Option<TabHandle> {
        self.find(&scope.tab(id)).filter(|tab| tab.scope == *scope)
    }

    /// A tab in any session of its client.
    pub(super) fn find(&self, key: &TabKey) -> Option<TabHandle> {
        self.tabs.get(key).map(|tab| tab.clone())
    }

    /// The tabs of a scope, as its clients see them.
    pub fn list(&self, scope: &Scope) -> Vec<TabInfo> {
        view::list(self.of(scope).iter().map(TabHandle::view).collect())
    }

    /// The tabs of a client, in all of its sessions.
    pub fn all_of_client(&self, client: &ClientId) -> Vec<TabHandle> {
        let all = self.tabs.iter();
        let own = all.filter(|tab| tab.scope.client == *client);
        own.map(|tab| tab.clone()).collect()
    }

    pub fn of(&self, scope: &Scope) -> Vec<TabHandle> {
        let all = self.all().into_iter();
        all.filter(|tab| tab.scope == *scope).collect()
    }

    /// Whether a scope has a tab.
    pub(super) fn has(&self, scope: &Scope) -> bool {
        self.tabs.iter().any(|tab| tab.scope == *scope)
    }

    /// A tab with this number of a client, in whichever of its sessions.
    pub fn of_client(&self, client: &ClientId, id: TabId) -> Option<TabHandle> {
        let client = client.clone();
        self.find(&TabKey { client, id })
    }

    pub fn all(&self) -> Vec<TabHandle> {
        self.tabs.iter().map(|tab| tab.clone()).collect()
    }

    pub fn counts(&self) -> TabCounts {
        let is_lost =
            |tab: &TabHandle| matches!(tab.view().state, TabState::Crashed | TabState::Rebuilding);
        let crashed = self.all().iter().filter(|tab| is_lost(tab)).count();
        TabCounts {
            open: self.tabs.len(),
            crashed,
        }
    }

    pub fn len(&self) -> usize {
        self.tabs.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tabs.is_empty()
    }

    /// Waits until a tab was added or removed since the last call. For one task. May be dropped at any time.
    pub async fn changed(&self) {
        self.changes.notified().await;
    }

    pub(crate) fn insert(&self, tab: TabHandle) {
        self.tabs.insert(tab.key(), tab);
        self.changes.notify_one();
    }

    /// The scope of a tab of this client that was closed lately.
    pub fn scope_of_closed(&self, client: &ClientId, id: TabId) -> Option<Scope> {
        lock(&self.closed).scope_of(client, id)
    }

    pub(crate) fn remove(&self, key: &TabKey) {
        if let Some((_, tab)) = self.tabs.remove(key) {
            lock(&self.closed).insert(&tab.scope, key.id);
            self.changes.notify_one();
        }
    }
}
