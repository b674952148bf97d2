//! What a configuration is loaded from.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// One value that a flag of the command line sets.
#[derive(Clone, PartialEq, Eq)]
pub struct FlagValue {
    /// The dotted key.
    pub key: String,
    /// The value as a text, read as one from the environment is.
    pub value: String,
    /// The flag, as errors name it.
    pub flag: String,
}

/// Everything that a configuration is loaded from. It may hold tokens, so it cannot be printed.
#[derive(Clone, Default)]
pub struct Sources {
    /// What flags set; a later one of the same key wins.
    pub flags: Vec<FlagValue>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// The file that was named, if one was.
    pub config_path: Option<PathBuf>,
    /// The directory in which an unnamed file is looked for, and that relative paths start from.
    pub working_dir: PathBuf,
}

impl Sources {
    /// The environment and working directory of this process, with what its flags say. A value that
    /// is not UTF-8 is taken with its bad parts replaced.
    pub fn of_process(config_path: Option<PathBuf>, flags: Vec<FlagValue>) -> Self {
        let text = |part: std::ffi::OsString| part.to_string_lossy().into_owned();
        let env = std::env::vars_os()
            .map(|(name, value)| (text(name), text(value)))
            .collect();
        // Without a working directory relative paths still mean what the system makes of them.
        let working_dir = std::env::current_dir().unwrap_or_default();
        Self {
            flags,
            env,
            config_path,
            working_dir,
        }
    }
}
