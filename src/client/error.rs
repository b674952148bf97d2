//! Why there is no connection, and why a request has no answer.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use cdp_bridge_protocol::ErrorEvent;

use super::address::AddressProblem;
use super::closing::Closing;

/// There is no connection to a bridge.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
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
    #[error("the authority to trust, {}: {source}; expected a readable file with certificates in PEM", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system trusts nobody.
    #[error(
        "this system names no authority that could vouch for {address}; name the certificate of one"
    )]
    NoAuthorities {
        /// Where the bridge is.
        address: String,
    },
    /// The TLS handshake failed.
    #[error(
        "no TLS with {address}: {source}. If its certificate is of an authority of your own, name that one's certificate; the name in the address must stand in the bridge's"
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
    #[error("the bridge at {address} refused the connection (401): {}. One of its `auth.clients` has the right one",
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
        /// What it said, without control characters and not all of a long text.
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
    /// The connection ended before the bridge had greeted.
    #[error("the bridge at {address} ended the connection before its welcome: {closing}")]
    NoWelcome {
        /// Who ended it.
        address: String,
        /// How.
        closing: Closing,
    },
}

impl ConnectError {
    /// Whether trying again later may help: the bridge is away, or said that it has no room.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::NoDaemon { .. } | Self::NoAnswer { .. } | Self::NotABridge { .. } => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            Self::NoWelcome { closing, .. } => !closing.is_final(),
            Self::Address { .. }
            | Self::Authority { .. }
            | Self::NoAuthorities { .. }
            | Self::Tls { .. }
            | Self::Token
            | Self::Unauthorized { .. } => false,
        }
    }
}

/// A request was not answered with what it asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RequestError {
    /// The bridge answered with an error.
    #[error("{}: {}", .0.code.as_str(), .0.message)]
    Refused(Box<ErrorEvent>),
    /// A request with this id is unanswered already.
    #[error("the request id {0} is of a request that is still unanswered; use another one")]
    IdInUse(String),
    /// The connection was cut, and the bridge no longer knows what it answered.
    #[error(
        "the connection was cut, and the answer to this {kind} is lost: it may have been done or not. With an idempotency key it is safe to ask again"
    )]
    OutcomeUnknown {
        /// What was asked.
        kind: &'static str,
    },
    /// The connection is over.
    #[error("the connection is over: {0}")]
    Over(Closing),
    /// The answer is of another type than the request's.
    #[error("a {kind} was answered by `{answer}`, which does not answer it")]
    WrongAnswer {
        /// What was asked.
        kind: &'static str,
        /// What came.
        answer: String,
    },
}
