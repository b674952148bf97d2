//! `navigate`, up to Chromium's answer. The commit that follows is an event, which the tab's
//! actor matches by the navigation's loader.

use std::borrow::Cow;
use std::time::Duration;

use crate::cdp::ids::LoaderId;
use crate::cdp::methods::Navigate;
use crate::cdp::{CallError, TargetSession};
use crate::policy::Denied;

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

/// Sends the main frame to a URL that policy has allowed.
pub async fn navigate(
    session: TargetSession,
    url: String,
    limit: Duration,
) -> Result<NavigationStart, CallError> {
    let url = Cow::Owned(url);
    let answer = session.call(Navigate { url }, limit).await?;
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
