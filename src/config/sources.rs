//! The inputs of the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A value set by a command line flag.
#[derive(Clone, PartialEq, Eq)]
pub struct FlagValue {
    pub key: String,
    /// The value as a text, parsed like one from the environment.
    pub value: String,
    /// The flag, as errors name it.
    pub flag: String,
}

/// The inputs of the configuration. Not `Debug`, because they may contain tokens.
#[derive(Clone, Default)]
pub struct Sources {
    /// A later flag of the same key wins.
    pub flags: Vec<FlagValue>,
    pub env: BTreeMap<String, String>,
    /// The value of `--config`.
    pub config_path: Option<PathBuf>,
    /// The base of relative paths.
    pub working_dir: PathBuf,
}

impl Sources {
    /// The environment and working directory of this process, and these flags. Invalid UTF-8 is replaced.
    pub fn of_process(config_path: Option<PathBuf>, flags: Vec<FlagValue>) -> Self {
        let text = |part: std::ffi::OsString| part.to_string_lossy().into_owned();
        let env = std::env::vars_os()
            .map(|(name, value)| (text(name), text(value)))
            .collect();
        // Without a working directory, relative paths are resolved by the system.
        let working_dir = std::env::current_dir().unwrap_or_default();
        Self {
            flags,
            env,
            config_path,
            working_dir,
        }
    }
}
