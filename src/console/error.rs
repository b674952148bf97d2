//! Why a command could not be carried out, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::address::AddressProblem;
use super::connection::Closing;
use super::script::ScriptError;

/// The console or the health probe could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The text names no place.
    #[error(
        "`{given}` is no address of a bridge: {problem}. Expected ws://HOST:PORT, http://HOST:PORT, HOST:PORT or unix:/PATH"
    )]
    Address {
        /// What was given.
        given: String,
        /// What is wrong with it.
        problem: AddressProblem,
    },
    /// Nobody listens there.
    #[error(
        "no bridge listens at {address} ({source}). Start one with `cdp-bridge serve` (`make run` in a checkout), or name the address of one that runs"
    )]
    NoDaemon {
        /// Where it was looked for.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody listens, but says nothing.
    #[error(
        "{address} did not answer within {} s. Is it a bridge, and is it well? `cdp-bridge health` asks it",
        limit.as_secs()
    )]
    NoAnswer {
        /// Who was asked.
        address: String,
        /// How long was waited.
        limit: Duration,
    },
    /// No certificate of an authority could be read.
    #[error("--ca: {}: {source}; expected a readable file with certificates in PEM", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system trusts nobody.
    #[error(
        "this system names no authority that could vouch for {address}; pass the certificate of one with `--ca FILE`"
    )]
    NoAuthorities {
        /// Where the bridge is.
        address: String,
    },
    /// The TLS handshake failed.
    #[error(
        "no TLS with {address}: {source}. If its certificate is of an authority of your own, pass that one's certificate with `--ca FILE`; the name in the address must stand in the certificate"
    )]
    Tls {
        /// Where the bridge is.
        address: String,
        /// What went wrong.
        source: io::Error,
    },
    /// The token cannot be sent.
    #[error(
        "the token holds a character that cannot stand in an HTTP header; look for a line break at its end"
    )]
    Token,
    /// HTTP 401.
    #[error("the bridge at {address} refused the connection (401): {}. Pass the token of one of its `auth.clients` with `--token TOKEN`",
        if *.token_given { "it does not know this token" } else { "it wants a token" })]
    Unauthorized {
        /// Who refused.
        address: String,
        /// Whether a token was sent.
        token_given: bool,
    },
    /// Another HTTP status than the upgrade's.
    #[error("the bridge at {address} refused the connection with HTTP {status}: {body}")]
    Refused {
        /// Who refused.
        address: String,
        /// The status.
        status: u16,
        /// What it said.
        body: String,
    },
    /// It answers, but not as a bridge does.
    #[error("{address} does not answer as a bridge does: {source}")]
    NotABridge {
        /// Who answered.
        address: String,
        /// What went wrong.
        source: Box<tokio_tungstenite::tungstenite::Error>,
    },
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
