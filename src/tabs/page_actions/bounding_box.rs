//! The bounding box of an element, for screenshots.

use cdp_bridge_protocol::request::{Clip, Point};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::parse;
use crate::locator::Locator;

#[derive(Serialize)]
struct NoArgs {}

#[derive(Deserialize)]
struct AreaResult {
    area: Clip,
}

#[derive(Deserialize)]
struct ScrollOffset {
    x: f64,
    y: f64,
}

impl PageDriver {
    /// Scrolls an element into view, waits until it is stable, and returns its bounding box in page
    /// coordinates.
    pub(crate) async fn bounding_box(
        &self,
        locator: &Locator,
        deadline: Instant,
    ) -> Result<Clip, PageActionError> {
        let (world, result) = self
            .call_on_element("area", locator, &NoArgs {}, deadline)
            .await?;
        let AreaResult { area } = parse(&result)?;
        if world.owner().is_none() {
            return Ok(area);
        }
        // The frame belongs to another process: map two corners to the main frame's viewport.
        let inner: ScrollOffset = world.call("scrolled", &(), deadline).await?;
        let outer: ScrollOffset = self.main_world().call("scrolled", &(), deadline).await?;
        let from = Point {
            x: area.x - inner.x,
            y: area.y - inner.y,
        };
        let to = Point {
            x: from.x + area.width,
            y: from.y + area.height,
        };
        let (from, _) = self.to_viewport(&world, from, deadline).await?;
        let (to, _) = self.to_viewport(&world, to, deadline).await?;
        Ok(Clip {
            x: from.x + outer.x,
            y: from.y + outer.y,
            width: to.x - from.x,
            height: to.y - from.y,
        })
    }
}
