//! Form fields: `fill`, `select`, `check` and `uncheck`.

use std::sync::Arc;

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::Choice;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::action_mode::ActionMode;
use super::actions::PointerTarget;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::hit_check::unless_navigating;
use super::keys::{delete, select_all};
use super::pointer::ClickOptions;
use super::world::{World, parse};
use crate::locator::Locator;

#[derive(Deserialize)]
struct FillResult {
    /// The value was set without typing.
    #[serde(default)]
    filled: bool,
    #[serde(default)]
    held: u64,
    /// Whether it is an element that is edited by scripts of the page.
    #[serde(default)]
    editor: bool,
    /// Whether it is the hidden field in which a code editor receives keys; its text is elsewhere.
    #[serde(default)]
    proxy: bool,
    #[serde(default)]
    matches: Option<bool>,
}

#[derive(Serialize)]
struct FilledField<'a> {
    number: u64,
    value: &'a TypedText,
}

#[derive(Deserialize)]
pub(super) struct NoResult {}

impl PageDriver {
    /// Replaces the value of a field. Returns whether the field holds the value afterwards; `None` if it
    /// is gone.
    pub(super) async fn fill(
        &self,
        locator: &Locator,
        value: &TypedText,
        mode: ActionMode,
        deadline: Instant,
    ) -> Result<Option<bool>, PageActionError> {
        #[derive(Serialize)]
        struct Fill<'a> {
            value: &'a TypedText,
            #[serde(flatten)]
            mode: ActionMode,
        }
        let fill = Fill { value, mode };
        let fill = self.call_on_element("fill", locator, &fill, deadline);
        if mode.trial {
            fill.await?;
            return Ok(None);
        }
        let (world, result) = self.by_script(fill).await?;
        let filling: FillResult = parse(&result)?;
        if filling.filled {
            return Ok(filling.matches);
        }
        if filling.proxy {
            self.press_keys(&select_all(), deadline).await?;
        }
        self.replace_selection(value, deadline).await?;
        let filled = FilledField {
            number: filling.held,
            value,
        };
        if filling.editor && !was_replaced(&world, &filled, deadline).await? {
            // The editor has not taken the selection from the document, but it may take the keys.
            self.press_keys(&select_all(), deadline).await?;
            let settle = call_unless_left::<_, NoResult>(&world, "settle", &(), deadline);
            settle.await?;
            self.replace_selection(value, deadline).await?;
            if !was_replaced(&world, &filled, deadline).await? {
                return Err(PageActionError::NotActionable {
                    locator: locator.as_str().to_owned(),
                    element: "it".to_owned(),
                    reason: "unsuitable".to_owned(),
                    by: Some(
                        "the editor still holds some of its old text, however it was selected"
                            .to_owned(),
                    ),
                    course: Vec::new(),
                });
            }
        }
        let finish = call_unless_left(&world, "finishFill", &filled, deadline);
        let finished: Option<FillResult> = finish.await?;
        Ok(finished.and_then(|finished| finished.matches))
    }

    async fn replace_selection(
        &self,
        value: &TypedText,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let text = value.expose();
        if text.is_empty() {
            // Press Delete even if the field is empty: key input scrolls the field into view.
            self.press_keys(&delete(), deadline).await
        } else {
            self.insert(text, deadline).await
        }
    }

    /// Selects options of a `<select>`; returns the values of all that are selected afterwards.
    pub(super) async fn select(
        &self,
        locator: &Locator,
        values: &[Choice],
        mode: ActionMode,
        deadline: Instant,
    ) -> Result<Vec<String>, PageActionError> {
        #[derive(Serialize)]
        struct SelectArgs<'a> {
            values: &'a [Choice],
            #[serde(flatten)]
            mode: ActionMode,
        }
        #[derive(Deserialize)]
        struct SelectResult {
            values: Vec<String>,
        }
        let args = SelectArgs { values, mode };
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
        mode: ActionMode,
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
        let press = ClickOptions::toggle(mode);
        let Some(clicked) = self.click(&target, press, deadline).await? else {
            return Ok(());
        };
        let want = ClickedToggle {
            want: on,
            number: clicked.held,
        };
        let result = call_unless_left(&clicked.world, "isToggled", &want, deadline);
        match result.await? {
            None | Some(ToggleResult { is: true }) => Ok(()),
            Some(ToggleResult { is: false }) => Err(PageActionError::NotActionable {
                locator: locator.as_str().to_owned(),
                element: "it".to_owned(),
                reason: "unsuitable".to_owned(),
                by: Some("the click did not change its state".to_owned()),
                course: Vec::new(),
            }),
        }
    }
}

/// Whether the text of an editor was replaced by what was typed. `true` also if it is gone.
async fn was_replaced(
    world: &Arc<World>,
    field: &FilledField<'_>,
    deadline: Instant,
) -> Result<bool, PageActionError> {
    #[derive(Deserialize)]
    struct ReplacedResult {
        replaced: bool,
    }
    let result = call_unless_left(world, "wasReplaced", field, deadline);
    let result: Option<ReplacedResult> = result.await?;
    Ok(result.is_none_or(|result| result.replaced))
}

/// Looks at the effect of input. `None` if the page has navigated because of the input.
pub(super) async fn call_unless_left<A, R>(
    world: &Arc<World>,
    function: &'static str,
    args: &A,
    deadline: Instant,
) -> Result<Option<R>, PageActionError>
where
    A: Serialize + Sync,
    R: DeserializeOwned,
{
    match unless_navigating(world, world.call(function, args, deadline)).await {
        None | Some(Err(PageActionError::PageLeft)) => Ok(None),
        Some(outcome) => outcome.map(Some),
    }
}
