//! Form fields: `fill`, `select`, `check` and `uncheck`.

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::Choice;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::actions::PointerTarget;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::keys::Chord;
use super::pointer::CLICK;
use super::world::parse;
use crate::locator::Locator;

impl PageDriver {
    /// Replaces the value of a field.
    pub(super) async fn fill(
        &self,
        locator: &Locator,
        value: &TypedText,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        #[derive(Serialize)]
        struct Fill<'a> {
            value: &'a TypedText,
        }
        #[derive(Deserialize)]
        struct FillResult {
            #[serde(default)]
            filled: bool,
            #[serde(default)]
            held: u64,
        }
        #[derive(Serialize)]
        struct Number {
            number: u64,
        }
        #[derive(Deserialize)]
        struct FireChangeResult {}
        let (world, result) = self
            .call_on_element("fill", locator, &Fill { value }, deadline)
            .await?;
        let FillResult { filled, held } = parse(&result)?;
        if filled {
            return Ok(());
        }
        let text = value.expose();
        if !text.is_empty() {
            self.insert(text, deadline).await?;
        } else if let Ok(delete) = Chord::parse("Delete") {
            // Press Delete even if the field is empty: key input scrolls the field into view.
            self.press_keys(&delete, deadline).await?;
        }
        let number = Number { number: held };
        match world
            .call::<_, FireChangeResult>("fireChange", &number, deadline)
            .await
        {
            // The input was accepted, and the page navigated because of it.
            Err(PageActionError::PageLeft) => Ok(()),
            outcome => outcome.map(|FireChangeResult {}| ()),
        }
    }

    /// Selects options of a `<select>`; returns the values of all that are selected afterwards.
    pub(super) async fn select(
        &self,
        locator: &Locator,
        values: &[Choice],
        deadline: Instant,
    ) -> Result<Vec<String>, PageActionError> {
        #[derive(Serialize)]
        struct SelectArgs<'a> {
            values: &'a [Choice],
        }
        #[derive(Deserialize)]
        struct SelectResult {
            values: Vec<String>,
        }
        let args = SelectArgs { values };
        let (_, result) = self
            .call_on_element("selectOptions", locator, &args, deadline)
            .await?;
        let SelectResult { values } = parse(&result)?;
        Ok(values)
    }

    /// Sets the state of a checkbox, radio button or switch.
    pub(super) async fn toggle(
        &self,
        locator: &Locator,
        on: bool,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        #[derive(Serialize)]
        struct Want {
            want: bool,
        }
        #[derive(Serialize)]
        struct ClickedToggle {
            want: bool,
            number: u64,
        }
        #[derive(Deserialize)]
        struct ToggleResult {
            is: bool,
        }
        let (_, result) = self
            .call_on_element("toggleState", locator, &Want { want: on }, deadline)
            .await?;
        let ToggleResult { is } = parse(&result)?;
        if is {
            return Ok(());
        }
        let target = PointerTarget::Element(locator.clone(), None);
        let Some(clicked) = self.click(&target, CLICK, deadline).await? else {
            return Ok(());
        };
        let want = ClickedToggle {
            want: on,
            number: clicked.held,
        };
        let result = clicked.world.call("isToggled", &want, deadline);
        match result.await {
            Ok(ToggleResult { is: true }) | Err(PageActionError::PageLeft) => Ok(()),
            Ok(ToggleResult { is: false }) => Err(PageActionError::NotActionable {
                locator: locator.as_str().to_owned(),
                element: "it".to_owned(),
                reason: "unsuitable".to_owned(),
                by: Some("the click did not change its state".to_owned()),
            }),
            Err(error) => Err(error),
        }
    }
}
