//! What is done to fields: `fill`, `select`, `check` and `uncheck`.

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::Choice;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::action::PointerTarget;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::keys::Chord;
use super::pointer::CLICK;
use super::world::parse;
use crate::locator::Locator;

impl PageDriver {
    /// Replaces what stands in a field.
    pub async fn fill(
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
        struct Filling {
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
        struct Settled {}
        let (reached, result) = self
            .call_on_element("fill", locator, &Fill { value }, deadline)
            .await?;
        let Filling { filled, held } = parse(&result)?;
        if filled {
            return Ok(());
        }
        let text = value.expose();
        if !text.is_empty() {
            self.insert(text, deadline).await?;
        } else if let Ok(delete) = Chord::parse("Delete") {
            // Also where there is nothing to delete: a key brings the field into sight.
            self.press_keys(&delete, deadline).await?;
        }
        let number = Number { number: held };
        match reached
            .world
            .call::<_, Settled>("settle", &number, deadline)
            .await
        {
            // The page took the input, and went elsewhere upon it.
            Err(PageActionError::PageLeft) => Ok(()),
            outcome => outcome.map(|Settled {}| ()),
        }
    }

    /// Chooses options of a `<select>`; says which are chosen then.
    pub async fn select(
        &self,
        locator: &Locator,
        values: &[Choice],
        deadline: Instant,
    ) -> Result<Vec<String>, PageActionError> {
        #[derive(Serialize)]
        struct Choose<'a> {
            values: &'a [Choice],
        }
        #[derive(Deserialize)]
        struct Chosen {
            values: Vec<String>,
        }
        let choose = Choose { values };
        let (_, result) = self
            .call_on_element("choose", locator, &choose, deadline)
            .await?;
        let Chosen { values } = parse(&result)?;
        Ok(values)
    }

    /// Has a checkbox, or what is like one, stand as wanted.
    pub async fn toggle(
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
        struct WantOf {
            want: bool,
            number: u64,
        }
        #[derive(Deserialize)]
        struct Stands {
            is: bool,
        }
        let (_, result) = self
            .call_on_element("toggled", locator, &Want { want: on }, deadline)
            .await?;
        let Stands { is } = parse(&result)?;
        if is {
            return Ok(());
        }
        let target = PointerTarget::Element(locator.clone(), None);
        let Some(clicked) = self.click(&target, CLICK, deadline).await? else {
            return Ok(());
        };
        let want = WantOf {
            want: on,
            number: clicked.held,
        };
        let stands = clicked.reached.world.call("isToggled", &want, deadline);
        match stands.await {
            Ok(Stands { is: true }) | Err(PageActionError::PageLeft) => Ok(()),
            Ok(Stands { is: false }) => Err(PageActionError::NotActionable {
                locator: locator.as_str().to_owned(),
                element: "it".to_owned(),
                reason: "unsuitable".to_owned(),
                by: Some("a click left it as it was".to_owned()),
            }),
            Err(error) => Err(error),
        }
    }
}
