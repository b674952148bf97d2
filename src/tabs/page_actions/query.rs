//! `query`.

use cdp_bridge_protocol::request::{Point, What};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::parse;
use crate::locator::Locator;

impl PageDriver {
    /// Reads a property of an element.
    pub(super) async fn query(
        &self,
        locator: &Locator,
        what: What,
        deadline: Instant,
    ) -> Result<Value, PageActionError> {
        #[derive(Serialize)]
        struct Query {
            what: What,
        }
        #[derive(Deserialize)]
        struct Answer {
            value: Value,
        }
        #[derive(Deserialize)]
        struct Area {
            x: f64,
            y: f64,
            width: f64,
            height: f64,
        }
        let (world, result) = self
            .call_on_element("query", locator, &Query { what }, deadline)
            .await?;
        let Answer { value } = parse(&result)?;
        if what != What::Box || value.is_null() || world.owner().is_none() {
            return Ok(value);
        }
        // A cross-origin frame reports positions relative to its own viewport.
        let area: Area = serde_json::from_value(value).map_err(|error| {
            crate::cdp::client::shape::<crate::cdp::page_methods::EvaluateIn<'_>>(&error)
        })?;
        let from = Point {
            x: area.x,
            y: area.y,
        };
        let to = Point {
            x: area.x + area.width,
            y: area.y + area.height,
        };
        let (from, _) = self.to_viewport(&world, from, deadline).await?;
        let (to, _) = self.to_viewport(&world, to, deadline).await?;
        Ok(json!({"x": from.x, "y": from.y, "width": to.x - from.x, "height": to.y - from.y}))
    }
}
