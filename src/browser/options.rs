//! What the launcher is told about the browser to start.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The two builds of Chromium that can run without a display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `chrome-headless-shell`: the small build whose tabs are always visible.
    Shell,
    /// A full browser, run in its new headless mode or with a display.
    Chrome,
}

/// Whether Chromium confines its renderers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sandbox {
    /// On, unless we are root or the kernel refuses what it needs.
    #[default]
    Auto,
    /// On, and a start that fails for it is an error.
    On,
    /// Off.
    Off,
}

/// How the bridge and Chromium talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// Over two pipes that nobody else can open.
    #[default]
    Pipe,
    /// Over a WebSocket on this loopback port; 0 lets Chromium choose.
    Port(u16),
}

/// Everything needed to start one browser.
#[derive(Debug, Clone)]
pub struct LaunchOptions {
    /// The binary to start.
    pub executable: PathBuf,
    /// Which of the two builds it is.
    pub kind: Kind,
    /// The operator's own flags; they win over ours.
    pub args: Vec<String>,
    /// Without a display.
    pub headless: bool,
    /// The operator's wish about the sandbox.
    pub sandbox: Sandbox,
    /// How to talk to it.
    pub transport: Transport,
    /// A profile that is kept; none means a fresh one that is removed at the end.
    pub user_data_dir: Option<PathBuf>,
    /// Width and height of the window in CSS pixels.
    pub window_size: (u32, u32),
    /// How long Chromium may take to listen on its port.
    pub start_timeout: Duration,
    /// How much memory its processes may have together, in bytes.
    pub memory_max: Option<u64>,
    /// The proxy through which everything goes that does not come from a browser context with one
    /// of its own; Chromium then resolves no name itself. None: it goes out as it likes.
    pub proxy: Option<SocketAddr>,
}
