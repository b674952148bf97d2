//! The names and the usual places under which browsers are installed.

use std::path::PathBuf;

use super::host_system::{HostSystem, Platform};

/// Environment variables that commonly name a browser, in order of priority.
pub const VARIABLES: [&str; 5] = [
    "CHROME_PATH",
    "PUPPETEER_EXECUTABLE_PATH",
    "CHROME_EXECUTABLE_PATH",
    "CHROME_BIN",
    "CHROMIUM_PATH",
];

/// Command names that are looked for in the `PATH`, in this order.
pub const COMMANDS: [&str; 8] = [
    "chrome-headless-shell",
    "chromium-headless-shell",
    "google-chrome-stable",
    "google-chrome",
    "chromium",
    "chromium-browser",
    "microsoft-edge",
    "brave-browser",
];

/// Where packages and installers put browsers on Linux. `/usr/bin` is here as well because a
/// service often runs with a short `PATH`.
const LINUX: [&str; 14] = [
    "/usr/lib/chromium/chromium-headless-shell",
    "/headless-shell/headless-shell",
    "/usr/bin/chromium-headless-shell",
    "/opt/google/chrome/chrome",
    "/usr/bin/google-chrome-stable",
    "/usr/bin/google-chrome",
    "/usr/lib/chromium/chromium",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/snap/bin/chromium",
    "/opt/microsoft/msedge/msedge",
    "/opt/brave.com/brave/brave",
    "/usr/local/bin/chromium",
];

/// Applications on macOS, under `/Applications` and the user's own.
const MAC: [&str; 4] = [
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Brave Browser.app/Contents/MacOS/Brave Browser",
];

/// Programs on Windows, under each of the program directories.
const WINDOWS: [&str; 4] = [
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
    "BraveSoftware/Brave-Browser/Application/brave.exe",
];

/// The usual places of this platform, in the order they are tried.
pub(super) fn usual(host: &impl HostSystem) -> Vec<PathBuf> {
    let (roots, names): (Vec<PathBuf>, &[&str]) = match host.platform() {
        Platform::Linux => return LINUX.iter().map(PathBuf::from).collect(),
        Platform::Mac => {
            let own = host.home().map(|home| home.join("Applications"));
            (
                std::iter::once(PathBuf::from("/Applications"))
                    .chain(own)
                    .collect(),
                &MAC,
            )
        }
        Platform::Windows => {
            let variables = ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"];
            (
                variables
                    .iter()
                    .filter_map(|name| host.non_empty(name))
                    .collect(),
                &WINDOWS,
            )
        }
    };
    names
        .iter()
        .flat_map(|name| roots.iter().map(move |root| root.join(name)))
        .collect()
}
