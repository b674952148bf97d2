//! Registers the tabs that an earlier process has kept. They get their targets as after the death of a browser: through
//! the rebuild queue, those first that were used last.

use std::sync::atomic::Ordering;

use cdp_bridge_protocol::event::TabState;
use tokio::time::Instant;

use super::task::Supervisor;
use crate::clock::epoch_ms;
use crate::tabs::actor::TabStart;
use crate::tabs::identity::ClientSessionId;
use crate::tabs::kept::{KeptTab, Restoration, moment_of};
use crate::tabs::page_setup::PageSetup;
use crate::tabs::view::TabView;

impl Supervisor {
    pub(super) fn restore(&mut self, restoration: Restoration) {
        let Restoration {
            scopes,
            tabs,
            last_numbers,
        } = restoration;
        for (scope, setup) in scopes {
            self.scopes.open(scope, setup);
        }
        for (client, number) in last_numbers {
            let last = self.last_tab.entry(client).or_default();
            *last = number.max(*last);
        }
        let latest = tabs.iter().map(|tab| tab.activated).max();
        // The next number is above all that were given.
        self.around
            .supervisor
            .activations
            .fetch_max(latest.unwrap_or(0) + 1, Ordering::Relaxed);
        for tab in tabs {
            self.restore_tab(tab);
        }
    }

    fn restore_tab(&mut self, tab: KeptTab) {
        let key = tab.scope.tab(tab.id);
        let is_gone = self.scopes.setup(&tab.scope).is_none();
        if is_gone || self.registry.find(&key).is_some() {
            return;
        }
        let last = self.last_tab.entry(key.client.clone()).or_default();
        *last = tab.id.number().max(*last);
        if let Some(opener) = tab.opener {
            self.popup_openers.insert(key, Some(tab.scope.tab(opener)));
        }
        let usual = self.around.settings.viewport;
        let setup = PageSetup::kept(usual, tab.page.emulation, tab.page.scripts);
        let last_used = moment_of(tab.last_used_ms, (Instant::now(), epoch_ms()));
        let start = TabStart::Restored {
            url: tab.page.url.clone(),
            last_used,
            // Of the implicit session: its clients are not there yet. Other sessions answer by their own clocks.
            is_unattended: tab.scope.session == ClientSessionId::DEFAULT,
        };
        let view = TabView {
            id: tab.id,
            created_by: None,
            scope: tab.scope,
            target: None,
            opener: tab.opener,
            created_at_ms: tab.created_at_ms,
            going_to: None,
            url: tab.page.url,
            title: tab.page.title,
            logged_out: tab.logged_out,
            emulation: setup.emulation.clone(),
            scripts: setup.scripts.clone(),
            state: TabState::Rebuilding,
            activated: tab.activated,
            last_used,
        };
        self.start_actor(view, setup, start);
    }
}
