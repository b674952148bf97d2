//! Where the browser is (operations: Configuration).

mod caches;
mod places;
mod surroundings;
mod wrapper;

use std::fmt;
use std::path::{Path, PathBuf};

pub use places::{COMMANDS, VARIABLES};
pub use surroundings::{Platform, Seen, Surroundings, ThisMachine};

use super::options::BrowserBuild;
use super::settings::Flavor;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The configured path. It wins over everything, and must be there.
    pub path: Option<PathBuf>,
    /// Which build an automatic search takes.
    pub flavor: Flavor,
}

/// Where a browser was found or looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `browser.path`.
    Configured,
    /// An environment variable of this name.
    Variable(&'static str),
    /// A directory of the `PATH`.
    SearchPath,
    /// A place where packages and installers put it.
    UsualPlace,
    /// Puppeteer's downloads.
    PuppeteerCache,
    /// Playwright's downloads.
    PlaywrightCache,
}

impl fmt::Display for Source {
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

/// Why something that was tried is not the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// There is nothing.
    Missing,
    /// It is a directory.
    Directory,
    /// This user may not execute it.
    NotExecutable,
    /// It is a browser of the other kind than the one asked for.
    OtherKind(BrowserBuild),
    /// The cache holds no Chromium.
    EmptyCache,
}

impl fmt::Display for WhyNot {
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

/// One thing that was tried and was not the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Where.
    pub source: Source,
    /// The path, or the command's name where the `PATH` had no such file at all.
    pub path: PathBuf,
    /// What was wrong with it.
    pub why: WhyNot,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.source, self.path.display(), self.why)
    }
}

/// The browser to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The binary, behind any wrapper script.
    pub path: PathBuf,
    /// Which build it is.
    pub kind: BrowserBuild,
    /// Where it was found.
    pub source: Source,
    /// What came before it in the order and was passed over. A variable that names a missing file
    /// is here, and deserves a warning.
    pub passed_over: Vec<Tried>,
}

/// No browser to start.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The configured path is not a browser.
    #[error(
        "browser.path: {} {why}; correct it, or remove it and a browser is searched for",
        path.display()
    )]
    Configured {
        /// The path as configured.
        path: PathBuf,
        /// What is wrong with it.
        why: WhyNot,
    },
    /// Nothing was found anywhere.
    #[error("no {} was found; tried:\n{}{}", wanted(*.flavor), list(.tried), hint(*.platform))]
    Nothing {
        /// What was asked for.
        flavor: Flavor,
        /// Everything that was tried, in order.
        tried: Vec<Tried>,
        /// For which platform the advice is.
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

fn list(tried: &[Tried]) -> String {
    let mut text = String::new();
    for one in tried {
        text.push_str("  ");
        text.push_str(&one.to_string());
        text.push('\n');
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

/// Finds the browser to start.
pub fn find(query: &Query, surroundings: &impl Surroundings) -> Result<Found, FindError> {
    let mut search = Search {
        surroundings,
        flavor: query.flavor,
        tried: Vec::new(),
        spare: None,
    };
    if let Some(path) = &query.path {
        if let Some(found) = search.named(Source::Configured, path) {
            return Ok(found);
        }
        let why = search
            .tried
            .last()
            .map_or(WhyNot::Missing, |tried| tried.why);
        return Err(FindError::Configured {
            path: path.clone(),
            why,
        });
    }
    for name in VARIABLES {
        if let Some(path) = surroundings.non_empty(name)
            && let Some(found) = search.named(Source::Variable(name), &path)
        {
            return Ok(found);
        }
    }
    if let Some(found) = search.automatic() {
        return Ok(found);
    }
    if let Some(mut spare) = search.spare {
        spare.passed_over = search.tried;
        return Ok(spare);
    }
    let (flavor, tried, platform) = (query.flavor, search.tried, surroundings.platform());
    Err(FindError::Nothing {
        flavor,
        tried,
        platform,
    })
}

/// The build a file is, by its name: both builds answer `--version` with the same words.
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
    surroundings: &'a S,
    flavor: Flavor,
    tried: Vec<Tried>,
    /// The first full browser, kept while a headless shell may still turn up.
    spare: Option<Found>,
}

impl<S: Surroundings> Search<'_, S> {
    /// A browser that somebody named: its kind does not matter. A bare name is a command.
    fn named(&mut self, source: Source, path: &Path) -> Option<Found> {
        let bare = path.components().count() == 1 && !path.is_absolute();
        if bare && let Some(command) = path.to_str() {
            let in_path = self.surroundings.programs(command);
            let seen = |file: &PathBuf| self.surroundings.see(file) == Seen::Executable;
            if let Some(file) = in_path.into_iter().find(seen) {
                return Some(self.found(source, file));
            }
        }
        match self.why_not(path) {
            None => Some(self.found(source, path.to_path_buf())),
            Some(why) => {
                self.tried.push(Tried {
                    source,
                    path: path.to_path_buf(),
                    why,
                });
                None
            }
        }
    }

    /// The automatic places in their order.
    fn automatic(&mut self) -> Option<Found> {
        for command in COMMANDS {
            let files = self.surroundings.programs(command);
            let there = |file: &PathBuf| self.surroundings.see(file) != Seen::Missing;
            let files: Vec<PathBuf> = files.into_iter().filter(there).collect();
            if files.is_empty() {
                let (source, why) = (Source::SearchPath, WhyNot::Missing);
                self.tried.push(Tried {
                    source,
                    path: command.into(),
                    why,
                });
            }
            if let Some(found) = self.candidates(Source::SearchPath, files) {
                return Some(found);
            }
        }
        let usual = places::usual(self.surroundings);
        if let Some(found) = self.candidates(Source::UsualPlace, usual) {
            return Some(found);
        }
        if let Some(root) = caches::puppeteer_root(self.surroundings) {
            let files = caches::puppeteer(&root, self.surroundings);
            if let Some(found) = self.cache(Source::PuppeteerCache, root, files) {
                return Some(found);
            }
        }
        let root = caches::playwright_root(self.surroundings)?;
        let files = caches::playwright(&root, self.surroundings);
        self.cache(Source::PlaywrightCache, root, files)
    }

    fn cache(&mut self, source: Source, root: PathBuf, files: Vec<PathBuf>) -> Option<Found> {
        if files.is_empty() {
            let missing = self.surroundings.see(&root) == Seen::Missing;
            let why = if missing {
                WhyNot::Missing
            } else {
                WhyNot::EmptyCache
            };
            self.tried.push(Tried {
                source,
                path: root,
                why,
            });
        }
        self.candidates(source, files)
    }

    /// The first of the files that settles the search. A full browser does not settle an `Auto`
    /// search; it is kept as the spare.
    fn candidates(&mut self, source: Source, files: Vec<PathBuf>) -> Option<Found> {
        for path in files {
            if let Some(why) = self.why_not(&path) {
                self.tried.push(Tried { source, path, why });
                continue;
            }
            let kind = kind_of(&path);
            match (self.flavor, kind) {
                (Flavor::Auto | Flavor::Shell, BrowserBuild::Shell)
                | (Flavor::Chrome, BrowserBuild::Chrome) => {
                    return Some(self.found(source, path));
                }
                (Flavor::Auto, BrowserBuild::Chrome) => {
                    if self.spare.is_none() {
                        self.spare = Some(self.found(source, path));
                    }
                }
                (Flavor::Shell, BrowserBuild::Chrome) | (Flavor::Chrome, BrowserBuild::Shell) => {
                    self.tried.push(Tried {
                        source,
                        path,
                        why: WhyNot::OtherKind(kind),
                    });
                }
            }
        }
        None
    }

    fn why_not(&self, path: &Path) -> Option<WhyNot> {
        match self.surroundings.see(path) {
            Seen::Missing => Some(WhyNot::Missing),
            Seen::Directory => Some(WhyNot::Directory),
            Seen::NotExecutable => Some(WhyNot::NotExecutable),
            Seen::Executable => None,
        }
    }

    fn found(&self, source: Source, path: PathBuf) -> Found {
        let path = wrapper::unwrap(path, self.surroundings);
        Found {
            kind: kind_of(&path),
            path,
            source,
            passed_over: self.tried.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
