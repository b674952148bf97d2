//! Waits until a page changes its title, which Chromium does not report.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;

use crate::cdp::page_methods::{CreateIsolatedWorld, EvaluateIn};
use crate::cdp::results::{EvaluateResult, evaluated};
use crate::cdp::{CallError, TargetSession};

/// An isolated world of its own: that of page actions has a large script, and most pages that are watched
/// are never acted on.
const WORLD: &str = "cdp-bridge title";

/// The time limit of the calls at the beginning.
const START_LIMIT: Duration = Duration::from_secs(30);

/// The time limit of one wait. Another follows.
const WAIT_LIMIT: Duration = Duration::from_hours(1);

const SCRIPT: &str = include_str!("title_change.js");

/// `document.title` as it is now; `None` if it is empty, or the page does not answer in time. Chromium's main process learns
/// of it later than the load event is sent.
pub async fn present_title(
    session: TargetSession,
    frame: String,
    limit: Duration,
) -> Option<String> {
    let world = CreateIsolatedWorld {
        frame_id: Cow::Owned(frame),
        world_name: WORLD,
    };
    let world = session.call(world, limit).await.ok()?;
    let read = EvaluateIn {
        expression: Cow::Borrowed("document.title"),
        context_id: Some(world.execution_context_id),
        return_by_value: true,
        await_promise: false,
        user_gesture: false,
        timeout: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
    };
    let result = session.call_raw(read, limit).await.ok()?;
    let Ok(EvaluateResult::Value(value)) = evaluated(&result) else {
        return None;
    };
    let title: String = serde_json::from_slice(&value).ok()?;
    Some(title).filter(|title| !title.is_empty())
}

/// Returns `document.title` once it is not the known one; `None` if the document is gone before.
pub async fn title_change(session: TargetSession, frame: String, known: String) -> Option<String> {
    let world = CreateIsolatedWorld {
        frame_id: Cow::Owned(frame),
        world_name: WORLD,
    };
    let world = session.call(world, START_LIMIT).await.ok()?;
    let known = serde_json::to_string(&known).ok()?;
    loop {
        let wait = EvaluateIn {
            expression: Cow::Owned(format!("(\n{SCRIPT})({known})")),
            context_id: Some(world.execution_context_id),
            return_by_value: true,
            await_promise: true,
            user_gesture: false,
            timeout: u64::try_from(START_LIMIT.as_millis()).unwrap_or(u64::MAX),
        };
        return match session.call_raw(wait, WAIT_LIMIT).await {
            Ok(result) => {
                #[derive(Deserialize)]
                struct Changed {
                    title: String,
                }
                let Ok(EvaluateResult::Value(value)) = evaluated(&result) else {
                    return None;
                };
                let changed: Changed = serde_json::from_slice(&value).ok()?;
                Some(changed.title)
            }
            Err(CallError::Timeout { .. }) => continue,
            Err(_) => None,
        };
    }
}
