//! The bounding box of an element, for screenshots.

use cdp_bridge_protocol::request::{Clip, Point};
use serde::Deserialize;
use tokio::time::Instant;

use super::call::NoArgs;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::parse;
use crate::locator::Locator;

#[derive(Deserialize)]
struct AreaResult {
    area: Clip,
}

impl PageDriver {
    /// Scrolls an element into view, waits until it is stable, and returns its bounding box in page
    /// coordinates.
    pub(crate) async fn bounding_box(
        &self,
        locator: &Locator,
        deadline: Instant,
    ) -> Result<Clip, PageActionError> {
        let called = self.call_on_element("area", locator, &NoArgs {}, deadline);
        let (world, result) = called.await?;
        let AreaResult { area } = parse(&result)?;
        if world.owner().is_none() {
            return Ok(area);
        }
        // The frame belongs to another process: map two corners to the main frame's viewport.
        let inner: Point = world.call("scrolled", &(), deadline).await?;
        let outer: Point = self.main_world().call("scrolled", &(), deadline).await?;
        let inside = Clip {
            x: area.x - inner.x,
            y: area.y - inner.y,
            ..area
        };
        let area = self.area_to_viewport(&world, inside, deadline).await?;
        Ok(Clip {
            x: area.x + outer.x,
            y: area.y + outer.y,
            ..area
        })
    }
}
