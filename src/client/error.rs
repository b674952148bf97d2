//! Errors of connecting and of requests.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use cdp_bridge_protocol::ErrorEvent;

use super::address::AddressProblem;
use super::disconnect::Disconnect;

/// The connection could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is invalid.
    #[error(
        "`{given}` is not the address of a bridge: {problem}. Expected ws://HOST:PORT, http://HOST:PORT, HOST:PORT or unix:/PATH"
    )]
    Address {
        /// The address as it was given.
        given: String,
        /// Why it is invalid.
        problem: AddressProblem,
    },
    /// The connection was refused, or the socket does not exist.
    #[error(
        "no bridge listens at {address} ({source}). Start one with `cdp-bridge serve` (`make run` in a checkout), or give the address of a running one"
    )]
    NoDaemon {
        /// The address.
        address: String,
        /// The error of the socket.
        source: io::Error,
    },
    /// The peer accepted the connection and did not respond in time.
    #[error(
        "{address} did not answer within {} s. Check with `cdp-bridge health` that a bridge runs there and is healthy",
        limit.as_secs()
    )]
    NoAnswer {
        /// The address.
        address: String,
        /// The time limit.
        limit: Duration,
    },
    /// The CA certificate could not be read.
    #[error("CA certificate {}: {source}; expected a readable file with certificates in PEM", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// The error of reading or parsing it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system has no trusted CA certificates.
    #[error(
        "this system has no trusted CA certificates to verify {address}; give the CA certificate"
    )]
    NoAuthorities {
        /// The address.
        address: String,
    },
    /// The TLS handshake failed.
    #[error(
        "TLS handshake with {address} failed: {source}. The bridge's certificate must contain the host name of the address; for a private CA, give its certificate"
    )]
    Tls {
        /// The address.
        address: String,
        /// The cause.
        source: io::Error,
    },
    /// The token is not a valid header value.
    #[error(
        "the token has a character that is not allowed in an HTTP header; check for a line break at its end"
    )]
    Token,
    /// The upgrade was answered with HTTP 401.
    #[error("the bridge at {address} refused the connection (401): {}. Use the token of one of its `auth.clients`",
        if *.token_given { "unknown token" } else { "a token is required" })]
    Unauthorized {
        /// The address.
        address: String,
        /// Whether a token was sent.
        token_given: bool,
    },
    /// The upgrade was answered with a status other than 101 and 401.
    #[error("the bridge at {address} refused the connection with HTTP {status}: {body}")]
    Refused {
        /// The address.
        address: String,
        /// The HTTP status.
        status: u16,
        /// The response body, truncated and without control characters.
        body: String,
    },
    /// The WebSocket handshake failed.
    #[error("the WebSocket handshake with {address} failed: {source}")]
    NotABridge {
        /// The address.
        address: String,
        /// The cause.
        source: Box<tokio_tungstenite::tungstenite::Error>,
    },
    /// The connection was closed before `welcome`, or another message came first.
    #[error("the bridge at {address} closed the connection before `welcome`: {closing}")]
    NoWelcome {
        /// The address.
        address: String,
        /// The close code and reason.
        closing: Disconnect,
    },
}

impl ConnectError {
    /// Whether a later attempt may succeed: the bridge is not running yet, or at its limits.
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

/// A request failed, or its answer was lost.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RequestError {
    /// The bridge answered with an error.
    #[error("{}: {}", .0.code.as_str(), .0.message)]
    Refused(Box<ErrorEvent>),
    /// Another request with this id is unanswered.
    #[error("request id {0} is in use by an unanswered request; use another one")]
    IdInUse(String),
    /// The connection was lost and the session could not be resumed without loss.
    #[error(
        "the connection was lost before the answer to this {kind}, which may or may not have been executed. With an idempotency key it is safe to send it again"
    )]
    OutcomeUnknown {
        /// The `type` of the request.
        kind: &'static str,
    },
    /// The connection is closed.
    #[error("the connection is closed: {0}")]
    Over(Disconnect),
    /// The answer is not the event that answers this request.
    #[error("unexpected answer to {kind}: `{answer}`")]
    WrongAnswer {
        /// The `type` of the request.
        kind: &'static str,
        /// The `type` of the answer.
        answer: String,
    },
}
