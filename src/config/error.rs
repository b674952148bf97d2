//! Errors of the configuration. Each names the origin, the key, the problem and what to do.

use std::io;
use std::path::PathBuf;

use super::origin::Origin;
use crate::server::Listen;

/// Why the configuration could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration file {}: {reason}; name an existing file, or omit --config", path.display())]
    ReadFile { path: PathBuf, reason: io::Error },
    /// The file is not TOML.
    #[error("{}:{line}: not valid TOML: {problem}", path.display())]
    Syntax {
        path: PathBuf,
        line: usize,
        problem: String,
    },
    /// A key that does not exist.
    #[error("{origin}: {key}: unknown key; {hint}")]
    UnknownKey {
        origin: Origin,
        key: String,
        hint: String,
    },
    /// An environment variable with the bridge's prefix that sets nothing.
    #[error("environment variable {name}: is not a key of the configuration; {hint}")]
    UnknownVariable { name: String, hint: String },
    /// A value of the wrong type or out of its range.
    #[error("{origin}: {key}: {problem}")]
    Value {
        origin: Origin,
        key: String,
        problem: String,
    },
    /// Two values that exclude each other.
    #[error("{origin}: {key}: cannot be combined with {other} ({other_origin}); {advice}")]
    Conflict {
        origin: Origin,
        key: &'static str,
        other: &'static str,
        other_origin: Origin,
        advice: &'static str,
    },
    /// A file that should hold a token could not be read.
    #[error("{origin}: {key}: cannot read the token file {}: {reason}; expected a readable file that holds the token", path.display())]
    ReadToken {
        origin: Origin,
        key: String,
        path: PathBuf,
        reason: io::Error,
    },
    /// Other machines can reach the address, and no token is configured.
    #[error(
        "{origin}: server.listen: {listen} can be reached by other machines, but auth.clients is empty; \
         set CDP_BRIDGE_AUTH_TOKEN (or auth.clients) to a token, or auth.required = true to admit API keys alone, or \
         listen on 127.0.0.1 or a unix socket"
    )]
    OpenListen { origin: Origin, listen: Listen },
}
