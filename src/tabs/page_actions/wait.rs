//! `waitFor`. Elements are waited for in the page, by its own mutations, as is text ([`seek`]); loading
//! and moving are waited for by Chromium's events.
//!
//! [`seek`]: super::seek

use cdp_bridge_protocol::request::{LoadState, WaitState};
use serde::Serialize;
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use super::glob;
use crate::locator::Locator;

impl PageDriver {
    /// Waits until the elements of a locator are so.
    pub async fn wait_element(
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
            match self
                .call_on_element("waitElement", locator, &wait, deadline)
                .await
            {
                // The frame that it was in is no more.
                Err(PageActionError::PageLeft) if gone => return Ok(()),
                Err(PageActionError::PageLeft) if self.pause_before_retry(deadline).await => {}
                outcome => return outcome.map(|_| ()),
            }
        }
    }

    /// Waits until the page has loaded so far. Until when is the caller's.
    pub async fn wait_load(
        &self,
        state: LoadState,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let mut progress = self.progress(deadline).await?;
        let reached = progress.wait_for(|progress| progress.has_reached(state));
        reached.await.map_err(|_| PageActionError::Replaced)?;
        Ok(())
    }

    /// Waits until the tab is at a URL that fits a glob. Until when is the caller's.
    pub async fn wait_url(&self, wanted: &str) -> Result<(), PageActionError> {
        let mut location = self.location();
        let there = location.wait_for(|progress| glob::fits(wanted, &progress.url));
        there.await.map_err(|_| PageActionError::Replaced)?;
        Ok(())
    }
}
