//! `navigate`, up to Chromium's answer. The commit that follows is an event, which the tab's
//! actor matches by the navigation's loader.

use std::borrow::Cow;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::history::{SETTLE_LIMIT, settled_history};
use crate::cdp::ids::LoaderId;
use crate::cdp::methods::{Navigate, NavigateResult};
use crate::cdp::{CallError, TargetSession};
use crate::policy::Denied;
use crate::timer::remaining;

/// How often a navigation that was dropped is started again, and the pause before.
const MAX_RESTARTS: u32 = 10;
const RESTART_PAUSE: Duration = Duration::from_millis(20);

/// How far a navigation got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NavigationStart {
    /// A document is coming: its commit carries this loader.
    Document(LoaderId),
    /// Only the fragment changes.
    SameDocument,
    /// The next document, whatever its loader is.
    AnyDocument,
    /// The history has no such entry.
    NoHistoryEntry,
    /// Policy denies the URL of the history entry.
    Denied(Denied),
    Failed {
        /// The navigation, whose error page may still commit.
        loader: Option<LoaderId>,
        /// Chromium's `net::ERR_…`.
        net: String,
        /// The URL turned out to be a download.
        is_download: bool,
    },
}

/// Sends the main frame to a URL that policy has allowed. `from` is the URL of a document that has just been
/// committed.
pub async fn navigate(
    session: TargetSession,
    url: String,
    from: Option<String>,
    limit: Duration,
) -> Result<NavigationStart, CallError> {
    let deadline = Instant::now() + limit;
    if let Some(from) = from {
        // A failure is that of the navigation too.
        let settled = deadline.min(Instant::now() + SETTLE_LIMIT);
        let _ = settled_history(&session, &from, settled).await;
    }
    let mut restarts = 0;
    let answer = loop {
        let url = Cow::Borrowed(url.as_str());
        let answer = session.call(Navigate { url }, remaining(deadline)).await?;
        if restarts == MAX_RESTARTS || !was_dropped(&answer) {
            break answer;
        }
        restarts += 1;
        sleep(RESTART_PAUSE).await;
    };
    let net = answer.error_text.filter(|net| !net.is_empty());
    Ok(match (net, answer.loader_id) {
        (Some(net), loader) => NavigationStart::Failed {
            loader,
            net,
            is_download: answer.is_download,
        },
        (None, Some(loader)) => NavigationStart::Document(loader),
        (None, None) => NavigationStart::SameDocument,
    })
}

/// Chromium drops a navigation that starts while it still commits the one before, which new headless does
/// after `beforeunload` dialogs. No server was asked, and the answer names no loader; that of any other
/// aborted navigation does.
fn was_dropped(answer: &NavigateResult) -> bool {
    answer.loader_id.is_none()
        && !answer.is_download
        && answer.error_text.as_deref() == Some("net::ERR_ABORTED")
}
