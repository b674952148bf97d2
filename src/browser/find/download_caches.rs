//! Browsers that Puppeteer or Playwright downloaded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::host_system::{HostSystem, PathKind, Platform};

/// Paths of the executable in an unpacked archive, for every platform and layout.
const EXECUTABLES: [&str; 8] = [
    "chrome-headless-shell",
    "headless_shell",
    "chrome",
    "Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
    "Chromium.app/Contents/MacOS/Chromium",
    "chrome-headless-shell.exe",
    "headless_shell.exe",
    "chrome.exe",
];

/// Puppeteer's `.metadata`, as far as it is used.
#[derive(Deserialize)]
struct Metadata {
    /// From `platform-version` to the executable, relative to that directory.
    #[serde(default, rename = "executablePaths")]
    executable_paths: BTreeMap<String, String>,
}

pub(super) fn puppeteer_root(host: &impl HostSystem) -> Option<PathBuf> {
    host.non_empty("PUPPETEER_CACHE_DIR")
        .or_else(|| Some(host.home()?.join(".cache/puppeteer")))
}

pub(super) fn playwright_root(host: &impl HostSystem) -> Option<PathBuf> {
    // With `0` Playwright installs into `node_modules`, whose path is unknown.
    let named = host.non_empty("PLAYWRIGHT_BROWSERS_PATH");
    if let Some(named) = named.filter(|named| named != Path::new("0")) {
        return Some(named);
    }
    let caches = match host.platform() {
        Platform::Linux => host
            .non_empty("XDG_CACHE_HOME")
            .or_else(|| Some(host.home()?.join(".cache"))),
        Platform::Mac => host.home().map(|home| home.join("Library/Caches")),
        Platform::Windows => host.non_empty("LOCALAPPDATA"),
    };
    caches.map(|caches| caches.join("ms-playwright"))
}

/// Executables in Puppeteer's cache: headless shells before full browsers, newest first.
pub(super) fn puppeteer(root: &Path, host: &impl HostSystem) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for product in ["chrome-headless-shell", "chrome"] {
        let dir = root.join(product);
        let known = host
            .text(&dir.join(".metadata"))
            .and_then(|text| serde_json::from_str::<Metadata>(&text).ok())
            .map(|metadata| metadata.executable_paths)
            .unwrap_or_default();
        let names = host.names_in(&dir);
        for name in newest_first(names, |name| {
            name.split_once('-').map(|(_, version)| version)
        }) {
            let home = dir.join(&name);
            found.extend(known.get(&name).map(|relative| home.join(relative)));
            found.extend(executables_in(&home, host));
        }
    }
    found
}

/// Executables in Playwright's cache: headless shells before full browsers, newest first.
pub(super) fn playwright(root: &Path, host: &impl HostSystem) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for product in ["chromium_headless_shell-", "chromium-"] {
        let names = host.names_in(root);
        for name in newest_first(names, |name| name.strip_prefix(product)) {
            found.extend(executables_in(&root.join(name), host));
        }
    }
    found
}

/// The names that have a version, the highest version first.
fn newest_first(names: Vec<String>, version_of: impl Fn(&str) -> Option<&str>) -> Vec<String> {
    let mut versioned: Vec<(Vec<u64>, String)> = names
        .into_iter()
        .filter_map(|name| {
            let version = version_of(&name)?;
            let numbers: Result<Vec<u64>, _> = version.split('.').map(str::parse).collect();
            Some((numbers.ok()?, name))
        })
        .collect();
    versioned.sort_by(|a, b| b.cmp(a));
    versioned.into_iter().map(|(_, name)| name).collect()
}

/// The executables below `chrome-…` directories of one installation. Searching for the directory
/// instead of spelling it covers `chrome-linux`, `chrome-linux64`, `chrome-mac-arm64` and
/// `chrome-headless-shell-linux64` alike.
fn executables_in(installation: &Path, host: &impl HostSystem) -> Vec<PathBuf> {
    let mut layouts = host.names_in(installation);
    layouts.retain(|name| name.starts_with("chrome-"));
    layouts.sort();
    layouts
        .iter()
        .flat_map(|layout| {
            EXECUTABLES
                .iter()
                .map(move |name| installation.join(layout).join(name))
        })
        .filter(|path| {
            matches!(
                host.see(path),
                PathKind::Executable | PathKind::NotExecutable
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::host_system::fake::FakeHost;
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let names = [
            "linux-99.0.1.2",
            "linux-131.0.6778.85",
            "linux-131.0.6778.204",
            "notes",
        ];
        let names = names.map(str::to_owned).to_vec();
        let sorted = newest_first(names, |name| {
            name.split_once('-').map(|(_, version)| version)
        });
        assert_eq!(
            sorted,
            [
                "linux-131.0.6778.204",
                "linux-131.0.6778.85",
                "linux-99.0.1.2"
            ]
        );
    }

    #[test]
    fn puppeteers_metadata_comes_before_its_layout() {
        let root = "/home/u/.cache/puppeteer";
        let machine = FakeHost::linux()
            .plain(
                &format!("{root}/chrome/.metadata"),
                r#"{"aliases":{},"executablePaths":{"linux-120.0.0.1":"odd/place"}}"#,
            )
            .program(&format!("{root}/chrome/linux-120.0.0.1/odd/place"))
            .program(&format!("{root}/chrome/linux-120.0.0.1/chrome-linux64/chrome"))
            .program(&format!(
                "{root}/chrome-headless-shell/linux-9.0/chrome-headless-shell-linux64/chrome-headless-shell"
            ));
        assert_eq!(puppeteer_root(&machine), Some(root.into()));
        let found = puppeteer(Path::new(root), &machine);
        let found: Vec<_> = found
            .iter()
            .map(|path| path.strip_prefix(root).unwrap())
            .collect();
        assert_eq!(
            found,
            [
                Path::new(
                    "chrome-headless-shell/linux-9.0/chrome-headless-shell-linux64/chrome-headless-shell"
                ),
                Path::new("chrome/linux-120.0.0.1/odd/place"),
                Path::new("chrome/linux-120.0.0.1/chrome-linux64/chrome"),
            ]
        );
    }

    #[test]
    fn invalid_metadata_is_ignored() {
        let machine = FakeHost::linux()
            .plain("/p/chrome/.metadata", "not json")
            .program("/p/chrome/linux-1.2/chrome-linux64/chrome");
        assert_eq!(puppeteer(Path::new("/p"), &machine).len(), 1);
    }

    #[test]
    fn both_layouts_of_playwright_are_known() {
        let machine = FakeHost::linux()
            .with_var("PLAYWRIGHT_BROWSERS_PATH", "/pw")
            .program("/pw/chromium_headless_shell-1155/chrome-linux/headless_shell")
            .program(
                "/pw/chromium_headless_shell-1200/chrome-headless-shell-linux64/chrome-headless-shell",
            )
            .program("/pw/chromium-999/chrome-linux/chrome")
            .program("/pw/chromium-1200/chrome-linux64/chrome")
            .program("/pw/firefox-1500/firefox/firefox");
        let root = playwright_root(&machine).unwrap();
        let found = playwright(&root, &machine);
        let found: Vec<_> = found.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(
            found,
            [
                "/pw/chromium_headless_shell-1200/chrome-headless-shell-linux64/chrome-headless-shell",
                "/pw/chromium_headless_shell-1155/chrome-linux/headless_shell",
                "/pw/chromium-1200/chrome-linux64/chrome",
                "/pw/chromium-999/chrome-linux/chrome",
            ]
        );
    }

    #[test]
    fn a_playwright_path_of_zero_means_the_users_cache() {
        let machine = FakeHost::linux().with_var("PLAYWRIGHT_BROWSERS_PATH", "0");
        assert_eq!(
            playwright_root(&machine),
            Some("/home/u/.cache/ms-playwright".into())
        );
        let mac = FakeHost::new(Platform::Mac).with_var("HOME", "/Users/u");
        assert_eq!(
            playwright_root(&mac),
            Some("/Users/u/Library/Caches/ms-playwright".into())
        );
    }
}
