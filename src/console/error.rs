//! Why a command could not be carried out, and what to do about it.

use std::io;
use std::path::PathBuf;

use super::script::ScriptError;
use crate::client::{Closing, ConnectError};

/// The console or the health probe could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// There is no connection to a bridge.
    #[error("{0}{flag}", flag = flag_for(.0))]
    Connect(#[from] ConnectError),
    /// The HTTP exchange of the health probe broke.
    #[error("{address} gave no HTTP answer: {source}")]
    Http {
        /// Who was asked.
        address: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection ended before the work was done.
    #[error("the connection ended: {0}")]
    Lost(Closing),
    /// The output could not be written.
    #[error("writing the output: {0}")]
    Output(#[source] io::Error),
    /// A payload could not be written.
    #[error("saving to {}: {source}", path.display())]
    Save {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A recording could not be written.
    #[error(
        "recording to {}: {source}. A recording wants a new file, in a directory that is there", path.display()
    )]
    Record {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The script's file could not be read.
    #[error("reading the script {}: {source}", path.display())]
    ReadScript {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The script holds a line that is no step.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The terminal cannot be edited on.
    #[error(
        "the line editor cannot use this terminal: {0}. Pipe lines into the console, or use `--script`"
    )]
    Terminal(#[source] Box<rustyline::error::ReadlineError>),
}

/// Which flag of the command may help.
fn flag_for(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Unauthorized { .. } => ": pass it with `--token-file FILE`",
        ConnectError::Authority { .. } => " (`--ca FILE`)",
        ConnectError::NoAuthorities { .. } | ConnectError::Tls { .. } => ", with `--ca FILE`",
        _ => "",
    }
}
