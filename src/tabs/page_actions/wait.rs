//! Waiting for single conditions. Elements and text ([`wait_text`]) are observed in the page with a
//! `MutationObserver`; load states and URLs follow Chromium's events; scripts ([`wait_script`]) are run again.
//!
//! [`wait_text`]: super::wait_text
//! [`wait_script`]: super::wait_script

use std::future::ready;
use std::time::Duration;

use cdp_bridge_protocol::request::{LoadState, WaitState, WaitUntil};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::conditions::Condition;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::url_pattern::UrlPattern;
use crate::cdp::CallError;
use crate::locator::Locator;
use crate::policy::redact_url;
use crate::timer::remaining;

/// How much earlier than the request's deadline a wait ends, so that it can tell what has been reached.
const MARGIN: Duration = Duration::from_millis(50);

impl PageDriver {
    /// Waits for a condition that the page does not time by itself.
    pub(super) async fn within<T>(
        &self,
        condition: &Condition,
        wait: impl Future<Output = Result<T, PageActionError>>,
        deadline: Instant,
    ) -> Result<T, PageActionError> {
        let left = remaining(deadline);
        let until = deadline - MARGIN.min(left / 10);
        match timeout_at(until, wait).await {
            Ok(Err(PageActionError::Call(CallError::Timeout { .. }))) | Err(_) => {
                let progress = self.location();
                let progress = progress.borrow();
                Err(PageActionError::NotHeld {
                    condition: condition.to_string(),
                    url: redact_url(&progress.url),
                    reached: progress.reached(),
                })
            }
            Ok(outcome) => outcome,
        }
    }

    /// Waits until the elements of a locator are in a state.
    pub(super) async fn wait_element(
        &self,
        locator: &Locator,
        state: WaitState,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        #[derive(Serialize)]
        struct Wait {
            state: WaitState,
        }
        loop {
            let wait = Wait { state };
            let gone = matches!(state, WaitState::Hidden | WaitState::Detached);
            let outcome = self.call_on_element("waitElement", locator, &wait, deadline);
            match outcome.await {
                // The frame was removed, and the element with it.
                Err(PageActionError::PageLeft) if gone => return Ok(()),
                Err(PageActionError::PageLeft) if self.pause_before_retry(deadline).await => {}
                outcome => return outcome.map(|_| ()),
            }
        }
    }

    /// Waits for a load state: of the document that comes of a navigation, if one is under way. The caller enforces
    /// the deadline.
    pub(crate) async fn wait_load(
        &self,
        state: LoadState,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        if state == LoadState::NetworkIdle {
            return self.wait_network_idle(ready(Ok(())), deadline).await;
        }
        let mut progress = self.progress(deadline).await?;
        let reached = progress.wait_for(|it| !it.is_leaving() && it.has_reached(state));
        reached.await.map_err(|_| PageActionError::Replaced)?;
        Ok(())
    }

    /// How far the document is. Only known in full once [`Self::wait_load`] has been called.
    pub(crate) fn reached(&self) -> WaitUntil {
        self.location().borrow().reached()
    }

    /// Waits until the tab's URL matches a pattern. The caller enforces the deadline.
    pub(super) async fn wait_url(&self, pattern: &UrlPattern) -> Result<(), PageActionError> {
        let mut location = self.location();
        let there = location.wait_for(|it| !it.is_leaving() && pattern.matches(&it.url));
        there.await.map_err(|_| PageActionError::Replaced)?;
        Ok(())
    }
}
