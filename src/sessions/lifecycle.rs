//! The states of a session. No I/O.

use super::{EndReason, SessionStatus};

/// How far a session is, and what goes on in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lifecycle {
    phase: Phase,
    /// Requests that are being carried out, and connections that are not only watching.
    uses: usize,
    is_taken_over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Initializing,
    Live,
    Ending(EndReason),
    Gone(EndReason),
}

impl Lifecycle {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Initializing,
            uses: 0,
            is_taken_over: false,
        }
    }

    pub(super) fn status(self) -> SessionStatus {
        match self.phase {
            Phase::Initializing => SessionStatus::Initializing,
            Phase::Live if self.is_taken_over => SessionStatus::Takeover,
            Phase::Live if self.uses > 0 => SessionStatus::Running,
            Phase::Live => SessionStatus::Ready,
            Phase::Ending(EndReason::Failed) | Phase::Gone(EndReason::Failed) => {
                SessionStatus::Error
            }
            Phase::Ending(_) => SessionStatus::Completed,
            Phase::Gone(_) => SessionStatus::Destroyed,
        }
    }

    pub(super) fn end_reason(self) -> Option<EndReason> {
        match self.phase {
            Phase::Initializing | Phase::Live => None,
            Phase::Ending(reason) | Phase::Gone(reason) => Some(reason),
        }
    }

    /// Whether it takes work.
    pub(super) fn takes_work(self) -> bool {
        self.end_reason().is_none()
    }

    /// Whether nothing of it is left.
    pub(super) fn is_gone(self) -> bool {
        matches!(self.phase, Phase::Gone(_))
    }

    /// It is made. False if it has ended meanwhile, or was made already.
    pub(super) fn ready(&mut self) -> bool {
        let is_new = self.phase == Phase::Initializing;
        if is_new {
            self.phase = Phase::Live;
        }
        is_new
    }

    /// It takes no more work. False if it has ended already, for its own reason.
    pub(super) fn end(&mut self, reason: EndReason) -> bool {
        let ends = self.takes_work();
        if ends {
            self.phase = Phase::Ending(reason);
        }
        ends
    }

    /// Nothing of it is left. False if it has not ended, or was gone already.
    pub(super) fn gone(&mut self) -> bool {
        let Phase::Ending(reason) = self.phase else {
            return false;
        };
        self.phase = Phase::Gone(reason);
        true
    }

    /// One more request or connection.
    pub(super) fn used(&mut self) {
        self.uses += 1;
    }

    /// One less.
    pub(super) fn released(&mut self) {
        self.uses -= 1;
    }

    /// Whether a request is being carried out, or a connection open.
    pub(super) fn is_used(self) -> bool {
        self.uses > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_session_is_running_while_it_is_used() {
        let mut life = Lifecycle::new();
        assert_eq!(life.status(), SessionStatus::Initializing);
        life.used();
        assert_eq!(life.status(), SessionStatus::Initializing);
        assert!(life.ready() && !life.ready());
        assert_eq!(life.status(), SessionStatus::Running);
        life.released();
        assert_eq!(life.status(), SessionStatus::Ready);
        life.is_taken_over = true;
        assert_eq!(life.status(), SessionStatus::Takeover);
    }

    #[test]
    fn one_that_could_not_be_made_is_an_error_and_stays_one() {
        let mut life = Lifecycle::new();
        assert!(life.end(EndReason::Failed));
        assert_eq!(life.status(), SessionStatus::Error);
        assert!(life.gone());
        assert_eq!(life.status(), SessionStatus::Error);
    }

    /// How far a status is in the order of a session's life.
    fn stage(status: SessionStatus) -> u8 {
        match status {
            SessionStatus::Initializing => 0,
            SessionStatus::Ready | SessionStatus::Running | SessionStatus::Takeover => 1,
            SessionStatus::Completed | SessionStatus::Error => 2,
            SessionStatus::Destroyed => 3,
        }
    }

    proptest! {
        #[test]
        fn a_session_never_goes_back_and_keeps_its_first_reason(
            steps in prop::collection::vec((0_u8..5, 0_usize..7), 0..40)
        ) {
            let mut life = Lifecycle::new();
            let (mut uses, mut first) = (0_usize, None);
            for (step, reason) in steps {
                let before = life;
                match step {
                    0 => _ = life.ready(),
                    1 => {
                        let reason = EndReason::ALL[reason];
                        let ends = life.end(reason);
                        prop_assert_eq!(ends, first.is_none());
                        first.get_or_insert(reason);
                    }
                    2 => prop_assert_eq!(life.gone(), first.is_some() && !before.is_gone()),
                    3 => { life.used(); uses += 1; }
                    _ if uses > 0 => { life.released(); uses -= 1; }
                    _ => {}
                }
                prop_assert!(stage(life.status()) >= stage(before.status()));
                prop_assert_eq!(life.end_reason(), first);
                prop_assert_eq!(life.takes_work(), first.is_none());
                prop_assert!(!life.is_gone() || first.is_some());
            }
        }
    }
}
