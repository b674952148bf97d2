//! `scroll` and `scrollIntoView`.

use cdp_bridge_protocol::request::{Point, ScrollTo};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::action::Place;
use super::error::HandsError;
use super::page::HandsOn;
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

impl HandsOn {
    /// Scrolls the page, or an element; says where that came to rest.
    pub async fn scroll(
        &self,
        locator: Option<&Locator>,
        way: Place,
        smooth: bool,
        deadline: Instant,
    ) -> Result<Point, HandsError> {
        #[derive(Deserialize)]
        struct Scrolled {
            position: Point,
        }
        let (by, to) = match way {
            Place::By(by) => (Some(by), None),
            Place::To(to) => (None, Some(to)),
        };
        let scroll = Scroll { by, to, smooth };
        // A page that goes elsewhere has scrolled or not; scrolling by some way twice is not the same.
        let result = match locator {
            Some(locator) => {
                self.follow_once("scroll", locator, &scroll, deadline)
                    .await?
                    .1
            }
            None => self.main().call_raw("scroll", &scroll, deadline).await?,
        };
        let Scrolled { position } = parse(&result)?;
        Ok(position)
    }

    /// Scrolls until an element is in sight.
    pub async fn reveal(&self, locator: &Locator, deadline: Instant) -> Result<(), HandsError> {
        #[derive(Serialize)]
        struct Reveal {}
        self.follow("reveal", locator, &Reveal {}, deadline).await?;
        Ok(())
    }
}
