//! `scroll` and `scrollIntoView`.

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

impl PageDriver {
    /// Scrolls the page or an element; returns the final position.
    pub(super) async fn scroll(
        &self,
        locator: Option<&Locator>,
        target: ScrollTarget,
        smooth: bool,
        deadline: Instant,
    ) -> Result<Point, PageActionError> {
        #[derive(Deserialize)]
        struct ScrollResult {
            position: Point,
        }
        let (by, to) = match target {
            ScrollTarget::By(by) => (Some(by), None),
            ScrollTarget::To(to) => (None, Some(to)),
        };
        let scroll = ScrollArgs { by, to, smooth };
        // No retry after a navigation: relative scrolling is not idempotent.
        let result = match locator {
            Some(locator) => {
                self.call_on_element_once("scroll", locator, &scroll, deadline)
                    .await?
                    .1
            }
            None => {
                self.main_world()
                    .call_raw("scroll", &scroll, deadline)
                    .await?
            }
        };
        Ok(parse::<ScrollResult>(&result)?.position)
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
