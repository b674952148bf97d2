//! The state of a tab that others see: a copy that the tab keeps up to date.

use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::{TabInfo, TabState};

use tokio::time::Instant;

use super::identity::{CallId, Scope};
use super::page_setup::EmulationState;
use super::page_setup::init_scripts::InitScripts;
use crate::cdp::TargetId;

#[derive(Debug, Clone, PartialEq)]
pub struct TabView {
    pub id: TabId,
    /// The call that opens or opened it.
    pub created_by: Option<CallId>,
    pub scope: Scope,
    /// The target of its page, once there is one.
    pub target: Option<TargetId>,
    /// The tab that opened it, for a popup.
    pub opener: Option<TabId>,
    /// In milliseconds since the epoch.
    pub created_at_ms: u64,
    pub url: String,
    /// Where its new target goes, before it is there.
    pub going_to: Option<String>,
    pub title: String,
    /// Whether it has its own browser context.
    pub logged_out: bool,
    pub emulation: Arc<EmulationState>,
    pub scripts: InitScripts,
    pub state: TabState,
    /// The number of its latest creation or activation, ascending over all tabs.
    pub activated: u64,
    /// When its latest request arrived.
    pub last_used: Instant,
}

/// The list for clients: oldest tab first; the one that was created or activated last is active.
pub fn list(mut views: Vec<TabView>) -> Vec<TabInfo> {
    views.sort_by_key(|view| view.id);
    let active = views
        .iter()
        .max_by_key(|view| view.activated)
        .map(|view| view.id);
    views
        .into_iter()
        .map(|view| TabInfo {
            id: view.id,
            url: view.url,
            title: view.title,
            logged_out: view.logged_out,
            active: active == Some(view.id),
            state: view.state,
            emulation: view.emulation.describe().map(Box::new),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(id: u64, activated: u64) -> TabView {
        TabView {
            id: TabId::new(id),
            created_by: None,
            target: None,
            opener: None,
            created_at_ms: 0,
            scope: "a".into(),
            url: "about:blank".to_owned(),
            going_to: None,
            title: String::new(),
            logged_out: false,
            emulation: Arc::default(),
            scripts: InitScripts::default(),
            state: TabState::Ready,
            activated,
            last_used: Instant::now(),
        }
    }

    #[test]
    fn the_list_is_in_order_and_has_one_active_tab() {
        let tabs = list(vec![view(10, 4), view(2, 9), view(3, 5)]);
        let shown: Vec<_> = tabs
            .iter()
            .map(|tab| (tab.id.number(), tab.active))
            .collect();
        assert_eq!(shown, [(2, true), (3, false), (10, false)]);
        assert!(list(Vec::new()).is_empty());
    }
}
