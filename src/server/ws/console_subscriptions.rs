//! The tabs whose consoles one link is subscribed to.

use std::collections::HashMap;

use cdp_bridge_protocol::TabId;
use tokio::sync::watch;

/// The subscriptions of one link; dropping them ends them.
#[derive(Debug, Default)]
pub struct LinkConsoleSubscriptions {
    tabs: HashMap<TabId, watch::Sender<()>>,
}

impl LinkConsoleSubscriptions {
    /// Subscribes to a tab. The receiver sees its channel close when the subscription ends. An earlier
    /// subscription to the tab goes on, also where the tab refuses this request.
    pub fn begin(&mut self, tab: TabId) -> watch::Receiver<()> {
        // Tabs that are closed, or that have ended the subscription, hold no receiver any more.
        self.tabs.retain(|_, alive| !alive.is_closed());
        let alive = self.tabs.entry(tab);
        alive.or_insert_with(|| watch::channel(()).0).subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscribing_again_goes_on_until_the_link_ends() {
        let mut consoles = LinkConsoleSubscriptions::default();
        let first = consoles.begin(TabId::new(1));
        let other = consoles.begin(TabId::new(2));
        let second = consoles.begin(TabId::new(1));
        let all = [&first, &second, &other];
        assert!(all.iter().all(|alive| alive.has_changed().is_ok()));
        drop(consoles);
        assert!(
            first.has_changed().is_err()
                && second.has_changed().is_err()
                && other.has_changed().is_err()
        );
    }

    #[test]
    fn closed_tabs_are_forgotten() {
        let mut consoles = LinkConsoleSubscriptions::default();
        for number in 0..1000 {
            drop(consoles.begin(TabId::new(number)));
        }
        assert_eq!(consoles.tabs.len(), 1);
    }
}
