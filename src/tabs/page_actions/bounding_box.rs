//! Where an element is on the page, for a picture of it.

use cdp_bridge_protocol::request::{Clip, Point};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::parse;
use crate::locator::Locator;

#[derive(Serialize)]
struct Nothing {}

#[derive(Deserialize)]
struct Found {
    area: Clip,
}

#[derive(Deserialize)]
struct Scrolled {
    x: f64,
    y: f64,
}

impl PageDriver {
    /// The part of the page that an element takes, once it is in sight and at rest.
    pub async fn bounding_box(
        &self,
        locator: &Locator,
        deadline: Instant,
    ) -> Result<Clip, PageActionError> {
        let (reached, result) = self
            .call_on_element("area", locator, &Nothing {}, deadline)
            .await?;
        let Found { area } = parse(&result)?;
        if reached.world.owner().is_none() {
            return Ok(area);
        }
        // In a frame of another process, both ends are taken to the page around it.
        let inner: Scrolled = reached.world.call("scrolled", &(), deadline).await?;
        let outer: Scrolled = self.main_world().call("scrolled", &(), deadline).await?;
        let from = Point {
            x: area.x - inner.x,
            y: area.y - inner.y,
        };
        let to = Point {
            x: from.x + area.width,
            y: from.y + area.height,
        };
        let (from, _) = self.to_viewport(&reached.world, from, deadline).await?;
        let (to, _) = self.to_viewport(&reached.world, to, deadline).await?;
        Ok(Clip {
            x: from.x + outer.x,
            y: from.y + outer.y,
            width: to.x - from.x,
            height: to.y - from.y,
        })
    }
}
