//! The history of a tab, once it has the document that the tab shows.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::retry::until_active;
use crate::cdp::page_methods::{GetNavigationHistory, NavigationHistory};
use crate::cdp::{CallError, TargetSession};

/// How long the history may lag behind, and the pause before it is read again. The URLs of some documents,
/// such as those with credentials, never agree.
pub const SETTLE_LIMIT: Duration = Duration::from_millis(500);
const SETTLE_PAUSE: Duration = Duration::from_millis(5);

/// Reads the history once it is at the document with this URL. Chromium's main process has it some
/// milliseconds after the renderer has reported the commit: a navigation before drops it from the history,
/// and a step through the history before starts from the wrong entry.
pub async fn settled_history(
    session: &TargetSession,
    url: &str,
    deadline: Instant,
) -> Result<NavigationHistory, CallError> {
    let settled = deadline.min(Instant::now() + SETTLE_LIMIT);
    loop {
        let call = |left| session.call(GetNavigationHistory {}, left);
        let history = until_active(deadline, call).await?;
        let present = history.entries.get(history.current_index);
        if present.is_some_and(|entry| entry.url == url) || Instant::now() >= settled {
            return Ok(history);
        }
        sleep(SETTLE_PAUSE).await;
    }
}
