//! What can be wrong with a configuration. Every error says where, which key, what and what to do.

use std::io;
use std::path::PathBuf;

use super::listen::Listen;
use super::origin::Origin;

/// Why the configuration could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration file {}: {reason}; name one that exists, or none", path.display())]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// The file is not TOML.
    #[error("{}:{line}: not valid TOML: {problem}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line of the mistake.
        line: usize,
        /// What the parser expected.
        problem: String,
    },
    /// A key that does not exist.
    #[error("{origin}: {key}: unknown key; {hint}")]
    UnknownKey {
        /// Where it stands.
        origin: Origin,
        /// The key.
        key: String,
        /// The key that was probably meant, or those there are.
        hint: String,
    },
    /// An environment variable with the bridge's prefix that sets nothing.
    #[error("environment variable {name}: sets no key of the configuration; {hint}")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The variable that was probably meant.
        hint: String,
    },
    /// A value of the wrong type or out of its range.
    #[error("{origin}: {key}: {problem}")]
    Value {
        /// Where it stands.
        origin: Origin,
        /// The key.
        key: String,
        /// What was found, and what was expected.
        problem: String,
    },
    /// Two values that exclude each other.
    #[error("{origin}: {key}: cannot be combined with {other} ({other_origin}); {advice}")]
    Conflict {
        /// Where the first stands.
        origin: Origin,
        /// The first key.
        key: &'static str,
        /// The second key.
        other: &'static str,
        /// Where the second stands.
        other_origin: Origin,
        /// What to do about it.
        advice: &'static str,
    },
    /// A file that should hold a token could not be read.
    #[error("{origin}: {key}: cannot read the token file {}: {reason}; expected a readable file that holds the token", path.display())]
    ReadToken {
        /// Where the file is named.
        origin: Origin,
        /// The key.
        key: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// An address that other machines reach, and nobody is asked for a token.
    #[error(
        "{origin}: server.listen: {listen} can be reached by other machines, but auth.clients is empty; \
         set CDP_BRIDGE_AUTH_TOKEN (or auth.clients) to a token, or listen on 127.0.0.1 or a unix socket"
    )]
    OpenListen {
        /// Where the address stands.
        origin: Origin,
        /// The address.
        listen: Listen,
    },
}
