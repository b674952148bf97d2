//! Decides how a tab recovers from a lost or hung page: when it gets another target, and when it is
//! given up.

use std::time::Duration;

use cdp_bridge_protocol::event::CloseReason;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::flow::RestartBudget;
use crate::tabs::attached_target::LossReason;
use crate::tabs::error::TabError;
use crate::tabs::supervisor::RebuildPermit;
use crate::tabs::target::OpenError;
use crate::tabs::watchdog::{HangAction, Watchdog};

/// How often a tab may be rebuilt in [`CRASH_WINDOW`] before it is given up.
const CRASHES: usize = 3;
const CRASH_WINDOW: Duration = Duration::from_mins(1);

pub(super) struct Recovery {
    /// Set while the target is lost and the tab waits for its turn to get another.
    turn: Option<BoxFuture<'static, Option<RebuildPermit>>>,
    crashes: RestartBudget,
    watchdog: Watchdog,
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
    pub(super) fn on_loss(&mut self, loss: LossReason, now: Instant) -> Option<Verdict> {
        if self.is_waiting() {
            return None;
        }
        if loss == LossReason::Crashed && !self.crashes.allow(now) {
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
        let Some(turn) = &mut self.turn else {
            return std::future::pending().await;
        };
        let turn = turn.await;
        self.turn = None;
        turn
    }

    /// The error for requests that arrive while the target is lost and no other is being opened.
    pub(super) fn refusal(&self, loss: LossReason) -> Option<TabError> {
        match loss {
            LossReason::Detached => Some(TabError::Detached),
            LossReason::BrowserExited if self.is_waiting() => Some(browser_down()),
            LossReason::BrowserExited | LossReason::Crashed => None,
        }
    }

    /// The tab has another target, about which nothing is known.
    pub(super) fn target_replaced(&mut self) {
        self.watchdog = Watchdog::new(self.hang_timeout);
    }

    /// A request was given up that the page had not answered.
    pub(super) fn suspect_page(&mut self, now: Instant) {
        self.watchdog.suspect(now);
    }

    pub(super) fn page_answered(&mut self, now: Instant) {
        self.watchdog.answered(now);
    }

    pub(super) fn next_check(&self, awaiting_page_since: Option<Instant>) -> Option<Instant> {
        self.watchdog.next_wake(awaiting_page_since)
    }

    /// Whether the browser must be probed now, to tell a hung page from a hung browser.
    pub(super) fn needs_browser_probe(&mut self, awaiting: Option<Instant>, now: Instant) -> bool {
        self.watchdog.take_due(awaiting, now)
    }

    /// What to do about the page once the browser has answered, or has not.
    pub(super) fn browser_probed(&mut self, answers: bool, now: Instant) -> Option<HangAction> {
        self.watchdog.browser_probed(answers, now)
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

    const HANG: Duration = Duration::from_secs(10);

    #[test]
    fn a_tab_is_given_up_after_three_crashes_within_a_minute() {
        let (mut recovery, start) = (Recovery::new(HANG), Instant::now());
        for crash in 0..3 {
            let now = start + Duration::from_secs(crash);
            let verdict = recovery.on_loss(LossReason::Crashed, now);
            assert_eq!(verdict, Some(Verdict::Rebuild));
        }
        let now = start + Duration::from_secs(59);
        let verdict = recovery.on_loss(LossReason::Crashed, now);
        assert_eq!(verdict, Some(Verdict::End(CloseReason::Crashed)));
        let verdict = recovery.on_loss(LossReason::Crashed, start + CRASH_WINDOW);
        assert_eq!(verdict, Some(Verdict::Rebuild), "the first is forgotten");
    }

    #[test]
    fn the_end_of_the_browser_is_not_the_fault_of_the_tab() {
        let (mut recovery, now) = (Recovery::new(HANG), Instant::now());
        let down = OpenError::BrowserDown("gone".to_owned());
        for _ in 0..10 {
            let verdict = recovery.on_loss(LossReason::BrowserExited, now);
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
        assert!(recovery.refusal(LossReason::BrowserExited).is_none());
        recovery.wait_for(async { None });
        assert_eq!(recovery.on_loss(LossReason::Crashed, now), None);
        let refusal = recovery.refusal(LossReason::BrowserExited);
        assert!(matches!(refusal, Some(TabError::BrowserDown { .. })));
        assert!(recovery.turn().now_or_never().is_some());
        assert!(!recovery.is_waiting());
        assert!(recovery.turn().now_or_never().is_none());
    }

    #[test]
    fn a_new_target_is_not_suspected_for_the_one_before() {
        let (mut recovery, now) = (Recovery::new(HANG), Instant::now());
        recovery.suspect_page(now);
        assert!(recovery.needs_browser_probe(None, now));
        assert_eq!(recovery.browser_probed(true, now), Some(HangAction::Probe));
        recovery.target_replaced();
        assert_eq!(recovery.next_check(None), None);
    }
}
