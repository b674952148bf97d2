//! The title of a page.

use std::time::Duration;

use crate::cdp::methods::GetTargetInfo;
use crate::cdp::{Browser, TargetId};

/// Asks for the title. The browser knows it, not the page, so that a page that hangs has one too.
/// None: it could not be found out, and nobody waits for it.
pub async fn title(browser: Browser, target_id: TargetId, limit: Duration) -> Option<String> {
    match browser.call(GetTargetInfo { target_id }, limit).await {
        Ok(target) => Some(target.target_info.title),
        Err(error) => {
            tracing::debug!(%error, "a page's title could not be read");
            None
        }
    }
}
