//! How one browser is started.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::settings::BrowserConfig;

/// The two builds of Chromium that can run without a display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BrowserBuild {
    /// `chrome-headless-shell`: the small build whose tabs are always visible.
    Shell,
    /// A full browser, run in its new headless mode or with a display.
    Chrome,
}

/// Everything needed to start one browser.
#[derive(Debug, Clone)]
pub struct LaunchOptions {
    /// The executable that was found.
    pub executable: PathBuf,
    pub kind: BrowserBuild,
    /// Section `browser` of the configuration.
    pub config: BrowserConfig,
    /// The proxy for all traffic that belongs to no browser context with its own proxy; Chromium then
    /// resolves no names itself. `None`: Chromium connects directly.
    pub proxy: Option<SocketAddr>,
}
