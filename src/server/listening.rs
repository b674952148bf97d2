//! The tabs whose consoles one session listens to.

use std::collections::HashMap;

use cdp_bridge_protocol::TabId;
use tokio::sync::watch;

/// What a session listens to; it ends when this is dropped.
#[derive(Debug, Default)]
pub struct Listening {
    tabs: HashMap<TabId, watch::Sender<()>>,
}

impl Listening {
    /// The session listens to this tab from now on. What comes back knows when it does so no more. It may
    /// have listened before, and goes on if the tab does not take this request.
    pub fn begin(&mut self, tab: TabId) -> watch::Receiver<()> {
        // Tabs that are gone, and where it was told no more.
        self.tabs.retain(|_, present| !present.is_closed());
        let present = self.tabs.entry(tab);
        present.or_insert_with(|| watch::channel(()).0).subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_anew_goes_on_listening_until_it_is_gone() {
        let mut listening = Listening::default();
        let first = listening.begin(TabId::new(1));
        let other = listening.begin(TabId::new(2));
        let second = listening.begin(TabId::new(1));
        let all = [&first, &second, &other];
        assert!(all.iter().all(|present| present.has_changed().is_ok()));
        drop(listening);
        assert!(
            first.has_changed().is_err()
                && second.has_changed().is_err()
                && other.has_changed().is_err()
        );
    }

    #[test]
    fn tabs_that_are_gone_leave_nothing_behind() {
        let mut listening = Listening::default();
        for number in 0..1000 {
            drop(listening.begin(TabId::new(number)));
        }
        assert_eq!(listening.tabs.len(), 1);
    }
}
