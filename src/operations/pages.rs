//! What is known of tabs without asking them, for doors that show them as pages.

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::TabState;

use super::sessions::SessionId;
use super::{Operations, Principal, Reach};
use crate::tabs::{Scope, TabHandle};

/// A tab, as it last published its state.
#[derive(Debug, Clone, PartialEq)]
pub struct PageView {
    /// The tab.
    pub id: TabId,
    /// Its owner.
    pub scope: Scope,
    /// Chromium's id of its page, once there is one; another one after a rebuild.
    pub target: Option<String>,
    /// The tab that opened it, for a popup.
    pub opener: Option<TabId>,
    /// In milliseconds since the epoch.
    pub created_at_ms: u64,
    /// Where it is.
    pub url: String,
    /// The page's title.
    pub title: String,
    /// Whether it has a browser context of its own.
    pub logged_out: bool,
    /// How far it is.
    pub state: TabState,
}

impl Operations {
    /// The pages that a principal may act on, oldest first.
    pub fn pages_of(&self, principal: &Principal) -> Vec<PageView> {
        let tabs = match principal.reach {
            Reach::Session => self.services.registry.of(&principal.scope),
            Reach::Client => self
                .services
                .registry
                .all_of_client(&principal.scope.client),
        };
        let mut pages: Vec<_> = tabs.iter().map(page).collect();
        pages.sort_by_key(|page| page.id);
        pages
    }

    /// One of them.
    pub fn page_of(&self, principal: &Principal, id: TabId) -> Option<PageView> {
        let registry = &self.services.registry;
        let tab = match principal.reach {
            Reach::Session => registry.get(&principal.scope, id),
            Reach::Client => registry.of_client(&principal.scope.client, id),
        };
        tab.as_ref().map(page)
    }

    /// The session of a page that the principal could act on until it was closed, lately.
    pub fn session_of_closed_page(&self, principal: &Principal, id: TabId) -> Option<SessionId> {
        let registry = &self.services.registry;
        let scope = registry.scope_of_closed(&principal.scope.client, id)?;
        let is_own = principal.reach == Reach::Client || scope == principal.scope;
        is_own.then(|| SessionId::of(&scope))
    }
}

fn page(tab: &TabHandle) -> PageView {
    let view = tab.view();
    PageView {
        id: view.id,
        scope: view.scope,
        target: view.target.map(|target| target.to_string()),
        opener: view.opener,
        created_at_ms: view.created_at_ms,
        url: view.url,
        title: view.title,
        logged_out: view.logged_out,
        state: view.state,
    }
}
