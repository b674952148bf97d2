//! Decides how a tab recovers from a lost or hung page: when it gets another target, and when it is
//! given up.

use std::time::Duration;

use cdp_bridge_protocol::event::{CloseReason, RebuildReason};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::flow::RestartBudget;
use crate::tabs::error::TabError;
use crate::tabs::pending_call::take_done;
use crate::tabs::supervisor::RebuildPermit;
use crate::tabs::target::OpenError;
use crate::tabs::watchdog::Watchdog;

/// How often a tab may be rebuilt in [`CRASH_WINDOW`] before it is given up.
const CRASHES: usize = 3;
const CRASH_WINDOW: Duration = Duration::from_mins(1);

pub(super) struct Recovery {
    /// Set while the target is lost and the tab waits for its turn to get another.
    turn: Option<BoxFuture<'static, Option<RebuildPermit>>>,
    crashes: RestartBudget,
    pub(super) watchdog: Watchdog,
    hang_timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Rebuild,
    End(CloseReason),
}

impl Recovery {
    pub(super) fn new(hang_timeout: Duration) -> Self {
        Self {
            turn: None,
            crashes: RestartBudget::new(CRASHES, CRASH_WINDOW),
            watchdog: Watchdog::new(hang_timeout),
            hang_timeout,
        }
    }

    /// What to do about a lost target. `None`: the tab waits for its turn already.
    pub(super) fn on_loss(&mut self, loss: RebuildReason, now: Instant) -> Option<Verdict> {
        if self.is_waiting() {
            return None;
        }
        if loss == RebuildReason::Crashed && !self.crashes.allow(now) {
            return Some(Verdict::End(CloseReason::Crashed));
        }
        Some(Verdict::Rebuild)
    }

    /// What to do when no target could be opened. What kills one renderer often kills others, the
    /// new one among them, so that such a failure counts as a crash. The death of the browser does
    /// not, because no turn is given before it has been started again.
    pub(super) fn on_failed_rebuild(&mut self, error: &OpenError, now: Instant) -> Verdict {
        match error {
            OpenError::ShuttingDown => Verdict::End(CloseReason::Shutdown),
            error if error.is_of_browser() || self.crashes.allow(now) => Verdict::Rebuild,
            _ => Verdict::End(CloseReason::Crashed),
        }
    }

    pub(super) fn wait_for(
        &mut self,
        turn: impl Future<Output = Option<RebuildPermit>> + Send + 'static,
    ) {
        self.turn = Some(turn.boxed());
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.turn.is_some()
    }

    pub(super) fn cancel(&mut self) {
        self.turn = None;
    }

    /// Waits for the tab's turn; `None` if the supervisor has ended. Never ends for a tab that does
    /// not wait for one.
    pub(super) async fn turn(&mut self) -> Option<RebuildPermit> {
        take_done(&mut self.turn).await
    }

    /// The error for requests that arrive while the target is lost and no other is being opened.
    pub(super) fn refusal(&self, loss: RebuildReason) -> Option<TabError> {
        match loss {
            RebuildReason::Detached => Some(TabError::Detached),
            RebuildReason::BrowserExited if self.is_waiting() => Some(browser_down()),
            RebuildReason::BrowserExited | RebuildReason::Crashed | RebuildReason::Restarted => {
                None
            }
        }
    }

    /// The tab has another target, about which nothing is known.
    pub(super) fn target_replaced(&mut self) {
        self.watchdog = Watchdog::new(self.hang_timeout);
    }
}

pub(super) fn browser_down() -> TabError {
    TabError::BrowserDown {
        reason: "it ended and is being started again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::watchdog::HangAction;

    const HANG: Duration = Duration::from_secs(10);

    #[test]
    fn a_tab_is_given_up_after_three_crashes_within_a_minute() {
        let (mut recovery, start) = (Recovery::new(HANG), Instant::now());
        for crash in 0..3 {
            let now = start + Duration::from_secs(crash);
            let verdict = recovery.on_loss(RebuildReason::Crashed, now);
            assert_eq!(verdict, Some(Verdict::Rebuild));
        }
        let now = start + Duration::from_secs(59);
        let verdict = recovery.on_loss(RebuildReason::Crashed, now);
        assert_eq!(verdict, Some(Verdict::End(CloseReason::Crashed)));
        let verdict = recovery.on_loss(RebuildReason::Crashed, start + CRASH_WINDOW);
        assert_eq!(verdict, Some(Verdict::Rebuild), "the first is forgotten");
    }

    #[test]
    fn the_end_of_the_browser_is_not_the_fault_of_the_tab() {
        let (mut recovery, now) = (Recovery::new(HANG), Instant::now());
        let down = OpenError::BrowserDown("gone".to_owned());
        for _ in 0..10 {
            let verdict = recovery.on_loss(RebuildReason::BrowserExited, now);
            assert_eq!(verdict, Some(Verdict::Rebuild));
            assert_eq!(recovery.on_failed_rebuild(&down, now), Verdict::Rebuild);
        }
    }

    #[test]
    fn a_target_that_cannot_be_opened_counts_as_a_crash() {
        let (mut recovery, now) = (Recovery::new(HANG), Instant::now());
        for _ in 0..3 {
            let verdict = recovery.on_failed_rebuild(&OpenError::NotAttached, now);
            assert_eq!(verdict, Verdict::Rebuild);
        }
        let verdict = recovery.on_failed_rebuild(&OpenError::NotAttached, now);
        assert_eq!(verdict, Verdict::End(CloseReason::Crashed));
        let verdict = recovery.on_failed_rebuild(&OpenError::ShuttingDown, now);
        assert_eq!(verdict, Verdict::End(CloseReason::Shutdown));
    }

    #[test]
    fn a_tab_waits_for_one_turn_at_a_time() {
        let (mut recovery, now) = (Recovery::new(HANG), Instant::now());
        assert!(recovery.refusal(RebuildReason::BrowserExited).is_none());
        recovery.wait_for(async { None });
        assert_eq!(recovery.on_loss(RebuildReason::Crashed, now), None);
        let refusal = recovery.refusal(RebuildReason::BrowserExited);
        assert!(matches!(refusal, Some(TabError::BrowserDown { .. })));
        assert!(recovery.turn().now_or_never().is_some());
        assert!(!recovery.is_waiting());
        assert!(recovery.turn().now_or_never().is_none());
    }

    #[test]
    fn a_new_target_is_not_suspected_for_the_one_before() {
        let (mut recovery, now) = (Recovery::new(HANG), Instant::now());
        recovery.watchdog.suspect(now);
        assert!(recovery.watchdog.take_due(None, now));
        let action = recovery.watchdog.browser_probed(true, now);
        assert_eq!(action, Some(HangAction::Probe));
        recovery.target_replaced();
        assert_eq!(recovery.watchdog.next_wake(None), None);
    }
}
