//! What the console is asked to do.

use std::path::PathBuf;

use super::picture::Pictures;

/// The console's options, as the command line gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where the bridge is: `ws://…`, `http://…`, `HOST:PORT` or `unix:/PATH`.
    pub url: String,
    /// The token that the bridge wants, if it wants one. Never shown.
    pub token: Option<String>,
    /// A file of steps to play; `-` is standard input. Without it the console is interactive.
    pub script: Option<PathBuf>,
    /// A directory that gets every screenshot and snapshot as a file.
    pub save: Option<PathBuf>,
    /// A file that gets what is asked, as a script that plays it again.
    pub record: Option<PathBuf>,
    /// How pictures are shown in the terminal itself, where they are.
    pub pictures: Option<Pictures>,
    /// The certificate of the one authority to trust; without it, those that the system trusts.
    pub ca: Option<PathBuf>,
    /// Whether payloads travel as binary frames.
    pub binary: bool,
    /// Whether the output is coloured. The caller respects `NO_COLOR` and what stdout is.
    pub color: bool,
}

impl Options {
    /// Where a bridge listens that was configured no other way.
    pub const DEFAULT_URL: &'static str = "ws://127.0.0.1:9333/ws";
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: Self::DEFAULT_URL.to_owned(),
            token: None,
            script: None,
            save: None,
            record: None,
            pictures: None,
            ca: None,
            binary: false,
            color: false,
        }
    }
}
