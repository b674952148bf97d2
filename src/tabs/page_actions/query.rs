//! `query`.

use cdp_bridge_protocol::request::{Clip, What};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use super::operation::PageOperation;
use super::world::parse;
use crate::cdp::client::shape;
use crate::cdp::page_methods::EvaluateIn;
use crate::locator::Locator;
use crate::tabs::reply::AnswerKind;

impl PageOperation {
    /// `query`.
    pub fn query(locator: Locator, what: What) -> Self {
        Self::new(async move |driver, _, deadline| {
            let value = driver.query(&locator, what, deadline).await?;
            Ok(AnswerKind::Queried(value))
        })
    }
}

impl PageDriver {
    /// Reads a property of an element.
    async fn query(
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
        let (world, result) = self
            .call_on_element("query", locator, &Query { what }, deadline)
            .await?;
        let Answer { value } = parse(&result)?;
        if what != What::Box || value.is_null() || world.owner().is_none() {
            return Ok(value);
        }
        // A cross-origin frame reports positions relative to its own viewport.
        let area: Clip =
            serde_json::from_value(value).map_err(|error| shape::<EvaluateIn<'_>>(&error))?;
        Ok(json!(self.area_to_viewport(&world, area, deadline).await?))
    }
}
