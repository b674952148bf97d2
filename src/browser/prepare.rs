//! The set-up of a browser before its first use.

use std::time::Duration;

use futures::future::join5;

use crate::cdp::methods::{
    BrowserVersion, FilterEntry, GetVersion, GrantPermissions, SetAutoAttach, SetDiscoverTargets,
    SetDownloadBehavior,
};
use crate::cdp::{Browser, CallError};

/// Makes Chromium report pages and attach to them paused, deny downloads (by default they go to the
/// operator's own folder), and deny pages of the default context every permission. Also proves that
/// the browser answers.
pub async fn prepare(browser: &Browser, limit: Duration) -> Result<BrowserVersion, CallError> {
    let discover = SetDiscoverTargets {
        discover: true,
        filter: FilterEntry::pages_only(),
    };
    let attach = SetAutoAttach {
        auto_attach: true,
        wait_for_debugger_on_start: true,
        flatten: true,
        filter: FilterEntry::pages_only(),
    };
    let (version, discover, attach, downloads, permissions) = join5(
        browser.call(GetVersion {}, limit),
        browser.call(discover, limit),
        browser.call(attach, limit),
        browser.call(SetDownloadBehavior::deny(None), limit),
        browser.call(GrantPermissions::none(None), limit),
    )
    .await;
    let version = version?;
    discover.and(attach).and(downloads).and(permissions)?;
    Ok(version)
}
