//! Whether a request may have had an effect on its page.

use cdp_bridge_protocol::TabId;
use tokio::sync::watch;

/// How far an action is. Shared with the reply of its request: an action that fails after its input was
/// sent must not be repeated unseen, whatever made it fail.
#[derive(Debug, Clone)]
pub struct InputSent(watch::Sender<InputState>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum InputState {
    /// It has had no effect.
    #[default]
    NotSent,
    /// The script in the page has been called. It may act at any time, but may still be waiting: only the
    /// page knows.
    LeftToPage,
    /// Input was sent, or a script of the client runs, or a navigation has committed.
    Sent,
    /// This tab was opened, and stays whatever becomes of the request.
    Opened(TabId),
}

impl Default for InputSent {
    fn default() -> Self {
        Self(watch::Sender::new(InputState::NotSent))
    }
}

impl InputSent {
    /// To be called right before input is sent.
    pub(super) fn set(&self) {
        self.0.send_if_modified(|state| {
            let is_open = matches!(state, InputState::Opened(_));
            if !is_open {
                *state = InputState::Sent;
            }
            !is_open
        });
    }

    /// To be called when the tab that was asked for is open.
    pub(super) fn set_opened(&self, tab: TabId) {
        self.0.send_replace(InputState::Opened(tab));
    }

    /// The tab that was opened.
    pub(super) fn opened_tab(&self) -> Option<TabId> {
        match self.state() {
            InputState::Opened(tab) => Some(tab),
            _ => None,
        }
    }

    /// To be called right before the page is asked to act by itself.
    pub(super) fn leave_to_page(&self) {
        self.0.send_if_modified(|state| {
            let is_first = *state == InputState::NotSent;
            if is_first {
                *state = InputState::LeftToPage;
            }
            is_first
        });
    }

    /// The input is known to have had no effect.
    pub(super) fn clear(&self) {
        self.0.send_replace(InputState::NotSent);
    }

    pub(super) fn state(&self) -> InputState {
        *self.0.borrow()
    }

    /// Whether there may have been an effect.
    pub(super) fn may_be_sent(&self) -> bool {
        self.state() != InputState::NotSent
    }

    /// Changes of the state from now on.
    pub(super) fn changes(&self) -> watch::Receiver<InputState> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_that_was_sent_stays_sent_until_it_is_known_to_have_had_no_effect() {
        let input = InputSent::default();
        assert!(!input.may_be_sent());
        input.leave_to_page();
        assert!(input.may_be_sent() && input.state() == InputState::LeftToPage);
        input.set();
        input.leave_to_page();
        assert_eq!(input.state(), InputState::Sent);
        input.clear();
        assert!(!input.may_be_sent());
    }

    #[test]
    fn a_tab_that_was_opened_stays_known() {
        let input = InputSent::default();
        assert_eq!(input.opened_tab(), None);
        input.set_opened(TabId::new(3));
        input.set();
        assert!(input.may_be_sent() && input.opened_tab() == Some(TabId::new(3)));
    }
}
