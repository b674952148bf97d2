//! `waitFor`. Elements and text ([`wait_text`]) are observed in the page with a `MutationObserver`;
//! load states and URLs follow Chromium's events.
//!
//! [`wait_text`]: super::wait_text

use cdp_bridge_protocol::request::{LoadState, WaitState};
use serde::Serialize;
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use super::glob;
use super::operation::PageOperation;
use crate::locator::Locator;
use crate::tabs::reply::AnswerKind;

impl PageOperation {
    /// `waitFor` with `selector`.
    pub fn wait_element(locator: Locator, state: WaitState) -> Self {
        Self::new(async move |driver, _, deadline| {
            driver.wait_element(&locator, state, deadline).await?;
            Ok(driver.waited())
        })
    }

    /// `waitFor` with `loadState`.
    pub fn wait_load(state: LoadState) -> Self {
        Self::new(async move |driver, _, deadline| {
            driver.wait_load(state, deadline).await?;
            Ok(driver.waited())
        })
    }

    /// `waitFor` with `url`.
    pub fn wait_url(glob: String) -> Self {
        Self::new(async move |driver, _, _| {
            driver.wait_url(&glob).await?;
            Ok(driver.waited())
        })
    }

    /// `waitFor` with `text`.
    pub fn wait_text(text: String) -> Self {
        Self::new(async move |driver, _, deadline| {
            driver.wait_text(&text, deadline).await?;
            Ok(driver.waited())
        })
    }
}

impl PageDriver {
    /// The answer once a condition holds.
    fn waited(&self) -> AnswerKind {
        let url = self.location().borrow().url.clone();
        AnswerKind::Waited { url }
    }

    /// Waits until the elements of a locator are in a state.
    async fn wait_element(
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

    /// Waits for a load state. The caller enforces the deadline.
    async fn wait_load(&self, state: LoadState, deadline: Instant) -> Result<(), PageActionError> {
        if state == LoadState::NetworkIdle {
            return self.wait_network_idle(deadline).await;
        }
        let mut progress = self.progress(deadline).await?;
        let reached = progress.wait_for(|progress| progress.has_reached(state));
        reached.await.map_err(|_| PageActionError::Replaced)?;
        Ok(())
    }

    /// Waits until the tab's URL matches a glob. The caller enforces the deadline.
    async fn wait_url(&self, wanted: &str) -> Result<(), PageActionError> {
        let mut location = self.location();
        let there = location.wait_for(|progress| glob::fits(wanted, &progress.url));
        there.await.map_err(|_| PageActionError::Replaced)?;
        Ok(())
    }
}
