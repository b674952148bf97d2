//! Actions on the elements of a page.

use std::time::Duration;

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::{Choice, Modifier, MouseButton, Point, ScrollTo};
use serde_json::Value;

use super::action_mode::ActionMode;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::keys::Chord;
use super::operation::PageOperation;
use super::page_files::PageFile;
use super::pointer::ClickOptions;
use crate::locator::Locator;
use crate::tabs::reply::{Acted, AnswerKind};

/// The target of a pointer action.
#[derive(Debug, Clone, PartialEq)]
pub enum PointerTarget {
    /// An element: its middle, or an offset in it.
    Element(Locator, Option<Point>),
    /// A point in viewport coordinates.
    Point(Point),
}

/// The `<input type=file>` of an upload.
#[derive(Debug, Clone, PartialEq)]
pub enum UploadTarget {
    Element(Locator),
    /// The input of a file chooser, by the id of the chooser.
    Chooser(String),
}

/// A relative or an absolute scroll position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScrollTarget {
    By(Point),
    To(ScrollTo),
}

impl From<()> for Acted {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl PageOperation {
    /// `click`.
    pub fn click(
        target: PointerTarget,
        button: MouseButton,
        count: u8,
        modifiers: Vec<Modifier>,
        mode: ActionMode,
    ) -> Self {
        Self::acting(mode, async move |driver, deadline| {
            driver.report_copies(deadline).await;
            let press = ClickOptions {
                button,
                count,
                modifiers: &modifiers,
                toggle: false,
                mode,
            };
            driver.click(&target, press, deadline).await.map(drop)
        })
    }

    /// `hover`.
    pub fn hover(locator: Locator, mode: ActionMode) -> Self {
        Self::acting(mode, async move |driver, deadline| {
            driver.hover(&locator, mode, deadline).await
        })
    }

    /// `focus`.
    pub fn focus(locator: Locator, trial: bool) -> Self {
        Self::acting(ActionMode::trial(trial), async move |driver, deadline| {
            if trial {
                return driver.could_focus(&locator, deadline).await;
            }
            let focus = driver.focus(&locator, false, deadline);
            driver.by_script(focus).await.map(drop)
        })
    }

    /// `check` and `uncheck`. `on` is the wanted state.
    pub fn toggle(locator: Locator, on: bool, mode: ActionMode) -> Self {
        Self::acting(mode, async move |driver, deadline| {
            driver.toggle(&locator, on, mode, deadline).await
        })
    }

    /// `scrollIntoView`.
    pub fn scroll_into_view(locator: Locator) -> Self {
        Self::action(async move |driver, deadline| {
            let scroll = driver.scroll_into_view(&locator, deadline);
            driver.by_script(scroll).await
        })
    }

    /// `fill`.
    pub fn fill(locator: Locator, value: TypedText, mode: ActionMode) -> Self {
        Self::acting(mode, async move |driver, deadline| {
            let matches = driver.fill(&locator, &value, mode, deadline).await?;
            Ok(Acted {
                matches,
                ..Acted::default()
            })
        })
    }

    /// `type`, into the focused element without a locator.
    pub fn type_text(
        locator: Option<Locator>,
        text: TypedText,
        delay: Duration,
        trial: bool,
    ) -> Self {
        Self::acting(ActionMode::trial(trial), async move |driver, deadline| {
            let editor = match &locator {
                Some(locator) if trial => return driver.could_focus(locator, deadline).await,
                None if trial => return Ok(()),
                Some(locator) => {
                    let focus = driver.focus(locator, true, deadline);
                    driver.by_script(focus).await?
                }
                None => driver.focused_editor(deadline).await,
            };
            driver.type_text(&text, delay, editor, deadline).await
        })
    }

    /// `press`, in the focused element without a locator.
    pub fn press(locator: Option<Locator>, chord: Chord, hold: Duration, trial: bool) -> Self {
        Self::acting(ActionMode::trial(trial), async move |driver, deadline| {
            match &locator {
                Some(locator) if trial => return driver.could_focus(locator, deadline).await,
                None if trial => return Ok(()),
                Some(locator) => {
                    let focus = driver.focus(locator, true, deadline);
                    driver.by_script(focus).await?
                }
                None => driver.focused_editor(deadline).await,
            };
            driver.report_copies(deadline).await;
            driver.press_chord(&chord, hold, deadline).await
        })
    }

    /// `select`.
    pub fn select(locator: Locator, values: Vec<Choice>, mode: ActionMode) -> Self {
        Self::acting(mode, async move |driver, deadline| {
            let select = driver.select(&locator, &values, mode, deadline);
            if mode.trial {
                select.await?;
                return Ok(Acted::default());
            }
            Ok(Acted {
                values: Some(driver.by_script(select).await?),
                ..Acted::default()
            })
        })
    }

    /// `scroll`, of the page without a locator.
    pub fn scroll(locator: Option<Locator>, target: ScrollTarget, smooth: bool) -> Self {
        Self::action(async move |driver, deadline| {
            let scroll = driver.scroll(locator.as_ref(), target, smooth, deadline);
            let scrolled = driver.by_script(scroll).await?;
            Ok(Acted {
                position: Some(scrolled.position),
                moved: Some(scrolled.moved),
                ..Acted::default()
            })
        })
    }

    /// `drag`.
    pub fn drag(from: PointerTarget, to: PointerTarget, mode: ActionMode) -> Self {
        Self::acting(mode, async move |driver, deadline| {
            driver.drag(&from, &to, mode, deadline).await
        })
    }

    /// `upload`.
    pub fn upload(target: UploadTarget, files: Vec<PageFile>, trial: bool) -> Self {
        Self::acting(ActionMode::trial(trial), async move |driver, deadline| {
            if trial {
                return driver.could_upload(&target, &files, deadline).await;
            }
            driver.upload(&target, &files, deadline).await
        })
    }

    /// `evaluate` of a script that changes nothing. It leaves the page as it is, without the focus that an
    /// action has.
    pub fn evaluate_read_only(
        expression: TypedText,
        args: Vec<Value>,
        locator: Option<Locator>,
    ) -> Self {
        Self::new(async move |driver, _, deadline| {
            let value = driver.evaluate(&expression, &args, locator.as_ref(), deadline);
            Ok(AnswerKind::Evaluated(value.await?))
        })
    }

    /// `evaluate`. The element of the locator is passed as the first argument.
    pub fn evaluate(expression: TypedText, args: Vec<Value>, locator: Option<Locator>) -> Self {
        Self::new(async move |driver, _, deadline| {
            driver.emulate_focus(deadline).await?;
            driver.report_copies(deadline).await;
            let value = driver.evaluate(&expression, &args, locator.as_ref(), deadline);
            Ok(AnswerKind::Evaluated(driver.by_script(value).await?))
        })
    }
}

impl PageDriver {
    /// An action that a script in the page carries out. Unless it fails in a way that says otherwise, it
    /// may have had an effect.
    pub(super) async fn by_script<T>(
        &self,
        action: impl Future<Output = Result<T, PageActionError>>,
    ) -> Result<T, PageActionError> {
        self.input_sent.leave_to_page();
        let outcome = action.await;
        if let Err(error) = &outcome
            && !error.leaves_effect_open()
        {
            self.input_sent.clear();
        }
        outcome
    }
}
