//! Options of `cdp-bridge console`.

use std::path::PathBuf;

use super::picture::Pictures;

/// The console's options, as the command line gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleOptions {
    /// Where the bridge is: `ws://…`, `http://…`, `HOST:PORT` or `unix:/PATH`.
    pub url: String,
    /// The bearer token, if the bridge requires one. Never printed.
    pub token: Option<String>,
    /// The script to run; `-` is standard input. Without it the console is interactive.
    pub script: Option<PathBuf>,
    /// The directory in which every payload but screencast frames is saved.
    pub save: Option<PathBuf>,
    /// The new file in which the requests are recorded as a script.
    pub record: Option<PathBuf>,
    /// The protocol for inline images, if the terminal supports one.
    pub pictures: Option<Pictures>,
    /// The CA certificate (PEM) to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// Whether to negotiate binary frames for payloads.
    pub binary: bool,
    /// Whether to colour the output. The caller decides from `NO_COLOR` and whether stdout is a terminal.
    pub color: bool,
}

impl ConsoleOptions {
    /// The WebSocket address of a bridge with the default configuration.
    pub const DEFAULT_URL: &'static str = "ws://127.0.0.1:9333/ws";
}

impl Default for ConsoleOptions {
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
