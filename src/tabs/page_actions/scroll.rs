//! `scroll` and `scrollIntoView`.

use cdp_bridge_protocol::request::{Point, ScrollTo};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::action::ScrollTarget;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::parse;
use crate::locator::Locator;

#[derive(Serialize)]
struct Scroll {
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Point>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<ScrollTo>,
    smooth: bool,
}

impl PageDriver {
    /// Scrolls the page, or an element; says where that came to rest.
    pub async fn scroll(
        &self,
        locator: Option<&Locator>,
        target: ScrollTarget,
        smooth: bool,
        deadline: Instant,
    ) -> Result<Point, PageActionError> {
        #[derive(Deserialize)]
        struct Scrolled {
            position: Point,
        }
        let (by, to) = match target {
            ScrollTarget::By(by) => (Some(by), None),
            ScrollTarget::To(to) => (None, Some(to)),
        };
        let scroll = Scroll { by, to, smooth };
        // A page that goes elsewhere has scrolled or not; scrolling by some way twice is not the same.
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
        let Scrolled { position } = parse(&result)?;
        Ok(position)
    }

    /// Scrolls until an element is in sight.
    pub async fn reveal(
        &self,
        locator: &Locator,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        #[derive(Serialize)]
        struct Reveal {}
        self.call_on_element("reveal", locator, &Reveal {}, deadline)
            .await?;
        Ok(())
    }
}
