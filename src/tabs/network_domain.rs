//! When CDP's `Network` domain is enabled in a tab.
//!
//! Only `Network.enable` makes Chromium report the HTTP status of a document, and it has no filter:
//! every subresource is reported as well, which costs Chromium nearly as much as loading it. So the
//! domain is disabled while a page loads its subresources for long, and enabled again when it has
//! loaded or navigates. If a page navigates by itself in between, its next document may arrive before
//! the domain is enabled; only its status is missing then.

use std::time::Duration;

use tokio::time::Instant;

/// How long a page may load before the domain is disabled. A page that only redirects, by a script
/// or a `<meta>`, has done so by then.
const DISABLE_AFTER: Duration = Duration::from_millis(25);

#[derive(Debug, Default)]
pub(super) struct NetworkDomainToggle {
    is_disabled: bool,
    disable_at: Option<Instant>,
}

impl NetworkDomainToggle {
    /// A document has committed, and loads its subresources.
    pub(super) fn committed(&mut self, now: Instant) {
        self.disable_at = (!self.is_disabled).then_some(now + DISABLE_AFTER);
    }

    /// When the domain is to be disabled.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.disable_at
    }

    /// Whether the domain is to be disabled now, unless something else needs it. True once.
    pub(super) fn take_due(&mut self, now: Instant) -> bool {
        self.disable_at.take_if(|at| *at <= now).is_some()
    }

    /// The domain was disabled.
    pub(super) fn disabled(&mut self) {
        self.is_disabled = true;
    }

    /// The page has loaded, or navigates. Whether the domain is to be enabled again. True once.
    pub(super) fn enables(&mut self) -> bool {
        self.disable_at = None;
        std::mem::take(&mut self.is_disabled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_disabled_while_a_page_loads_for_long() {
        let (mut toggle, now) = (NetworkDomainToggle::default(), Instant::now());
        assert_eq!(toggle.due_at(), None);
        toggle.committed(now);
        assert!(!toggle.take_due(now));
        assert_eq!(toggle.due_at(), Some(now + DISABLE_AFTER));
        assert!(toggle.take_due(now + DISABLE_AFTER));
        assert!(!toggle.take_due(now + DISABLE_AFTER), "it is said once");
        assert_eq!(toggle.due_at(), None);
        toggle.disabled();
        assert!(toggle.enables());
        assert!(!toggle.enables(), "it is said once");
    }

    #[test]
    fn the_domain_stays_enabled_for_a_page_that_loads_quickly() {
        let (mut toggle, now) = (NetworkDomainToggle::default(), Instant::now());
        toggle.committed(now);
        assert!(!toggle.enables());
        assert!(!toggle.take_due(now + DISABLE_AFTER));
    }

    #[test]
    fn a_domain_that_something_else_needs_is_not_enabled_again() {
        let (mut toggle, now) = (NetworkDomainToggle::default(), Instant::now());
        toggle.committed(now);
        assert!(toggle.take_due(now + DISABLE_AFTER));
        assert_eq!(toggle.due_at(), None, "it is due once");
        assert!(!toggle.enables());
    }
}
