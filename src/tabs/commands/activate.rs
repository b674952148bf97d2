//! `activateTab`.

use std::time::Duration;

use crate::cdp::methods::ActivateTarget;
use crate::cdp::{Browser, CallError, TargetId};

/// Brings a page to the front. The call goes to the browser, so that it works for a page that hangs.
pub async fn activate(
    browser: Browser,
    target_id: TargetId,
    limit: Duration,
) -> Result<(), CallError> {
    browser
        .call(ActivateTarget { target_id }, limit)
        .await
        .map(|_| ())
}
