//! Executes an action.

use std::time::Duration;

use tokio::time::Instant;

use super::action::Action;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::pointer::ClickOptions;
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
            };
            driver.click(&target, press, deadline).await?;
        }
        Action::Hover(locator) => driver.hover(&locator, deadline).await?,
        Action::Focus(locator) => driver.focus(&locator, false, deadline).await?,
        Action::Toggle { locator, on } => driver.toggle(&locator, on, deadline).await?,
        Action::ScrollIntoView(locator) => driver.scroll_into_view(&locator, deadline).await?,
        Action::Fill { locator, value } => driver.fill(&locator, &value, deadline).await?,
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
            acted.values = Some(driver.select(&locator, &values, deadline).await?);
        }
        Action::Scroll {
            locator,
            target,
            smooth,
        } => {
            let position = driver
                .scroll(locator.as_ref(), target, smooth, deadline)
                .await?;
            acted.position = Some(position);
        }
        Action::Drag { from, to } => driver.drag(&from, &to, deadline).await?,
        Action::Upload { target, files } => driver.upload(&target, &files, deadline).await?,
        Action::Evaluate {
            expression,
            args,
            locator,
        } => {
            let value = driver.evaluate(&expression, &args, locator.as_ref(), deadline);
            let value = value.await?;
            return Ok(AnswerKind::Evaluated(value));
        }
    }
    Ok(AnswerKind::Done(acted))
}
