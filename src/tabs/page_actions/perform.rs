//! Executes an action.

use std::time::Duration;

use tokio::time::Instant;

use super::action::Action;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::pointer::ClickOptions;
use super::scroll::Scrolled;
use crate::tabs::reply::{Acted, AnswerKind};

pub(crate) async fn perform(
    action: Action,
    driver: PageDriver,
    deadline: Instant,
) -> Result<AnswerKind, PageActionError> {
    let mut acted = Acted::default();
    driver.emulate_focus(deadline).await?;
    match action {
        Action::Click {
            target,
            button,
            count,
            modifiers,
        } => {
            let press = ClickOptions {
                button,
                count,
                modifiers: &modifiers,
                toggle: false,
            };
            driver.click(&target, press, deadline).await?;
        }
        Action::Hover(locator) => driver.hover(&locator, deadline).await?,
        Action::Focus(locator) => driver.focus(&locator, false, deadline).await?,
        Action::Toggle { locator, on } => driver.toggle(&locator, on, deadline).await?,
        Action::ScrollIntoView(locator) => driver.scroll_into_view(&locator, deadline).await?,
        Action::Fill { locator, value } => {
            acted.matches = driver.fill(&locator, &value, deadline).await?;
        }
        Action::Type {
            locator,
            text,
            delay_ms,
        } => {
            if let Some(locator) = &locator {
                driver.focus(locator, true, deadline).await?;
            }
            let delay = Duration::from_millis(delay_ms.into());
            driver.type_text(&text, delay, deadline).await?;
        }
        Action::Press { locator, chord } => {
            if let Some(locator) = &locator {
                driver.focus(locator, true, deadline).await?;
            }
            driver.press_keys(&chord, deadline).await?;
        }
        Action::Select { locator, values } => {
            let select = driver.select(&locator, &values, deadline);
            acted.values = Some(driver.by_script(select).await?);
        }
        Action::Scroll {
            locator,
            target,
            smooth,
        } => {
            let scroll = driver.scroll(locator.as_ref(), target, smooth, deadline);
            let Scrolled { position, moved } = driver.by_script(scroll).await?;
            (acted.position, acted.moved) = (Some(position), Some(moved));
        }
        Action::Drag { from, to } => driver.drag(&from, &to, deadline).await?,
        Action::Upload { locator, files } => {
            let upload = driver.upload(&locator, &files, deadline);
            driver.by_script(upload).await?;
        }
        Action::Evaluate {
            expression,
            args,
            locator,
        } => {
            let value = driver.evaluate(&expression, &args, locator.as_ref(), deadline);
            let value = driver.by_script(value).await?;
            return Ok(AnswerKind::Evaluated(value));
        }
    }
    Ok(AnswerKind::Done(acted))
}

impl PageDriver {
    /// An action that a script in the page carries out. Unless it fails in a way that says otherwise, it
    /// may have had an effect.
    pub(super) async fn by_script<T>(
        &self,
        action: impl Future<Output = Result<T, PageActionError>>,
    ) -> Result<T, PageActionError> {
        self.input_sent.set();
        let outcome = action.await;
        if let Err(error) = &outcome
            && !error.leaves_effect_open()
        {
            self.input_sent.clear();
        }
        outcome
    }
}
