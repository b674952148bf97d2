//! `closeTab`.

use std::time::Duration;

use crate::cdp::methods::CloseTarget;
use crate::cdp::{Browser, CallError, TargetId};

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
