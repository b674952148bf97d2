//! What a browser is told before anybody uses it.

use std::time::Duration;

use futures::future::join5;

use crate::cdp::methods::{
    FilterEntry, GetVersion, GrantPermissions, SetAutoAttach, SetDiscoverTargets,
    SetDownloadBehavior, Version,
};
use crate::cdp::{Browser, CallError};

/// Makes Chromium report pages and attach them as they come, standing still, write no downloads to
/// the operator's disk, and give pages of the default context no permission. A browser that does
/// not answer this is not used.
pub async fn prepare(browser: &Browser, limit: Duration) -> Result<Version, CallError> {
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
