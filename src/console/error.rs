//! Why a console command failed, and what to do about it.

use std::io;
use std::path::PathBuf;

use super::script::ScriptError;
use crate::client::{ConnectError, Disconnect};

/// A failure of the console or of the health probe.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The connection could not be opened.
    #[error("{0}{flag}", flag = flag_for(.0))]
    Connect(#[from] ConnectError),
    /// The HTTP request of the health probe failed.
    #[error("HTTP request to {address} failed: {source}")]
    Http {
        /// The address of the bridge.
        address: String,
        /// The HTTP or socket error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection was closed before the command was done.
    #[error("the connection was closed: {0}")]
    Lost(Disconnect),
    /// The output could not be written.
    #[error("writing the output: {0}")]
    Output(#[source] io::Error),
    /// A payload could not be written.
    #[error("saving to {}: {source}", path.display())]
    Save {
        /// The file or directory.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// A recording could not be written.
    #[error(
        "recording to {}: {source}. The file must not exist yet, and its directory must", path.display()
    )]
    Record {
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// The script's file could not be read.
    #[error("reading the script {}: {source}", path.display())]
    ReadScript {
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// A line of the script could not be parsed.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The line editor does not support this terminal.
    #[error(
        "the line editor cannot use this terminal: {0}. Pipe lines into the console, or use `--script`"
    )]
    Terminal(#[source] Box<rustyline::error::ReadlineError>),
}

/// The command-line flag that fixes the error.
fn flag_for(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Unauthorized { .. } => ": pass it with `--token-file FILE`",
        ConnectError::Authority { .. } => " (`--ca FILE`)",
        ConnectError::NoAuthorities { .. } | ConnectError::Tls { .. } => ", with `--ca FILE`",
        _ => "",
    }
}
