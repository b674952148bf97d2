//! Doing an action: the one place where each of them is named.

use std::time::Duration;

use tokio::time::Instant;

use super::action::Action;
use super::error::HandsError;
use super::page::HandsOn;
use super::pointer::Press;
use crate::tabs::reply::{Acted, AnswerKind};

/// Does it; comes to the answer.
pub async fn perform(
    action: Action,
    hands: HandsOn,
    deadline: Instant,
) -> Result<AnswerKind, HandsError> {
    let mut acted = Acted::default();
    hands.focused(deadline).await?;
    match action {
        Action::Click {
            target,
            button,
            count,
            modifiers,
        } => {
            let press = Press {
                button,
                count,
                modifiers: &modifiers,
            };
            hands.click(&target, press, deadline).await?;
        }
        Action::Hover(locator) => hands.hover(&locator, deadline).await?,
        Action::Focus(locator) => hands.focus(&locator, false, deadline).await?,
        Action::Toggle { locator, on } => hands.toggle(&locator, on, deadline).await?,
        Action::Reveal(locator) => hands.reveal(&locator, deadline).await?,
        Action::Fill { locator, value } => hands.fill(&locator, &value, deadline).await?,
        Action::Type {
            locator,
            text,
            delay_ms,
        } => {
            if let Some(locator) = &locator {
                hands.focus(locator, true, deadline).await?;
            }
            let delay = Duration::from_millis(delay_ms.into());
            hands.type_text(&text, delay, deadline).await?;
        }
        Action::Press { locator, chord } => {
            if let Some(locator) = &locator {
                hands.focus(locator, true, deadline).await?;
            }
            hands.press_keys(&chord, deadline).await?;
        }
        Action::Select { locator, values } => {
            acted.values = Some(hands.select(&locator, &values, deadline).await?);
        }
        Action::Scroll {
            locator,
            way,
            smooth,
        } => {
            let position = hands
                .scroll(locator.as_ref(), way, smooth, deadline)
                .await?;
            acted.position = Some(position);
        }
        Action::Drag { from, to } => hands.drag(&from, &to, deadline).await?,
        Action::Upload { locator, files } => hands.upload(&locator, &files, deadline).await?,
        Action::Evaluate {
            expression,
            args,
            locator,
        } => {
            let value = hands.evaluate(&expression, &args, locator.as_ref(), deadline);
            let value = value.await?;
            return Ok(AnswerKind::Evaluated(value));
        }
    }
    Ok(AnswerKind::Done(acted))
}
