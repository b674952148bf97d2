//! Finds the browser to start (docs/operations.md, configuration).

mod download_caches;
mod host_system;
mod known_paths;
mod wrapper_script;

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

pub use host_system::{HostSystem, PathKind, Platform, RealHost};
pub use known_paths::{COMMANDS, VARIABLES};

use super::options::BrowserBuild;
use super::settings::Flavor;

#[derive(Debug, Clone, Default)]
pub struct BrowserQuery {
    /// The configured path. It wins over everything, and must exist.
    pub path: Option<PathBuf>,
    pub flavor: Flavor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundIn {
    /// `browser.path`.
    Configured,
    /// An environment variable of this name.
    Variable(&'static str),
    /// `PATH`.
    SearchPath,
    /// A path where packages and installers put it.
    UsualPlace,
    /// Puppeteer's downloads.
    PuppeteerCache,
    /// Playwright's downloads.
    PlaywrightCache,
}

impl fmt::Display for FoundIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured => f.write_str("browser.path"),
            Self::Variable(name) => f.write_str(name),
            Self::SearchPath => f.write_str("PATH"),
            Self::UsualPlace => f.write_str("usual place"),
            Self::PuppeteerCache => f.write_str("Puppeteer cache"),
            Self::PlaywrightCache => f.write_str("Playwright cache"),
        }
    }
}

/// Why a candidate was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectReason {
    Missing,
    Directory,
    NotExecutable,
    /// It is a browser of the other kind.
    OtherKind(BrowserBuild),
    EmptyCache,
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "not found",
            Self::Directory => "is a directory, not a program",
            Self::NotExecutable => "is not executable by this user",
            Self::OtherKind(BrowserBuild::Shell) => {
                "is a headless shell, and browser.flavor is `chrome`"
            }
            Self::OtherKind(BrowserBuild::Chrome) => {
                "is a full browser, and browser.flavor is `shell`"
            }
            Self::EmptyCache => "holds no Chromium",
        })
    }
}

/// A candidate that was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    pub source: FoundIn,
    /// The path, or the name of a command that is not in the `PATH`.
    pub path: PathBuf,
    pub why: RejectReason,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.source, self.path.display(), self.why)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundBrowser {
    /// The binary itself, not a wrapper script.
    pub path: PathBuf,
    pub kind: BrowserBuild,
    pub source: FoundIn,
    /// Candidates of higher priority. An environment variable with a missing file is among them, and
    /// deserves a warning.
    pub passed_over: Vec<Rejected>,
}

#[derive(Debug, thiserror::Error)]
pub enum FindError {
    #[error(
        "browser.path: {} {why}; correct it, or remove it to have a browser searched for",
        path.display()
    )]
    Configured { path: PathBuf, why: RejectReason },
    #[error("no {} was found; tried:\n{}{}", wanted(*.flavor), list(.tried), hint(*.platform))]
    Nothing {
        flavor: Flavor,
        tried: Vec<Rejected>,
        platform: Platform,
    },
}

fn wanted(flavor: Flavor) -> &'static str {
    match flavor {
        Flavor::Auto => "browser",
        Flavor::Shell => "headless shell (browser.flavor is `shell`)",
        Flavor::Chrome => "full browser (browser.flavor is `chrome`)",
    }
}

fn list(tried: &[Rejected]) -> String {
    let mut text = String::new();
    for one in tried {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {one}");
    }
    text
}

fn hint(platform: Platform) -> &'static str {
    match platform {
        Platform::Linux => {
            "Install one: `apt-get install chromium-headless-shell` on Debian, or \
             `npx @puppeteer/browsers install chrome-headless-shell@stable --path ~/.cache/puppeteer`; \
             or set CHROME_PATH to the browser you have."
        }
        Platform::Mac => {
            "Install one: `brew install --cask google-chrome`, or \
             `npx @puppeteer/browsers install chrome-headless-shell@stable --path ~/.cache/puppeteer`; \
             or set CHROME_PATH to the browser you have."
        }
        Platform::Windows => {
            "Install Google Chrome or Chromium, or set CHROME_PATH to the browser you have."
        }
    }
}

pub fn find(query: &BrowserQuery, host: &impl HostSystem) -> Result<FoundBrowser, FindError> {
    let mut search = Search {
        host,
        flavor: query.flavor,
        tried: Vec::new(),
        fallback: None,
    };
    if let Some(path) = &query.path {
        if let Some(found) = search.named(FoundIn::Configured, path) {
            return Ok(found);
        }
        let why = search
            .tried
            .last()
            .map_or(RejectReason::Missing, |tried| tried.why);
        return Err(FindError::Configured {
            path: path.clone(),
            why,
        });
    }
    for name in VARIABLES {
        if let Some(path) = host.non_empty(name)
            && let Some(found) = search.named(FoundIn::Variable(name), &path)
        {
            return Ok(found);
        }
    }
    if let Some(found) = search.automatic() {
        return Ok(found);
    }
    if let Some(mut fallback) = search.fallback {
        fallback.passed_over = search.tried;
        return Ok(fallback);
    }
    Err(FindError::Nothing {
        flavor: query.flavor,
        tried: search.tried,
        platform: host.platform(),
    })
}

/// The build of a binary by its name: both builds print the same for `--version`.
pub fn kind_of(path: &Path) -> BrowserBuild {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_ascii_lowercase());
    match name {
        Some(name) if name.contains("headless-shell") || name.contains("headless_shell") => {
            BrowserBuild::Shell
        }
        _ => BrowserBuild::Chrome,
    }
}

struct Search<'a, S> {
    host: &'a S,
    flavor: Flavor,
    tried: Vec<Rejected>,
    /// The first full browser, used if no headless shell is found.
    fallback: Option<FoundBrowser>,
}

impl<S: HostSystem> Search<'_, S> {
    /// An explicitly named browser, whatever its kind. A bare name is looked up in the `PATH`.
    fn named(&mut self, source: FoundIn, path: &Path) -> Option<FoundBrowser> {
        let bare = path.components().count() == 1 && !path.is_absolute();
        if bare && let Some(command) = path.to_str() {
            let in_path = self.host.programs(command);
            let seen = |file: &PathBuf| self.host.see(file) == PathKind::Executable;
            if let Some(file) = in_path.into_iter().find(seen) {
                return Some(self.found(source, file));
            }
        }
        match self.why_not(path) {
            None => Some(self.found(source, path.to_path_buf())),
            Some(why) => {
                self.reject(source, path, why);
                None
            }
        }
    }

    /// The automatic search, in order of priority.
    fn automatic(&mut self) -> Option<FoundBrowser> {
        for command in COMMANDS {
            let files = self.host.programs(command);
            let there = |file: &PathBuf| self.host.see(file) != PathKind::Missing;
            let files: Vec<PathBuf> = files.into_iter().filter(there).collect();
            if files.is_empty() {
                self.reject(FoundIn::SearchPath, command, RejectReason::Missing);
            }
            if let Some(found) = self.candidates(FoundIn::SearchPath, files) {
                return Some(found);
            }
        }
        let usual = known_paths::usual(self.host);
        if let Some(found) = self.candidates(FoundIn::UsualPlace, usual) {
            return Some(found);
        }
        if let Some(root) = download_caches::puppeteer_root(self.host) {
            let files = download_caches::puppeteer(&root, self.host);
            if let Some(found) = self.cache(FoundIn::PuppeteerCache, root, files) {
                return Some(found);
            }
        }
        let root = download_caches::playwright_root(self.host)?;
        let files = download_caches::playwright(&root, self.host);
        self.cache(FoundIn::PlaywrightCache, root, files)
    }

    fn cache(
        &mut self,
        source: FoundIn,
        root: PathBuf,
        files: Vec<PathBuf>,
    ) -> Option<FoundBrowser> {
        if files.is_empty() {
            let missing = self.host.see(&root) == PathKind::Missing;
            let why = if missing {
                RejectReason::Missing
            } else {
                RejectReason::EmptyCache
            };
            self.reject(source, root, why);
        }
        self.candidates(source, files)
    }

    /// The first file that completes the search. A full browser does not complete an `Auto` search; it
    /// becomes the fallback.
    fn candidates(&mut self, source: FoundIn, files: Vec<PathBuf>) -> Option<FoundBrowser> {
        for path in files {
            if let Some(why) = self.why_not(&path) {
                self.reject(source, path, why);
                continue;
            }
            let kind = kind_of(&path);
            match (self.flavor, kind) {
                (Flavor::Auto | Flavor::Shell, BrowserBuild::Shell)
                | (Flavor::Chrome, BrowserBuild::Chrome) => {
                    return Some(self.found(source, path));
                }
                (Flavor::Auto, BrowserBuild::Chrome) => {
                    if self.fallback.is_none() {
                        self.fallback = Some(self.found(source, path));
                    }
                }
                (Flavor::Shell, BrowserBuild::Chrome) | (Flavor::Chrome, BrowserBuild::Shell) => {
                    self.reject(source, path, RejectReason::OtherKind(kind));
                }
            }
        }
        None
    }

    fn why_not(&self, path: &Path) -> Option<RejectReason> {
        match self.host.see(path) {
            PathKind::Missing => Some(RejectReason::Missing),
            PathKind::Directory => Some(RejectReason::Directory),
            PathKind::NotExecutable => Some(RejectReason::NotExecutable),
            PathKind::Executable => None,
        }
    }

    fn reject(&mut self, source: FoundIn, path: impl Into<PathBuf>, why: RejectReason) {
        let path = path.into();
        self.tried.push(Rejected { source, path, why });
    }

    fn found(&self, source: FoundIn, path: PathBuf) -> FoundBrowser {
        let path = wrapper_script::unwrap(path, self.host);
        FoundBrowser {
            kind: kind_of(&path),
            path,
            source,
            passed_over: self.tried.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
