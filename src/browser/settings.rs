//! Section `browser`: which Chromium is driven, and how it is started.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::url_text;
use super::window_size::WindowSize;
use crate::secret::Secret;
use crate::units::byte_size::{self, ByteSizeText};
use crate::units::duration::{self, DurationText};

/// Which Chromium is used, how it is started, and when it is restarted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BrowserConfig {
    /// The browser's executable. Not set: the usual places are searched.
    #[schemars(extend("examples" = ["/usr/bin/chromium-headless-shell"]))]
    pub path: Option<PathBuf>,
    /// Which build to search for: "auto" (headless-shell, else Chrome in its new headless mode),
    /// "shell" or "chrome".
    pub flavor: Flavor,
    /// Further command line switches for Chromium. `--disable-features` and `--enable-features` are
    /// merged with the bridge's own.
    pub args: Vec<String>,
    /// Environment variables for Chromium, besides the few that it inherits (docs/security.md), such as
    /// `{ TZ = "Europe/Berlin" }`. Values are never printed or logged, but every process of Chromium has
    /// them in its memory.
    #[schemars(with = "BTreeMap<String, String>")]
    pub env: BTreeMap<String, Secret>,
    /// Run without a window. `false` needs Chrome: headless-shell cannot open windows.
    pub headless: bool,
    /// Chromium's sandbox: "auto" (off only as root or where the kernel refuses it, with a warning),
    /// "on" or "off".
    pub sandbox: Sandbox,
    /// Transport of CDP: "pipe" (no open port) or "port".
    pub transport: TransportKind,
    /// The DevTools port; 0 picks a free one. Setting it selects the transport "port", unless
    /// `transport` is set too.
    pub cdp_port: u16,
    /// URL (http, https, ws or wss) of a running Chromium to connect to instead of launching one.
    #[serde(deserialize_with = "url_text::deserialize")]
    #[schemars(with = "Option<String>", extend("examples" = ["http://127.0.0.1:9222"]))]
    pub connect: Option<Url>,
    /// Profile directory. Not set: a new temporary one, removed when Chromium ends.
    #[schemars(extend("examples" = ["/var/lib/cdp-bridge/profile"]))]
    pub user_data_dir: Option<PathBuf>,
    /// Size of a tab's window in CSS pixels, as `"WIDTHxHEIGHT"`.
    pub window_size: WindowSize,
    /// Memory limit for all processes of Chromium together, at least 256MiB. At the limit the kernel
    /// kills the largest process, which is a tab's. Needs a delegated cgroup v2 (in systemd:
    /// Delegate=yes); where there is none, the log and /health say so.
    #[serde(with = "byte_size::optional")]
    #[schemars(with = "Option<ByteSizeText>", extend("examples" = ["4GiB"]))]
    pub memory_max: Option<usize>,
    /// Time limit for Chromium to start and answer: from 1s to 10min.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub start_timeout: Duration,
    /// When a Chromium that exited or hangs is restarted.
    pub restart: RestartConfig,
}

impl Default for BrowserConfig {
    fn default() -> Self {
        Self {
            path: None,
            flavor: Flavor::Auto,
            args: Vec::new(),
            env: BTreeMap::new(),
            headless: true,
            sandbox: Sandbox::Auto,
            transport: TransportKind::Pipe,
            cdp_port: 0,
            connect: None,
            user_data_dir: None,
            window_size: WindowSize::default(),
            memory_max: None,
            start_timeout: Duration::from_secs(20),
            restart: RestartConfig::default(),
        }
    }
}

/// Which build of Chromium to search for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Flavor {
    /// headless-shell where it is found, else Chrome in its new headless mode.
    #[default]
    Auto,
    /// headless-shell only.
    Shell,
    /// Chrome or Chromium only.
    Chrome,
}

/// Whether Chromium runs in its sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sandbox {
    /// On, except as root or where the kernel refuses it.
    #[default]
    Auto,
    /// Always on; Chromium fails to start where it cannot be.
    On,
    /// Always off.
    Off,
}

/// The transport of CDP to a Chromium that the bridge launches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TransportKind {
    /// Two inherited pipes, which no other process can open.
    #[default]
    Pipe,
    /// A DevTools port on the loopback address.
    Port,
}

/// When a Chromium that exited or hangs is restarted, and when the bridge gives up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RestartConfig {
    /// Delay before the first restart; it doubles with each further one.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub initial_backoff: Duration,
    /// The longest delay between two restarts.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub max_backoff: Duration,
    /// Restarts that are allowed within `window`; at the next one the bridge gives up.
    pub max_restarts: u32,
    /// The time over which restarts are counted.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub window: Duration,
}

impl Default for RestartConfig {
    fn default() -> Self {
        Self {
            initial_backoff: Duration::from_millis(250),
            max_backoff: Duration::from_secs(30),
            max_restarts: 10,
            window: Duration::from_mins(5),
        }
    }
}
