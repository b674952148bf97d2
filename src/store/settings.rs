//! Section `store` of the configuration.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::url::StoreUrl;
use crate::secret::Secret;

/// What outlives the process: sessions and tabs, API keys, history, audit, jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// Where the store is: `"sqlite:PATH"` (relative to `directory`), `"postgres://USER@HOST/DATABASE"`, or `""` (in the
    /// environment `off`) to keep nothing. A password in it is not shown.
    pub url: StoreUrl,
    /// Refuse to start if the store cannot be used, or if another process serves with it. Otherwise the bridge then serves
    /// without a store, and `/health` says so.
    pub required: bool,
    /// The state directory, for `state.db` and `state.key`. Not set: `STATE_DIRECTORY` of systemd, else
    /// `XDG_STATE_HOME/cdp-bridge`, else `~/.local/state/cdp-bridge`.
    #[schemars(extend("examples" = ["/var/lib/cdp-bridge"]))]
    pub directory: Option<PathBuf>,
    /// The key that texts in the store are encrypted with: 64 hexadecimal digits. Not set: that of `key_file`, else
    /// `state.key` in the state directory, which is made.
    #[schemars(extend("examples" = ["0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]))]
    pub key: Option<Secret>,
    /// A file that holds `key`; surrounding white space is ignored.
    #[schemars(extend("examples" = ["/run/secrets/store-key"]))]
    pub key_file: Option<PathBuf>,
    /// How many days the history of requests is kept, from 1 to 3650.
    #[schemars(range(min = 1, max = 3650))]
    pub history_days: u32,
    /// How many days an ended session is kept, from 1 to 3650.
    #[schemars(range(min = 1, max = 3650))]
    pub sessions_days: u32,
    /// How many days the audit is kept, from 1 to 3650.
    #[schemars(range(min = 1, max = 3650))]
    pub audit_days: u32,
    /// How many changes may wait to be written, from 16 to 65536. Beyond that, history and last uses are given up and
    /// counted, and what has to be kept is refused.
    #[schemars(range(min = 16, max = 65536))]
    pub queue: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            url: StoreUrl::default(),
            required: false,
            directory: None,
            key: None,
            key_file: None,
            history_days: 30,
            sessions_days: 90,
            audit_days: 400,
            queue: 4096,
        }
    }
}
