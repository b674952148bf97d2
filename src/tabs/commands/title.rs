//! The title of a page.

use std::time::Duration;

use crate::cdp::methods::GetTargetInfo;
use crate::cdp::{Browser, TargetId};

/// Asks the browser, not the page, so that it works for a page that hangs. `None` if that fails; no
/// request depends on it.
pub async fn title(browser: Browser, target_id: TargetId, limit: Duration) -> Option<String> {
    match browser.call(GetTargetInfo { target_id }, limit).await {
        Ok(target) => Some(target.target_info.title),
        Err(error) => {
            tracing::debug!(%error, "a page's title could not be read");
            None
        }
    }
}
