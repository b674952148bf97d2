//! `scroll` and `scrollIntoView`.

use std::sync::Arc;

use cdp_bridge_protocol::request::{Point, ScrollTo};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::actions::ScrollTarget;
use super::call::NoArgs;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::parse;
use crate::locator::Locator;

#[derive(Serialize)]
struct ScrollArgs {
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Point>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<ScrollTo>,
    smooth: bool,
}

/// The effect of `scroll`.
#[derive(Deserialize)]
pub(super) struct Scrolled {
    pub position: Point,
    pub moved: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ScrollResult {
    Done(Scrolled),
    Frame {
        /// The number of the frame element.
        frame: u64,
    },
}

impl PageDriver {
    /// Scrolls the page or an element.
    pub(super) async fn scroll(
        &self,
        locator: Option<&Locator>,
        target: ScrollTarget,
        smooth: bool,
        deadline: Instant,
    ) -> Result<Scrolled, PageActionError> {
        let (by, to) = match target {
            ScrollTarget::By(by) => (Some(by), None),
            ScrollTarget::To(to) => (None, Some(to)),
        };
        let scroll = ScrollArgs { by, to, smooth };
        // No retry after a navigation: relative scrolling is not idempotent.
        let (mut world, mut result) = if let Some(locator) = locator {
            self.call_on_element_once("scroll", locator, &scroll, deadline)
                .await?
        } else {
            let world = Arc::clone(self.main_world());
            // The page has nothing to wait for.
            self.input_sent.set();
            let result = world.call_raw("scroll", &scroll, deadline).await?;
            (world, result)
        };
        loop {
            match parse(&result)? {
                ScrollResult::Done(scrolled) => return Ok(scrolled),
                // What scrolls is in a frame of another origin.
                ScrollResult::Frame { frame } => {
                    world = self.enter_frame(&world, frame, deadline).await?;
                    self.input_sent.set();
                    result = world.call_raw("scroll", &scroll, deadline).await?;
                }
            }
        }
    }

    pub(super) async fn scroll_into_view(
        &self,
        locator: &Locator,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        self.call_on_element("scrollIntoView", locator, &NoArgs {}, deadline)
            .await?;
        Ok(())
    }
}
