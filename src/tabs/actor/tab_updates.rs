//! Which changes of a tab's URL and title are published, and when. No I/O.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest time between two updates of a tab.
const PAUSE: Duration = Duration::from_millis(500);

/// The most characters of a URL or title in an update.
const MAX_CHARS: usize = 1024;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TabAddress {
    pub(super) url: String,
    pub(super) title: String,
}

#[derive(Debug, Default)]
pub(super) struct TabUpdates {
    /// What clients know: from the last navigation or update, and the title when the page had loaded.
    known: TabAddress,
    present: TabAddress,
    /// The document has loaded, and its title was read then. Before, clients receive its events of
    /// navigation, and nothing else has to be published.
    has_loaded: bool,
    not_before: Option<Instant>,
}

impl TabUpdates {
    /// The tab has another document.
    pub(super) fn new_document(&mut self) {
        self.has_loaded = false;
    }

    /// The document has loaded, and its title was read.
    pub(super) fn loaded(&mut self) {
        self.has_loaded = true;
    }

    /// The tab has this URL and title.
    pub(super) fn observe(&mut self, url: &str, title: &str) {
        if self.present.url != url {
            url.clone_into(&mut self.present.url);
        }
        if self.present.title != title {
            title.clone_into(&mut self.present.title);
        }
        if !self.has_loaded {
            self.settle();
        }
    }

    /// Clients know the present state.
    pub(super) fn settle(&mut self) {
        if self.known != self.present {
            self.known = self.present.clone();
        }
    }

    /// When [`take_due`](Self::take_due) returns an update.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        (self.known != self.present).then(|| self.not_before.unwrap_or(now))
    }

    /// The update to be published now. It counts as published.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<TabAddress> {
        self.next_due(now).filter(|due| *due <= now)?;
        self.settle();
        self.not_before = Some(now + PAUSE);
        let cut = |text: &str| text.chars().take(MAX_CHARS).collect();
        Some(TabAddress {
            url: cut(&self.known.url),
            title: cut(&self.known.title),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://a.test/";

    fn loaded(title: &str) -> TabUpdates {
        let mut updates = TabUpdates::default();
        updates.observe(URL, title);
        updates.loaded();
        updates
    }

    #[test]
    fn a_page_that_loads_is_not_published() {
        let (mut updates, now) = (loaded("one"), Instant::now());
        updates.new_document();
        for title in ["", "two"] {
            updates.observe("http://b.test/", title);
            assert_eq!(updates.take_due(now), None);
        }
        updates.loaded();
        assert_eq!(updates.next_due(now), None);
    }

    #[test]
    fn changes_in_quick_succession_are_one_update() {
        let (mut updates, start) = (loaded("one"), Instant::now());
        updates.observe(URL, "two");
        assert_eq!(updates.take_due(start).unwrap().title, "two");
        for title in ["three", "four", "five"] {
            updates.observe(URL, title);
            assert_eq!(updates.take_due(start), None, "it is too early");
        }
        let due = start + PAUSE;
        assert_eq!(updates.next_due(start), Some(due));
        assert_eq!(updates.take_due(due).unwrap().title, "five");
        assert_eq!(updates.take_due(due + PAUSE), None);
    }

    #[test]
    fn what_is_as_before_is_no_change() {
        let (mut updates, start) = (loaded("one"), Instant::now());
        updates.observe(URL, "two");
        updates.take_due(start);
        updates.observe(URL, "three");
        updates.observe(URL, "two");
        assert_eq!(updates.next_due(start), None);
    }

    #[test]
    fn a_long_url_is_cut() {
        let (mut updates, now) = (loaded("one"), Instant::now());
        let (url, title) = ("ü".repeat(5000), "t".repeat(5000));
        updates.observe(&url, &title);
        let update = updates.take_due(now).unwrap();
        assert_eq!(update.url, "ü".repeat(MAX_CHARS));
        assert_eq!(update.title.len(), MAX_CHARS);
        assert_eq!(updates.next_due(now), None, "all of it is known");
    }
}
