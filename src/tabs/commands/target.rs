//! Calls to the browser about a target, which work for a page that hangs.

use std::time::Duration;

use crate::cdp::methods::{ActivateTarget, CloseTarget, GetTargetInfo};
use crate::cdp::{Browser, CallError, TargetId};

/// Brings a page to the front.
pub async fn activate(
    browser: Browser,
    target_id: TargetId,
    limit: Duration,
) -> Result<(), CallError> {
    let activated = browser.call(ActivateTarget { target_id }, limit).await;
    activated.map(|_| ())
}

/// Closes a page without running `beforeunload`. It is no error if the page is gone already.
pub async fn close(
    browser: Browser,
    target_id: TargetId,
    limit: Duration,
) -> Result<(), CallError> {
    match browser.call(CloseTarget { target_id }, limit).await {
        Err(error) if !error.is_already_gone() => Err(error),
        _ => Ok(()),
    }
}

/// The title of a page. `None` if that fails; no request depends on it.
pub async fn title(browser: Browser, target_id: TargetId, limit: Duration) -> Option<String> {
    match browser.call(GetTargetInfo { target_id }, limit).await {
        Ok(target) => Some(target.target_info.title),
        Err(error) => {
            tracing::debug!(%error, "a page's title could not be read");
            None
        }
    }
}
